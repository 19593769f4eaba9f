from django.contrib import admin
from django.utils import timezone

from crew.querysets import seated_twice
from events import models
from spacedevs.editing.admin import LookupAdmin, RowAdmin, RowInline
from spacedevs.editing.data_quality import DataCheck

admin.site.register((models.EventType, models.RoadClosureStatus, models.NoticeType), LookupAdmin)


class Updates(RowInline):
    model = models.Update
    fields = ("created_on", "comment", "created_by", "info_url")
    prose = ("comment",)


@admin.register(models.Event)
class EventAdmin(RowAdmin):
    date_hierarchy = "date"
    list_display = ("id", "name", "type", "date", "date_precision", "location", "webcast_live")
    list_filter = ("type", "webcast_live", ("spacestations", admin.RelatedOnlyFieldListFilter))
    search_fields = ("name", "slug", "location", "launches__name", "spacestations__name")
    ordering = ("-date",)
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("last_updated",)
    fieldsets = (
        (None, {"fields": ("name", "slug", "type", "description")}),
        ("Time and place", {"fields": ("date", "date_precision", "duration", "location")}),
        (
            "Participants",
            {"fields": ("launches", "spacestations", "expeditions", "astronauts", "agencies", "program")},
        ),
        ("Media", {"fields": ("image", "webcast_live", "info_urls", "vid_urls")}),
        ("Set by the server", {"fields": ("last_updated",)}),
    )
    inlines = (Updates,)

    def save_model(self, request, event, form, change):
        """Sets the time of the last change, to the second, as all times are stored."""
        event.last_updated = timezone.now().replace(microsecond=0)
        super().save_model(request, event, form, change)


@admin.register(models.Spacewalk)
class SpacewalkAdmin(RowAdmin):
    date_hierarchy = "start"
    list_display = ("id", "name", "start", "end", "spacestation", "expedition", "location")
    list_filter = (("spacestation", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("name", "location", "spacestation__name", "crew__astronaut__name")
    ordering = ("-start",)
    concerns = (DataCheck("seated-twice", "with a person twice in the crew", seated_twice("crew")),)
    fieldsets = (
        (None, {"fields": ("name", "crew", "program")}),
        ("When", {"fields": ("start", "end", "duration")}),
        ("Where", {"fields": ("spacestation", "spacecraft_flight", "location")}),
        ("Part of", {"fields": ("expedition", "event")}),
    )


@admin.register(models.Update)
class UpdateAdmin(RowAdmin):
    date_hierarchy = "created_on"
    list_display = ("id", "created_on", "comment", "created_by", "launch", "event", "program")
    search_fields = ("comment", "created_by", "launch__name", "event__name", "program__name")
    ordering = ("-created_on",)
    prose = ("comment",)
    fieldsets = (
        (None, {"fields": ("comment", "info_url", "created_on")}),
        ("Subject", {"fields": ("launch", "event", "program")}),
        ("Source", {"fields": ("created_by", "profile_image")}),
    )


@admin.register(models.RoadClosure)
class RoadClosureAdmin(RowAdmin):
    date_hierarchy = "window_start"
    list_display = ("id", "title", "status", "window_start", "window_end")
    list_filter = ("status",)
    search_fields = ("title",)
    ordering = ("-window_start",)


@admin.register(models.Notice)
class NoticeAdmin(RowAdmin):
    date_hierarchy = "date"
    list_display = ("id", "date", "type", "url")
    list_filter = ("type",)
    search_fields = ("url", "type__name")
    ordering = ("-date",)
    named_by = ("type",)


@admin.register(models.LiveStream)
class LiveStreamAdmin(RowAdmin):
    list_display = ("id", "title", "url")
    search_fields = ("title", "description", "url")
