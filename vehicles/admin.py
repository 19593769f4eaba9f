from django.contrib import admin

from spacedevs.api.admin import LookupAdmin, RowAdmin
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
    list_display = ("id", "name", "parent", "manufacturer", "maiden_flight")
    search_fields = ("name", "manufacturer__name")
    ordering = ("name",)


@admin.register(models.SpacecraftConfig)
class SpacecraftConfigAdmin(RowAdmin):
    list_display = ("id", "name", "type", "agency", "in_use")
    list_filter = ("in_use", "type")
    search_fields = ("name", "family__name", "agency__name", "agency__abbrev")
    ordering = ("name",)
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
    list_filter = ("in_space", "is_placeholder", "status")
    search_fields = ("name", "serial_number", "spacecraft_config__name")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "serial_number", "is_placeholder")}),
        ("What it is", {"fields": ("spacecraft_config", "status", "description")}),
        ("Picture", {"fields": ("image",)}),
    )
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
    list_display = ("id", "name", "parent")
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(models.LauncherConfig)
class LauncherConfigAdmin(RowAdmin):
    list_display = ("id", "name", "full_name", "variant")
    search_fields = ("name", "full_name", "families__name")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "full_name", "variant")}),
        ("What it descends from", {"fields": ("families",)}),
    )


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
        ("Picture and links", {"fields": ("image", "wiki_link", "info_link")}),
    )
    inlines_above = ("docking.admin.Ports",)
