from django.contrib import admin

from places import models
from spacedevs.editing.admin import ExchangedAdmin, LookupAdmin, RowAdmin

WHERE = ("longitude", "latitude")

admin.site.register(models.CelestialBodyType, LookupAdmin)


@admin.register(models.CelestialBody)
class CelestialBodyAdmin(RowAdmin):
    list_display = ("id", "name", "type", "total_attempted_launches")
    list_filter = ("type",)
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "type", "description")}),
        (
            "Measures",
            {"fields": ("diameter", "mass", "gravity", "length_of_day", "atmosphere")},
        ),
        ("Image and links", {"fields": ("image", "wiki_url")}),
    )
    totals = models.BODY_TOTALS


@admin.register(models.Location)
class LocationAdmin(RowAdmin):
    list_display = (
        "id",
        "name",
        "country",
        "celestial_body",
        "active",
        "total_launch_count",
    )
    list_filter = (
        "active",
        ("celestial_body", admin.RelatedOnlyFieldListFilter),
        ("country", admin.RelatedOnlyFieldListFilter),
    )
    search_fields = ("name", "country__name")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "active", "description")}),
        (
            "Where",
            {"fields": ("celestial_body", "country", *WHERE, "timezone_name")},
        ),
        ("Pictures", {"fields": ("image", "map_image")}),
    )
    totals = ("total_launch_count", "total_landing_count")


@admin.register(models.Pad)
class PadAdmin(ExchangedAdmin):
    list_display = (
        "id",
        "name",
        "location",
        "country",
        "active",
        "total_launch_count",
    )
    list_filter = ("active", ("location", admin.RelatedOnlyFieldListFilter))
    search_fields = ("name", "location__name")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "active", "agencies", "description")}),
        ("Where", {"fields": ("location", "country", *WHERE)}),
        ("Pictures", {"fields": ("image", "map_image")}),
        ("Links", {"fields": ("info_url", "wiki_url", "map_url")}),
    )
    totals = (
        "total_launch_count",
        "orbital_launch_attempt_count",
        "fastest_turnaround",
    )


@admin.register(models.LandingLocation)
class LandingLocationAdmin(RowAdmin):
    list_display = (
        "id",
        "name",
        "abbrev",
        "location",
        "celestial_body",
        "active",
        "attempted_landings",
    )
    list_filter = ("active", ("celestial_body", admin.RelatedOnlyFieldListFilter))
    search_fields = ("name", "abbrev", "location__name")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "abbrev", "active", "description")}),
        ("Where", {"fields": ("location", "celestial_body", *WHERE)}),
        ("Picture", {"fields": ("image",)}),
    )
    totals = ("attempted_landings", "successful_landings", "failed_landings")


@admin.register(models.Orbit)
class OrbitAdmin(ExchangedAdmin):
    list_display = ("id", "name", "abbrev", "celestial_body")
    search_fields = ("name", "abbrev")
    ordering = ("name",)
