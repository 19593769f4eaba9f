from django.contrib import admin
from django.db.models import F
from django.utils.module_loading import import_string

from crew.querysets import seated_twice
from spacedevs.editing.admin import LookupAdmin, RowAdmin
from spacedevs.editing.data_quality import DataCheck
from stations import models

admin.site.register((models.SpaceStationStatus, models.SpaceStationType), LookupAdmin)


def miscounted(stations):
    """Stations whose imported number of docked vehicles differs from the docking events at their ports."""
    docked = import_string("docking.querysets.docked_now")()
    counted = stations.model._base_manager.annotate(docked=docked).exclude(recorded_docked_vehicles=F("docked"))
    return stations.filter(pk__in=counted.filter(recorded_docked_vehicles__isnull=False).values("pk"))


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
        ("Place and time", {"fields": ("orbit", "founded", "deorbited")}),
        ("Measures", {"fields": ("height", "width", "mass", "volume")}),
        ("Picture", {"fields": ("image",)}),
    )
    totals = ("onboard_crew", "docked_vehicles")
    concerns = (
        DataCheck("miscounted", "whose number of docked vehicles differs from their docking events", miscounted),
        DataCheck(
            "crewed-otherwise",
            "whose number of people aboard differs from the crews of docked spacecraft",
            "docking.admin.crewed_otherwise",
        ),
    )
    inlines_above = ("docking.admin.Ports",)


@admin.register(models.Expedition)
class ExpeditionAdmin(RowAdmin):
    date_hierarchy = "start"
    list_display = ("id", "name", "spacestation", "start", "end")
    list_filter = (("spacestation", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("name", "spacestation__name", "crew__astronaut__name")
    ordering = ("-start",)
    concerns = (DataCheck("seated-twice", "with a person twice in the crew", seated_twice("crew")),)
    fieldsets = (
        (None, {"fields": ("name", "spacestation")}),
        ("When", {"fields": ("start", "end")}),
        ("Who", {"fields": ("crew", "mission_patches")}),
    )
