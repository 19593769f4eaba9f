from spacedevs.api.serializers import without
from spacedevs.api.views import Resource
from spacedevs.changes.views import RecordHistory

from . import feeds, filters, models, querysets, serializers

EXAMPLES = {
    "filters": "pad__location=13",
    "search": "search=Starlink",
    "ordering": "ordering=-last_updated",
}


class Landing(Resource):
    queryset = models.Landing.objects.all()
    ladder = (
        serializers.LandingEndpointList,
        serializers.LandingEndpointNormal,
        serializers.LandingEndpointDetailed,
    )
    filterset_class = filters.LandingFilter
    search_fields = (
        "firststage__launcher__launcher_config__name",
        "firststage__launcher__serial_number",
        "firststage__rocket__launch__name",
        "landing_location__abbrev",
        "landing_location__name",
        "spacecraftflight__rocket__launch__name",
        "spacecraftflight__spacecraft__name",
        "spacecraftflight__spacecraft__serial_number",
        "spacecraftflight__spacecraft__spacecraft_config__name",
    )
    paths = {
        "firststage__rocket__launch": "firststage__launch",
        "spacecraftflight__rocket__launch": "spacecraftflight__launch",
    }
    ordering_fields = ("downrange_distance", "id")
    examples = {
        "filters": "spacecraft__ids=39,37",
        "search": "search=B1059",
        "ordering": "ordering=downrange_distance",
    }


class Launch(Resource):
    queryset = models.Launch.objects.all()
    ladder = serializers.LaunchBasic, serializers.LaunchNormal, serializers.LaunchDetailed
    filterset_class = filters.LaunchFilter
    feed = feeds.Launches
    # By the contract's names, which `paths` leads to the searched text's own.
    search_fields = tuple(name.replace("spacecraft_flights", "rocket__spacecraftflight") for name in models.SEARCHED)
    paths = {"rocket__spacecraftflight": "spacecraft_flights"}
    ordering_fields = ("id", "last_updated", "name", "net")
    examples = EXAMPLES


class LaunchHistory(RecordHistory):
    """How the date and the status of a launch changed: its slips"""

    queryset = models.Launch.objects.all()


class UpcomingLaunch(Launch):
    """Upcoming launches and those of the last 24 hours."""

    part = querysets.UPCOMING
    filterset_class = filters.UpcomingLaunchFilter
    # Launch Library does not search upcoming launches by designator.
    search_fields = without(Launch.search_fields, "launch_designator")
    examples = {**EXAMPLES, "filters": "hide_recent_previous=True"}


class PreviousLaunch(Launch):
    """Past launches, latest first."""

    queryset = models.Launch.objects.order_by("-net", "id")
    part = querysets.PREVIOUS


class PayloadFlight(Resource):
    queryset = models.PayloadFlight.objects.all()
    ladder = (
        serializers.PayloadFlightMini,
        serializers.PayloadFlightNormal,
        serializers.PayloadFlightDetailed,
    )
    filterset_class = filters.PayloadFlightFilter
    examples = {"filters": "payload=2"}


class SpacecraftFlight(Resource):
    queryset = models.SpacecraftFlight.objects.all()
    ladder = serializers.SpacecraftFlightNormal, serializers.SpacecraftFlightDetailed
    filterset_class = filters.SpacecraftFlightFilter
    examples = {"filters": "spacecraft=289"}
