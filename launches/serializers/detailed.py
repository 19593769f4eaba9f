"""Launches and landings in their most detailed modes, with all vehicles."""

from agencies.serializers import AgencyDetailed, MissionPatch
from media_assets.serializers import InfoURL, VidURL
from spacedevs.api.serializers import LazySerializer, ResourceSerializer
from vehicles.serializers import LauncherConfigDetailed

from .. import models
from .flights import (
    FirstStageDetailedSerializerNoLanding,
    FirstStageMini,
    FirstStageNormal,
    FirstStageNormalSerializerNoLanding,
    Landing,
    PayloadFlightDetailedSerializerNoLanding,
    PayloadFlightMiniSerializerNoLanding,
    PayloadFlightNormalSerializerNoLanding,
    PayloadFlightSerializerNoLaunch,
    SpacecraftFlightDetailedSerializerNoLanding,
    SpacecraftFlightDetailedSerializerNoLaunch,
    SpacecraftFlightMiniSerializerNoLanding,
    SpacecraftFlightNormalSerializerNoLanding,
)
from .shallow import LaunchNormal, RocketNormal


class LandingEndpointList(Landing):
    firststage = FirstStageMini(allow_null=True)
    spacecraftflight = SpacecraftFlightMiniSerializerNoLanding(allow_null=True)
    payloadflight = PayloadFlightMiniSerializerNoLanding(allow_null=True)

    class Meta(Landing.Meta):
        mode = "list"
        fields = (*Landing.Meta.fields, "response_mode", "firststage", "spacecraftflight", "payloadflight")


class LandingEndpointNormal(LandingEndpointList):
    firststage = FirstStageNormalSerializerNoLanding(allow_null=True)
    spacecraftflight = SpacecraftFlightNormalSerializerNoLanding(allow_null=True)
    payloadflight = PayloadFlightNormalSerializerNoLanding(allow_null=True)

    class Meta(LandingEndpointList.Meta):
        mode = "normal"


class LandingEndpointDetailed(LandingEndpointNormal):
    firststage = FirstStageDetailedSerializerNoLanding(allow_null=True)
    spacecraftflight = SpacecraftFlightDetailedSerializerNoLanding(allow_null=True)
    payloadflight = PayloadFlightDetailedSerializerNoLanding(allow_null=True)

    class Meta(LandingEndpointNormal.Meta):
        mode = "detailed"


class TimelineEventType(ResourceSerializer):
    class Meta:
        model = models.TimelineEventType
        fields = ("id", "abbrev", "description")


class TimelineEvent(ResourceSerializer):
    type = TimelineEventType(allow_null=True)

    class Meta:
        model = models.TimelineEvent
        fields = ("type", "relative_time")


class RocketDetailed(RocketNormal):
    configuration = LauncherConfigDetailed()
    launcher_stage = FirstStageNormal(many=True, source="launch.first_stages")
    spacecraft_stage = SpacecraftFlightDetailedSerializerNoLaunch(many=True, source="launch.spacecraft_flights")
    payloads = PayloadFlightSerializerNoLaunch(many=True, source="launch.payload_flights")

    class Meta(RocketNormal.Meta):
        fields = (*RocketNormal.Meta.fields, "launcher_stage", "spacecraft_stage", "payloads")


class LaunchDetailed(LaunchNormal):
    launch_service_provider = AgencyDetailed()
    rocket = RocketDetailed(allow_null=True)
    updates = LazySerializer("events.serializers.Update", many=True)
    info_urls = InfoURL(many=True)
    vid_urls = VidURL(many=True)
    timeline = TimelineEvent(many=True)
    mission_patches = MissionPatch(many=True)

    class Meta(LaunchNormal.Meta):
        mode = "detailed"
        fields = (
            *LaunchNormal.Meta.fields,
            "flightclub_url",
            "updates",
            "info_urls",
            "vid_urls",
            "timeline",
            "pad_turnaround",
            "mission_patches",
        )
