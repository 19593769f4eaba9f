from rest_framework import serializers

from agencies.serializers import AgencyMini, ProgramMini, ProgramNormal
from crew.serializers import AstronautFlight, AstronautNormal
from launches.serializers import (
    LaunchBasic,
    LaunchDetailed,
    LaunchNormal,
    NetPrecision,
    SpacecraftFlightDetailed,
    SpacecraftFlightNormal,
)
from media_assets.serializers import Image, InfoURL, VidURL
from spacedevs.api.fields import ResponseMode
from spacedevs.api.serializers import ResourceSerializer, component
from stations.serializers import (
    ExpeditionMini,
    ExpeditionNormal,
    ExpeditionNormalSerializerForSpacewalk,
    SpaceStationMini,
    SpaceStationNormal,
)
from vehicles.serializers import LauncherDetailed, SpacecraftNormal

from . import models


class EventType(ResourceSerializer):
    class Meta:
        model = models.EventType
        fields = ("id", "name")


class RoadClosureStatus(ResourceSerializer):
    class Meta:
        model = models.RoadClosureStatus
        fields = ("id", "name")


class NoticeType(ResourceSerializer):
    class Meta:
        model = models.NoticeType
        fields = ("id", "name")


class Update(ResourceSerializer):
    class Meta:
        model = models.Update
        fields = ("id", "profile_image", "comment", "info_url", "created_by", "created_on")
        always = ("profile_image", "created_by")
        extra_kwargs = {"created_on": {"allow_null": False}}


# Events -------------------------------------------------------------------------------------------


class EventMini(ResourceSerializer):
    info_urls = InfoURL(many=True)
    vid_urls = VidURL(many=True)
    image = Image(allow_null=True)

    class Meta:
        model = models.Event
        fields = ("id", "url", "name", "info_urls", "vid_urls", "image", "date")


class EventNormal(EventMini):
    type = EventType()
    date_precision = NetPrecision(allow_null=True)

    class Meta(EventMini.Meta):
        fields = (
            *EventMini.Meta.fields,
            "slug",
            "type",
            "description",
            "webcast_live",
            "location",
            "date_precision",
        )


class EventEndpointList(EventNormal):
    class Meta(EventNormal.Meta):
        mode = "list"
        fields = (*EventNormal.Meta.fields, "response_mode", "duration")


class EventEndpointNormal(EventEndpointList):
    updates = Update(many=True)

    class Meta(EventEndpointList.Meta):
        mode = "normal"
        fields = (*EventEndpointList.Meta.fields, "updates", "last_updated")
        extra_kwargs = {"last_updated": {"allow_null": False}}


class EventEndpointDetailed(EventEndpointNormal):
    agencies = AgencyMini(many=True)
    launches = LaunchBasic(many=True)
    expeditions = ExpeditionNormal(many=True)
    spacestations = SpaceStationNormal(many=True)
    program = ProgramNormal(many=True, allow_null=True)
    astronauts = AstronautNormal(many=True, allow_null=True)

    class Meta(EventEndpointNormal.Meta):
        mode = "detailed"
        fields = (
            *EventEndpointNormal.Meta.fields,
            "agencies",
            "launches",
            "expeditions",
            "spacestations",
            "program",
            "astronauts",
        )


# Spacewalks ---------------------------------------------------------------------------------------


class SpacewalkList(ResourceSerializer):
    class Meta:
        model = models.Spacewalk
        mode = "list"
        fields = ("response_mode", "id", "url", "name", "start", "end", "duration", "location")
        always = ("name",)


class SpacewalkNormal(SpacewalkList):
    crew = AstronautFlight(many=True)

    class Meta(SpacewalkList.Meta):
        fields = (*SpacewalkList.Meta.fields, "crew")


class SpacewalkEndpointNormal(SpacewalkNormal):
    spacestation = SpaceStationMini(allow_null=True)
    expedition = ExpeditionMini(allow_null=True)
    spacecraft_flight = SpacecraftFlightNormal(allow_null=True)
    event = EventMini(allow_null=True)
    program = ProgramMini(many=True)

    class Meta(SpacewalkNormal.Meta):
        mode = "normal"
        fields = (
            *SpacewalkNormal.Meta.fields,
            "spacestation",
            "expedition",
            "spacecraft_flight",
            "event",
            "program",
        )


class SpacewalkEndpointDetailed(SpacewalkEndpointNormal):
    spacestation = SpaceStationNormal(allow_null=True)
    expedition = ExpeditionNormalSerializerForSpacewalk(allow_null=True)
    spacecraft_flight = SpacecraftFlightDetailed(allow_null=True)
    event = EventNormal(allow_null=True)
    program = ProgramNormal(many=True)

    class Meta(SpacewalkEndpointNormal.Meta):
        mode = "detailed"


# The dashboard of Starship: one object that is not a row --------------------------------------------


class RoadClosure(ResourceSerializer):
    status = RoadClosureStatus()

    class Meta:
        model = models.RoadClosure
        fields = ("id", "title", "status", "window_start", "window_end")


class Notice(ResourceSerializer):
    type = NoticeType()

    class Meta:
        model = models.Notice
        fields = ("id", "type", "date", "url")


@component("VidURLs")
class LiveStream(ResourceSerializer):
    class Meta:
        model = models.LiveStream
        fields = ("title", "description", "image", "url")
        always = ("image",)


class LaunchAndEventsList(serializers.Serializer):
    """The upcoming or previous launches and events of a program."""

    launches = LaunchBasic(many=True)
    events = EventEndpointList(many=True)


class LaunchAndEventsNormal(LaunchAndEventsList):
    launches = LaunchNormal(many=True)
    events = EventNormal(many=True)


class LaunchAndEventsDetailed(LaunchAndEventsNormal):
    launches = LaunchDetailed(many=True)


class StarshipDashboardList(serializers.Serializer):
    """An overview of the Starship program."""

    response_mode = ResponseMode("list")
    updates = Update(many=True)
    live_streams = LiveStream(many=True)
    road_closures = RoadClosure(many=True)
    notices = Notice(many=True)
    vehicles = LauncherDetailed(many=True)
    orbiters = SpacecraftNormal(many=True)
    upcoming = LaunchAndEventsList()
    previous = LaunchAndEventsList()

    class Meta:
        mode = "list"


class StarshipDashboardNormal(StarshipDashboardList):
    response_mode = ResponseMode("normal")
    upcoming = LaunchAndEventsNormal()
    previous = LaunchAndEventsNormal()

    class Meta:
        mode = "normal"


class StarshipDashboardDetailed(StarshipDashboardNormal):
    response_mode = ResponseMode("detailed")
    upcoming = LaunchAndEventsDetailed()
    previous = LaunchAndEventsDetailed()

    class Meta:
        mode = "detailed"
