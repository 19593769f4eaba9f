from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models.functions import Now
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from crew.querysets import seated_twice
from launches import models
from spacedevs.editing.admin import LookupAdmin, RowAdmin, RowInline
from spacedevs.editing.data_quality import DataCheck

admin.site.register(
    (
        models.LaunchStatus,
        models.NetPrecision,
        models.MissionType,
        models.FirstStageType,
        models.TimelineEventType,
        models.LandingType,
    ),
    LookupAdmin,
)


@admin.register(models.Mission)
class MissionAdmin(RowAdmin):
    list_display = ("id", "name", "type", "orbit")
    list_filter = ("type", ("orbit", admin.RelatedOnlyFieldListFilter))
    search_fields = ("name", "launches__name")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "type", "orbit", "description")}),
        ("Who", {"fields": ("agencies",)}),
        ("Image and links", {"fields": ("image", "info_urls", "vid_urls")}),
    )


@admin.register(models.Rocket)
class RocketAdmin(RowAdmin):
    list_display = ("id", "configuration", "flown")
    search_fields = (
        "configuration__name",
        "configuration__full_name",
        "launch__name",
    )
    ordering = ("-id",)
    named_by = ("configuration",)

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("launch")

    @admin.display(description="launch", ordering="launch__name")
    def flown(self, rocket):
        return getattr(rocket, "launch", None)


class FirstStages(RowInline):
    """The stages of a launch."""

    model = models.FirstStage
    fk_name = "launch"
    fields = ("type", "launcher", "launcher_flight_number", "reused", "landing")
    verbose_name_plural = "first stages and boosters"


class StageFlights(RowInline):
    """The flights of a reusable stage."""

    model = models.FirstStage
    fk_name = "launcher"
    fields = ("launch", "type", "launcher_flight_number", "reused", "landing")
    verbose_name = "flight"
    verbose_name_plural = "flights"


class Timeline(RowInline):
    model = models.TimelineEvent
    verbose_name_plural = "timeline"


class SpacecraftFlights(RowInline):
    model = models.SpacecraftFlight
    fields = ("spacecraft", "destination", "landing", "mission_end")


class PayloadFlights(RowInline):
    model = models.PayloadFlight
    fields = ("payload", "amount", "destination", "landing")


def overdue(launches):
    """Launches with status “Go” whose time has passed."""
    return launches.filter(status__abbrev="Go", net__lt=Now())


@admin.register(models.Launch)
class LaunchAdmin(RowAdmin):
    date_hierarchy = "net"
    list_display = ("name", "net", "status", "launch_service_provider", "pad", "id")
    list_filter = ("status", "webcast_live")
    search_fields = ("name", "slug", "launch_designator")
    ordering = ("-net",)
    prepopulated_fields = {"slug": ("name",)}
    prose = ("failreason",)
    readonly_fields = ("last_updated",)
    fieldsets = (
        (None, {"fields": ("name", "slug", "launch_designator", "status")}),
        ("When", {"fields": ("net", "net_precision", "window_start", "window_end")}),
        (
            "Mission, rocket and place",
            {"fields": ("rocket", "mission", "launch_service_provider", "pad", "program")},
        ),
        ("Outlook", {"fields": ("probability", "weather_concerns")}),
        ("Outcome", {"fields": ("failreason",)}),
        (
            "Media",
            {"fields": ("image", "infographic", "mission_patches", "webcast_live", "hashtag")},
        ),
        ("Links", {"fields": ("info_urls", "vid_urls", "flightclub_url")}),
        ("Set by the server", {"fields": ("last_updated",)}),
    )
    totals = (
        "orbital_launch_attempt_count",
        "location_launch_attempt_count",
        "pad_launch_attempt_count",
        "agency_launch_attempt_count",
        "orbital_launch_attempt_count_year",
        "location_launch_attempt_count_year",
        "pad_launch_attempt_count_year",
        "agency_launch_attempt_count_year",
        "pad_turnaround",
    )
    concerns = (DataCheck("overdue", "still “Go” although their time has passed", overdue),)
    inlines = (FirstStages, SpacecraftFlights, PayloadFlights, Timeline)
    inlines_above = ("events.admin.Updates",)

    def save_model(self, request, launch, form, change):
        """Sets the time of the last change, to the second, as all times are stored."""
        launch.last_updated = timezone.now().replace(microsecond=0)
        super().save_model(request, launch, form, change)


@admin.register(models.Landing)
class LandingAdmin(RowAdmin):
    list_display = ("id", "type", "flight", "landing_location", "attempt", "success")
    list_filter = ("attempt", "success", "type")
    search_fields = (
        "landing_location__name",
        "landing_location__abbrev",
        "spacecraftflight__spacecraft__name",
        "payloadflight__payload__name",
        "firststage__launcher__serial_number",
    )
    ordering = ("-id",)
    named_by = ("type",)
    fieldsets = (
        (None, {"fields": ("attempt", "success", "type", "landing_location")}),
        ("Details", {"fields": ("downrange_distance", "description")}),
    )

    def get_queryset(self, request):
        flights = (
            "spacecraftflight__spacecraft",
            "spacecraftflight__launch",
            "payloadflight__payload",
            "payloadflight__launch",
            "firststage__launcher",
            "firststage__type",
            "firststage__launch",
        )
        return super().get_queryset(request).select_related(*flights)

    def flight(self, landing):
        """The vehicle that landed: a spacecraft, a payload or a stage."""
        kinds = "spacecraftflight", "payloadflight", "firststage"
        return next((getattr(landing, kind) for kind in kinds if hasattr(landing, kind)), None)


@admin.register(models.FirstStage)
class FirstStageAdmin(RowAdmin):
    date_hierarchy = "launch__net"
    list_display = ("id", "launcher", "launch", "type", "launcher_flight_number", "reused", "landing")
    list_filter = ("type", "reused")
    search_fields = ("launcher__serial_number", "launch__name", "launch__launch_designator")
    ordering = ("-launch__net",)
    named_by = ("launcher", "type", "launch")
    fieldsets = (
        (None, {"fields": ("launcher", "launch", "type", "launcher_flight_number", "reused")}),
        ("End", {"fields": ("landing",)}),
    )
    totals = ("previous_flight", "previous_flight_date", "turn_around_time")


@admin.register(models.TimelineEvent)
class TimelineEventAdmin(RowAdmin):
    list_display = ("id", "launch", "relative_time", "type")
    list_filter = ("type",)
    search_fields = ("launch__name", "type__abbrev")
    ordering = ("-launch__net", "relative_time")
    named_by = ("launch", "type")


class FlightAdmin(RowAdmin):
    """Common parts of the pages for spacecraft flights and payload flights."""

    actions = ("dock_at",)
    chaser: str = ""  # the field of a docking event for such a chaser

    @admin.action(description="Dock at …", permissions=["view"])
    def dock_at(self, request, flights):
        """Opens the form for a docking event with this flight as chaser."""
        try:
            flight = flights.get()
        except self.model.MultipleObjectsReturned:
            return self.message_user(request, "Choose one flight: each needs its own port.", messages.WARNING)
        return redirect(f"{reverse('admin:docking_dockingevent_add')}?{urlencode({self.chaser: flight.pk})}")


@admin.register(models.SpacecraftFlight)
class SpacecraftFlightAdmin(FlightAdmin):
    chaser = "flight_vehicle_chaser"
    date_hierarchy = "launch__net"
    list_display = ("id", "spacecraft", "launch", "destination", "mission_end")
    search_fields = (
        "spacecraft__name",
        "spacecraft__serial_number",
        "launch__name",
        "launch__launch_designator",
        "destination",
    )
    ordering = ("-launch__net",)
    named_by = ("spacecraft", "launch")
    fieldsets = (
        (None, {"fields": ("spacecraft", "launch", "destination")}),
        ("Crew", {"fields": ("launch_crew", "onboard_crew", "landing_crew")}),
        ("End", {"fields": ("mission_end", "landing")}),
    )
    totals = ("duration", "turn_around_time")
    concerns = (
        DataCheck(
            "seated-twice",
            "with a person twice in the same crew",
            seated_twice("launch_crew", "onboard_crew", "landing_crew"),
        ),
    )


@admin.register(models.PayloadFlight)
class PayloadFlightAdmin(FlightAdmin):
    chaser = "payload_flight_chaser"
    date_hierarchy = "launch__net"
    list_display = ("id", "payload", "amount", "launch", "destination")
    search_fields = (
        "payload__name",
        "launch__name",
        "launch__launch_designator",
        "destination",
    )
    ordering = ("-launch__net",)
    named_by = ("payload", "launch")
    fieldsets = (
        (None, {"fields": ("payload", "amount", "launch", "destination")}),
        ("End", {"fields": ("landing",)}),
    )
