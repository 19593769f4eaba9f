from django.contrib import admin

from spacedevs.editing.admin import LookupAdmin, RowAdmin
from stations import models

admin.site.register((models.SpaceStationStatus, models.SpaceStationType), LookupAdmin)


@admin.register(models.SpaceStation)
class SpaceStationAdmin(RowAdmin):
    list_display = (
        "id",
        "name",
        "status",
        "type",
        "orbit",
        "founded",
        "deorbited",
        "docked_vehicles",
    )
    list_filter = ("status", "type")
    search_fields = ("name", "owners__name", "owners__abbrev")
    fieldsets = (
        (None, {"fields": ("name", "status", "type", "owners", "description")}),
        ("Where and when", {"fields": ("orbit", "founded", "deorbited")}),
        ("Measures", {"fields": ("height", "width", "mass", "volume")}),
        ("Picture", {"fields": ("image",)}),
    )
    totals = ("onboard_crew", "docked_vehicles")
    inlines_above = ("docking.admin.Ports",)


@admin.register(models.Expedition)
class ExpeditionAdmin(RowAdmin):
    date_hierarchy = "start"
    list_display = ("id", "name", "spacestation", "start", "end")
    list_filter = (("spacestation", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("name", "spacestation__name", "crew__astronaut__name")
    ordering = ("-start",)
    fieldsets = (
        (None, {"fields": ("name", "spacestation")}),
        ("When", {"fields": ("start", "end")}),
        ("Who", {"fields": ("crew", "mission_patches")}),
    )
