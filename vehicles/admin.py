from django.contrib import admin

from agencies.models import LaunchTotals
from crew.admin import InSpace
from spacedevs.editing.admin import LookupAdmin, RowAdmin, truth
from spacedevs.editing.data_quality import DataCheck
from vehicles import models

admin.site.register(
    (
        models.SpacecraftConfigType,
        models.SpacecraftStatus,
        models.LauncherStatus,
        models.PayloadType,
    ),
    LookupAdmin,
)


@admin.register(models.SpacecraftConfigFamily)
class SpacecraftConfigFamilyAdmin(RowAdmin):
    list_display = ("id", "name", "parent", "manufacturer", "maiden_flight", "total_launch_count")
    search_fields = ("name", "manufacturer__name", "manufacturer__abbrev")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "description")}),
        ("Origin", {"fields": ("manufacturer", "parent", "maiden_flight")}),
    )
    totals = (*models.TOTALS, "spacecraft_flown")


@admin.register(models.SpacecraftConfig)
class SpacecraftConfigAdmin(RowAdmin):
    list_display = ("id", "name", "type", "agency", "in_use", "human_rated", "crew_capacity", "total_launch_count")
    list_filter = ("in_use", "human_rated", "type")
    search_fields = ("name", "family__name", "agency__name", "agency__abbrev")
    ordering = ("name",)
    prose = ("capability", "history", "details")
    fieldsets = (
        (None, {"fields": ("name", "type", "in_use", "human_rated")}),
        ("Origin", {"fields": ("agency", "family", "maiden_flight")}),
        ("Description", {"fields": ("capability", "history", "details")}),
        ("Measures", {"fields": ("height", "diameter")}),
        (
            "Capacity and duration",
            {"fields": ("crew_capacity", "payload_capacity", "payload_return_capacity", "flight_life")},
        ),
        ("Image and links", {"fields": ("image", "wiki_link", "info_link")}),
    )
    totals = (*models.TOTALS, "spacecraft_flown", "fastest_turnaround")
    inlines_above = ("docking.admin.Ports",)


@admin.register(models.Spacecraft)
class SpacecraftAdmin(RowAdmin):
    list_display = (
        "id",
        "name",
        "serial_number",
        "spacecraft_config",
        "status",
        "in_space",
        "flights_count",
    )
    list_filter = (InSpace, "is_placeholder", "status")
    search_fields = ("name", "serial_number", "spacecraft_config__name")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "serial_number", "is_placeholder")}),
        ("Identity", {"fields": ("spacecraft_config", "status", "description")}),
        ("Picture", {"fields": ("image",)}),
    )
    in_space = truth("in_space")
    concerns = (DataCheck("not-in-space", "docked but not in space", "docking.admin.docked_on_earth"),)
    totals = (
        "in_space",
        "time_in_space",
        "time_docked",
        "flights_count",
        "mission_ends_count",
        "fastest_turnaround",
    )


@admin.register(models.LauncherConfigFamily)
class LauncherConfigFamilyAdmin(RowAdmin):
    list_display = ("id", "name", "parent", "active", "maiden_flight", "total_launch_count")
    list_filter = ("active",)
    search_fields = ("name", "manufacturer__name", "manufacturer__abbrev")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "active", "description")}),
        ("Origin", {"fields": ("manufacturer", "parent", "maiden_flight")}),
    )
    totals = LaunchTotals.names()


@admin.register(models.LauncherConfig)
class LauncherConfigAdmin(RowAdmin):
    list_display = ("id", "name", "full_name", "variant", "manufacturer", "active", "reusable", "total_launch_count")
    list_filter = ("active", "reusable", "is_placeholder")
    search_fields = ("name", "full_name", "alias", "families__name", "manufacturer__name", "manufacturer__abbrev")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "full_name", "variant", "alias", "description")}),
        ("State", {"fields": ("active", "reusable", "is_placeholder")}),
        ("Origin", {"fields": ("manufacturer", "families", "program", "maiden_flight")}),
        ("Build", {"fields": ("min_stage", "max_stage", "length", "diameter", "launch_mass", "to_thrust")}),
        (
            "Performance",
            {"fields": ("leo_capacity", "gto_capacity", "geo_capacity", "sso_capacity", "apogee", "launch_cost")},
        ),
        ("Image and links", {"fields": ("image", "info_url", "wiki_url")}),
    )
    totals = (*LaunchTotals.names(), "fastest_turnaround")


@admin.register(models.Launcher)
class LauncherAdmin(RowAdmin):
    list_display = (
        "id",
        "serial_number",
        "launcher_config",
        "status",
        "flight_proven",
        "flights",
        "successful_landings",
        "last_launch_date",
    )
    list_filter = ("status", "flight_proven", "is_placeholder", ("launcher_config", admin.RelatedOnlyFieldListFilter))
    search_fields = ("serial_number", "launcher_config__name", "launcher_config__full_name")
    ordering = ("serial_number",)
    prose = ("details",)
    fieldsets = (
        (None, {"fields": ("serial_number", "launcher_config", "status", "flight_proven", "is_placeholder")}),
        ("Description", {"fields": ("details",)}),
        ("Picture", {"fields": ("image",)}),
    )
    totals = (
        "flights",
        "attempted_landings",
        "successful_landings",
        "first_launch_date",
        "last_launch_date",
        "fastest_turnaround",
    )
    inlines_above = ("launches.admin.StageFlights",)


@admin.register(models.Payload)
class PayloadAdmin(RowAdmin):
    list_display = ("id", "name", "type", "manufacturer", "operator")
    list_filter = ("type",)
    search_fields = ("name", "manufacturer__name", "operator__name")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "type", "description")}),
        ("Who", {"fields": ("manufacturer", "operator", "program")}),
        ("Measures", {"fields": ("mass", "cost")}),
        ("Image and links", {"fields": ("image", "wiki_link", "info_link")}),
    )
    inlines_above = ("docking.admin.Ports",)
