from spacedevs.api.resources import ConfigResource, Resource

from . import feeds, models, serializers
from .filters import DockingEventFilter


class DockingEvent(Resource):
    queryset = models.DockingEvent.objects.all()
    ladder = serializers.DockingEventEndpointNormal, serializers.DockingEventEndpointDetailed
    filterset_class = DockingEventFilter
    feed = feeds.Dockings
    search_fields = models.SEARCHED
    ordering_fields = ("departure", "docking")
    examples = {"filters": "space_station_target__id=6", "search": "search=Salyut", "ordering": "ordering=-docking"}


class DockingLocation(ConfigResource):
    queryset = models.DockingLocation.objects.all()
    ladder = (serializers.DockingLocation,)
    ordering_fields = ("name", "spacecraft", "spacestation")
    search_fields = ("name",)
