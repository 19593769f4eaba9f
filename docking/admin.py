from django.contrib import admin

from docking import models
from spacedevs.editing.admin import RowAdmin, RowInline


class Ports(RowInline):
    """The ports of a station, of a kind of ship or of a payload."""

    model = models.DockingLocation
    fields = ("name",)
    verbose_name = "port"
    verbose_name_plural = "ports"


@admin.register(models.DockingLocation)
class DockingLocationAdmin(RowAdmin):
    list_display = ("id", "name", "spacestation", "spacecraft", "payload")
    list_filter = (("spacestation", admin.RelatedOnlyFieldListFilter),)
    search_fields = (
        "name",
        "spacestation__name",
        "spacecraft__name",
        "payload__name",
    )
    ordering = ("spacestation", "spacecraft", "payload", "name")
    named_by = ("spacestation", "spacecraft", "payload")
    fieldsets = (
        (None, {"fields": ("name",)}),
        ("Whose port it is", {"fields": ("spacestation", "spacecraft", "payload")}),
    )


class StillDocked(admin.SimpleListFilter):
    title = "still docked"
    parameter_name = "docked"

    def lookups(self, request, model_admin):
        return (("yes", "Yes"), ("no", "No"))

    def queryset(self, request, queryset):
        if self.value() is None:
            return queryset
        return queryset.filter(departure__isnull=self.value() == "yes")


@admin.register(models.DockingEvent)
class DockingEventAdmin(RowAdmin):
    date_hierarchy = "docking"
    list_display = (
        "id",
        "docking",
        "departure",
        "chaser",
        "target",
        "docking_location",
    )
    list_filter = (
        StillDocked,
        ("space_station_target", admin.RelatedOnlyFieldListFilter),
    )
    search_fields = models.SEARCHED
    ordering = ("-docking",)
    search_help_text = "Searches id, port, station, ship and payload."
    named_by = (*models.TARGETS, *models.CHASERS)
    fieldsets = (
        (None, {"fields": ("docking", "departure")}),
        ("Chaser: who docks", {"fields": models.CHASERS, "description": "Choose exactly one."}),
        (
            "Target: who is docked at",
            {"fields": (*models.TARGETS, "docking_location"), "description": "Choose exactly one, and its port."},
        ),
    )
