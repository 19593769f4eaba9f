from django.contrib import admin
from django.db.models import Q

from crew import models
from spacedevs.editing.admin import ExchangedAdmin, LookupAdmin, RowAdmin, RowInline, YesOrNo, truth

admin.site.register((models.AstronautRole, models.AstronautStatus, models.AstronautType), LookupAdmin)


class InSpace(YesOrNo):
    title, parameter_name = "in space", "in_space"
    condition = Q(in_space=True)


class Seats(RowInline):
    model = models.AstronautFlight
    verbose_name_plural = "seats, one for each role on each flight"
    readonly_fields = ("up", "down")

    def get_queryset(self, request):
        flights = [f"{way}__{part}" for way in ("launched_in", "landed_in") for part in ("spacecraft", "launch")]
        return super().get_queryset(request).prefetch_related(*flights)

    @admin.display(description="launched on")
    def up(self, seat):
        return ", ".join(map(str, seat.launched_in.all()))

    @admin.display(description="landed on")
    def down(self, seat):
        return ", ".join(map(str, seat.landed_in.all()))


@admin.register(models.Astronaut)
class AstronautAdmin(ExchangedAdmin):
    list_display = ("id", "name", "status", "agency", "type", "date_of_birth", "in_space", "flights_count")
    list_filter = (InSpace, "status", "type", ("nationality", admin.RelatedOnlyFieldListFilter))
    search_fields = ("name", "agency__name", "agency__abbrev")
    ordering = ("name",)
    prose = ("bio",)
    fieldsets = (
        (None, {"fields": ("name", "status", "type", "agency")}),
        ("Identity", {"fields": ("nationality", "date_of_birth", "date_of_death", "recorded_age", "bio")}),
        ("Image and links", {"fields": ("image", "wiki", "social_media_links")}),
    )
    in_space = truth("in_space")
    totals = (
        "in_space",
        "time_in_space",
        "eva_time",
        "first_flight",
        "last_flight",
        "flights_count",
        "landings_count",
        "spacewalks_count",
    )
    inlines = (Seats,)


@admin.register(models.AstronautFlight)
class AstronautFlightAdmin(RowAdmin):
    list_display = ("id", "astronaut", "role")
    list_filter = ("role",)
    search_fields = ("astronaut__name", "role__role")
    ordering = ("-id",)
    named_by = ("astronaut", "role")
