from spacedevs.api.resources import Resource

from . import filters, models, querysets, serializers

EXAMPLES = {"filters": "type__ids=2,8", "search": "search=Flyby", "ordering": "ordering=-last_updated"}


class Events(Resource):
    queryset = models.Event.objects.all()
    ladder = (
        serializers.EventEndpointList,
        serializers.EventEndpointNormal,
        serializers.EventEndpointDetailed,
    )
    filterset_class = filters.EventFilter
    search_fields = ("name",)
    ordering_fields = ("date", "last_updated")
    examples = EXAMPLES


class UpcomingEvents(Events):
    part = querysets.UPCOMING
    filterset_class = filters.UpcomingEventFilter


class PreviousEvents(Events):
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
