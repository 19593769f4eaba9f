from functools import partial

from django.db.models import Q

from launches import querysets as launches
from launches.models import Launch, SpacecraftFlight
from spacedevs.api.render_plan.plan import plan
from spacedevs.api.views import OneObject, Resource
from spacedevs.search.hits import Hit
from vehicles.models import Launcher, LauncherConfig, Spacecraft

from . import feeds, filters, models, querysets, serializers

EXAMPLES = {"filters": "type__ids=2,8", "search": "search=Flyby", "ordering": "ordering=-last_updated"}


class Events(Resource):
    queryset = models.Event.objects.all()
    ladder = (
        serializers.EventEndpointList,
        serializers.EventEndpointNormal,
        serializers.EventEndpointDetailed,
    )
    filterset_class = filters.EventFilter
    feed = feeds.Happenings
    search_fields = ("name",)
    ordering_fields = ("date", "last_updated")
    examples = EXAMPLES
    hit = Hit(line=("date", "location"), order="-date")


class UpcomingEvents(Events):
    """Upcoming events and those of the last 24 hours."""

    part = querysets.UPCOMING
    filterset_class = filters.UpcomingEventFilter


class PreviousEvents(Events):
    """Past events, latest first."""

    queryset = models.Event.objects.order_by("-date", "id")
    part = querysets.PREVIOUS


class Spacewalk(Resource):
    queryset = models.Spacewalk.objects.all()
    ladder = (
        serializers.SpacewalkList,
        serializers.SpacewalkEndpointNormal,
        serializers.SpacewalkEndpointDetailed,
    )
    filterset_class = filters.SpacewalkFilter
    search_fields = ("crew__astronaut__name", "location", "name", "program__name")
    ordering_fields = ("duration", "end", "id", "name", "start")
    examples = {"filters": "program__name=Apollo", "search": "search=Hubble", "ordering": "ordering=-duration"}


class Update(Resource):
    queryset = models.Update.objects.all()
    ladder = (serializers.Update,)
    filterset_class = filters.UpdateFilter
    ordering_fields = ("created_on",)
    examples = {"filters": "launch__launch_service_provider=121", "ordering": "ordering=-created_on"}


class StarshipDashboard(OneObject):
    """Starship: launches, events, vehicles, news, road closures."""

    ladder = (
        serializers.StarshipDashboardList,
        serializers.StarshipDashboardNormal,
        serializers.StarshipDashboardDetailed,
    )
    most: int = 10  # of each kind
    most_events: int | None = 10  # of those past; None for all

    def get_object(self):
        """Records of the program with that name; closures, notices and streams exist only for its launch site."""
        of_program = Q(program__name__icontains="Starship")
        launched = Launch.objects.filter(pk__in=Launch.objects.filter(of_program).values("pk"))
        happened = models.Event.objects.filter(pk__in=models.Event.objects.filter(of_program).values("pk"))
        news = of_program | Q(launch__in=launched.values("pk")) | Q(event__in=happened.values("pk"))
        stages = Q(launcher_config__in=LauncherConfig.objects.filter(of_program).values("pk"))
        ships = SpacecraftFlight.objects.filter(launch__in=launched.values("pk")).values("spacecraft")
        return {
            "updates": models.Update.objects.filter(news)[: self.most],
            "live_streams": models.LiveStream.objects.all(),
            "road_closures": models.RoadClosure.objects.order_by("-window_start", "-id")[: self.most],
            "notices": models.Notice.objects.order_by("-date", "-id")[: self.most],
            "vehicles": Launcher.objects.filter(stages),
            "orbiters": Spacecraft.objects.filter(pk__in=ships),
            "upcoming": {
                "launches": launches.UPCOMING.of(launched)[: self.most],
                "events": querysets.UPCOMING.of(happened)[: self.most],
            },
            "previous": {
                "launches": launches.PREVIOUS.of(launched).order_by("-net", "id")[: self.most],
                "events": querysets.PREVIOUS.of(happened).order_by("-date", "id")[: self.most_events],
            },
        }

    def clocks(self):
        parts = [(launches.UPCOMING, Launch), (launches.PREVIOUS, Launch)]
        parts += [(querysets.UPCOMING, models.Event), (querysets.PREVIOUS, models.Event)]
        shown = type(self.get_serializer_class()().fields["upcoming"].fields["launches"].child)
        return [*(partial(part.changes_at, model.objects.all()) for part, model in parts), *plan(shown).clocks]
