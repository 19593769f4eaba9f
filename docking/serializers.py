from rest_framework import serializers

from launches.serializers import (
    PayloadFlightMini,
    PayloadFlightNormal,
    SpacecraftFlightForDockingEvent,
    SpacecraftFlightMini,
    SpacecraftFlightNormal,
)
from spacedevs.api.serializers import ResourceSerializer
from stations.models import SpaceStation
from stations.serializers import ExpeditionMini, SpaceStationMini, SpaceStationNormal
from vehicles.serializers import PayloadMini, SpacecraftConfigNormal

from . import models
from .querysets import DOCKED


class DockingLocation(ResourceSerializer):
    spacestation = SpaceStationMini(allow_null=True)
    spacecraft = SpacecraftConfigNormal(allow_null=True)
    payload = PayloadMini(allow_null=True)

    class Meta:
        model = models.DockingLocation
        fields = ("id", "name", "spacestation", "spacecraft", "payload")


class DockingEventForChaserNormal(ResourceSerializer):
    docking_location = DockingLocation()
    space_station_target = SpaceStationNormal(allow_null=True)
    flight_vehicle_target = SpacecraftFlightNormal(allow_null=True)
    payload_flight_target = PayloadFlightNormal(allow_null=True)

    class Meta:
        model = models.DockingEvent
        fields = (
            "id",
            "url",
            "docking",
            "departure",
            "docking_location",
            "space_station_target",
            "flight_vehicle_target",
            "payload_flight_target",
        )


class DockingEventDetailedSerializerForSpacestation(ResourceSerializer):
    flight_vehicle_chaser = SpacecraftFlightForDockingEvent(allow_null=True)
    space_station_chaser = SpaceStationNormal(allow_null=True)
    payload_flight_chaser = PayloadFlightNormal(allow_null=True)

    class Meta:
        model = models.DockingEvent
        implied = {"space_station_target": SpaceStation}  # the owner of the port
        fields = (
            "id",
            "url",
            "docking",
            "departure",
            "flight_vehicle_chaser",
            "space_station_chaser",
            "payload_flight_chaser",
        )


class DockingLocationSerializerForSpacestation(ResourceSerializer):
    currently_docked = DockingEventDetailedSerializerForSpacestation(
        source="docking_events", part=DOCKED, allow_null=True
    )

    class Meta:
        model = models.DockingLocation
        fields = ("id", "name", "currently_docked")


class DockingEventEndpointNormal(ResourceSerializer):
    docking_location = DockingLocation()
    space_station_target = SpaceStationMini(allow_null=True)
    flight_vehicle_target = SpacecraftFlightMini(allow_null=True)
    payload_flight_target = PayloadFlightMini(allow_null=True)
    flight_vehicle_chaser = SpacecraftFlightMini(allow_null=True)
    space_station_chaser = SpaceStationMini(allow_null=True)
    payload_flight_chaser = PayloadFlightMini(allow_null=True)

    class Meta:
        model = models.DockingEvent
        mode = "normal"
        fields = (
            "id",
            "url",
            "docking",
            "departure",
            "docking_location",
            "space_station_target",
            "flight_vehicle_target",
            "payload_flight_target",
            "response_mode",
            "flight_vehicle_chaser",
            "space_station_chaser",
            "payload_flight_chaser",
        )


class DockingEventEndpointDetailed(DockingEventEndpointNormal):
    flight_vehicle_chaser = SpacecraftFlightNormal(allow_null=True)
    space_station_chaser = SpaceStationNormal(allow_null=True)
    payload_flight_chaser = PayloadFlightNormal(allow_null=True)

    class Meta(DockingEventEndpointNormal.Meta):
        mode = "detailed"


# An addition of this server to LL2 2.3.0 -----------------------------------------------------------


class Port(serializers.Serializer):
    """The id and name of a port."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class DockedVehicle(serializers.Serializer):
    """A vehicle at a port, and since when; `id` and `url` are those of the docking event."""

    id = serializers.IntegerField()
    url = serializers.URLField()
    name = serializers.CharField()
    kind = serializers.CharField(help_text="The configuration of a spacecraft or the type of a payload.")
    docking = serializers.DateTimeField()
    docking_location = Port()


class CrewMember(serializers.Serializer):
    """A person aboard, and since when; `id` and `url` are those of the astronaut."""

    id = serializers.IntegerField()
    url = serializers.URLField()
    name = serializers.CharField()
    role = serializers.CharField(allow_null=True)
    since = serializers.DateTimeField()
    came_with = serializers.CharField(help_text="The spacecraft that they arrived on; if unknown, their expedition.")


class SpaceStationNow(serializers.Serializer):
    """The vehicles and people at a station now."""

    id = serializers.IntegerField()
    url = serializers.URLField()
    name = serializers.CharField()
    as_of = serializers.DateTimeField(
        allow_null=True,
        help_text="The recording of the sample, the last read of a mirror, or else the last change.",
    )
    source = serializers.CharField(help_text="Source of the data: `sample`, `mirror` or `own`.")
    docked = DockedVehicle(many=True)
    free = Port(many=True)
    crew = CrewMember(many=True)
    active_expeditions = ExpeditionMini(many=True)
