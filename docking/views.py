from functools import cached_property, partial

from django.shortcuts import get_object_or_404
from rest_framework.reverse import reverse

from spacedevs.api.views import ConfigResource, OneObject, Resource
from spacedevs.dataset.as_of import as_of
from spacedevs.later import Description
from spacedevs.search.hits import Hit
from stations.models import SpaceStation
from stations.querysets import ACTIVE

from . import feeds, models, occupancy, serializers
from .filters import DockingEventFilter


class DockingEvent(Resource):
    queryset = models.DockingEvent.objects.all()
    ladder = serializers.DockingEventEndpointNormal, serializers.DockingEventEndpointDetailed
    filterset_class = DockingEventFilter
    feed = feeds.Dockings
    search_fields = models.SEARCHED
    ordering_fields = ("departure", "docking")
    examples = {"filters": "space_station_target__id=6", "search": "search=Salyut", "ordering": "ordering=-docking"}
    hit = Hit(names=(models.NAME,), picture="", line=("docking_location__name", "docking"), order="-docking")


class DockingLocation(ConfigResource):
    queryset = models.DockingLocation.objects.all()
    ladder = (serializers.DockingLocation,)
    ordering_fields = ("name", "spacecraft", "spacestation")
    search_fields = ("name",)


class SpaceStationNow(OneObject):
    """The vehicles and people at a station now, the most frequent question, in one small response."""

    queryset = SpaceStation.objects.all()
    ladder = (serializers.SpaceStationNow,)
    schema = Description("spacedevs.api.schema.OneSchema")
    help_text = (
        "The vehicles docked at a station now, by port and since when, the free ports for spacecraft, and the people "
        "aboard: the crews of the docked spacecraft or, if these are unknown, the crews of the active expeditions.\n\n"
        "An addition of this server to Launch Library 2.3.0."
    )

    @cached_property
    def told(self):
        return as_of()

    def clocks(self):
        return [partial(occupancy.changes_at, int(self.kwargs["pk"])), lambda: self.told.changes_at]

    def get_object(self):
        station = get_object_or_404(self.queryset, pk=self.kwargs["pk"])
        there = occupancy.presences(station.pk)[station.pk]
        return {
            "id": station.pk,
            "url": self.address_of(station),
            "name": station.name,
            "as_of": self.told.moment,
            "source": self.told.source,
            "docked": [self.docked(stay) for stay in there.stays],
            "free": occupancy.free_ports(station.pk, there.stays),
            "crew": [self.aboard(each) for each in there.crew],
            "active_expeditions": ACTIVE.of(station.expeditions.all()),
        }

    def docked(self, stay):
        return {
            "id": stay.pk,
            "url": self.address_of(stay),
            "name": stay.chaser.name,
            "kind": stay.kind,
            "docking": stay.docking,
            "docking_location": stay.docking_location,
        }

    def aboard(self, each):
        astronaut, role = each.seat.astronaut, each.seat.role
        return {
            "id": astronaut.pk,
            "url": self.address_of(astronaut),
            "name": astronaut.name,
            "role": role and role.role,
            "since": each.since,
            "came_with": each.came_with,
        }

    def address_of(self, row):
        return reverse(f"{row._meta.model_name}-detail", [row.pk], request=self.request)
