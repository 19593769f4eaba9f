from spacedevs.api.serializers import without
from spacedevs.api.views import Resource
from spacedevs.changes.views import RecordHistory
from spacedevs.db.paths import with_other_names
from spacedevs.search.hits import Hit

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
    paths = {
        "firststage__rocket__launch": "firststage__launch",
        "spacecraftflight__rocket__launch": "spacecraftflight__launch",
    }
    search_fields = with_other_names(models.LANDINGS_SEARCHED, paths)
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
    paths = {"rocket__spacecraftflight": "spacecraft_flights"}
    search_fields = with_other_names(models.SEARCHED, paths)
    ordering_fields = ("id", "last_updated", "name", "net")
    examples = EXAMPLES
    hit = Hit(line=("net", "status__name"), order="-last_updated")


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
