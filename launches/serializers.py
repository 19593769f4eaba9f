from agencies.serializers import AgencyDetailed, AgencyMini, MissionPatch, ProgramNormal
from crew.serializers import AstronautFlight
from media_assets.serializers import Image, InfoURL, VidURL
from places.serializers import LandingLocation, Orbit, Pad
from spacedevs.api.fields import Duration
from spacedevs.api.serializers import LazySerializer, NameOf, ResourceSerializer, without
from vehicles.serializers import (
    LauncherConfigDetailed,
    LauncherConfigList,
    LauncherMini,
    LauncherNormal,
    PayloadDetailed,
    PayloadMini,
    PayloadNormal,
    SpacecraftDetailed,
    SpacecraftNormal,
)

from . import models


class LaunchStatus(ResourceSerializer):
    class Meta:
        model = models.LaunchStatus
        fields = ("id", "name", "abbrev", "description")


class NetPrecision(ResourceSerializer):
    class Meta:
        model = models.NetPrecision
        fields = ("id", "name", "abbrev", "description")


class MissionType(ResourceSerializer):
    class Meta:
        model = models.MissionType
        fields = ("id", "name")


class Mission(ResourceSerializer):
    type = NameOf()
    image = Image(allow_null=True)
    orbit = Orbit(allow_null=True)
    agencies = AgencyDetailed(many=True)
    info_urls = InfoURL(many=True)
    vid_urls = VidURL(many=True)

    class Meta:
        model = models.Mission
        fields = (
            "id",
            "name",
            "type",
            "description",
            "image",
            "orbit",
            "agencies",
            "info_urls",
            "vid_urls",
        )


class RocketNormal(ResourceSerializer):
    configuration = LauncherConfigList()

    class Meta:
        model = models.Rocket
        fields = ("id", "configuration")


class FirstStageType(ResourceSerializer):
    class Meta:
        model = models.FirstStageType
        fields = ("id", "name")


class TimelineEventType(ResourceSerializer):
    class Meta:
        model = models.TimelineEventType
        fields = ("id", "abbrev", "description")


class LaunchMini(ResourceSerializer):
    class Meta:
        model = models.Launch
        fields = ("id", "url", "name")


class LaunchBasic(LaunchMini):
    status = LaunchStatus(allow_null=True)
    net_precision = NetPrecision(allow_null=True)
    image = Image(allow_null=True)

    class Meta(LaunchMini.Meta):
        mode = "list"
        fields = (
            *LaunchMini.Meta.fields,
            "response_mode",
            "slug",
            "launch_designator",
            "status",
            "last_updated",
            "net",
            "net_precision",
            "window_end",
            "window_start",
            "image",
            "infographic",
        )
        always = ("infographic",)
        # Null only where a launch is known by its name alone, from an answer that showed no more of it.
        extra_kwargs = {name: {"allow_null": False} for name in ("last_updated", "net", "window_end", "window_start")}


class LaunchNormal(LaunchBasic):
    launch_service_provider = AgencyMini()
    rocket = RocketNormal(allow_null=True)
    mission = Mission(allow_null=True)
    pad = Pad(allow_null=True)
    program = ProgramNormal(many=True, allow_null=True)

    class Meta(LaunchBasic.Meta):
        mode = "normal"
        fields = (
            *LaunchBasic.Meta.fields,
            "probability",
            "weather_concerns",
            "failreason",
            "hashtag",
            "launch_service_provider",
            "rocket",
            "mission",
            "pad",
            "webcast_live",
            "program",
            "orbital_launch_attempt_count",
            "location_launch_attempt_count",
            "pad_launch_attempt_count",
            "agency_launch_attempt_count",
            "orbital_launch_attempt_count_year",
            "location_launch_attempt_count_year",
            "pad_launch_attempt_count_year",
            "agency_launch_attempt_count_year",
        )


class TimelineEvent(ResourceSerializer):
    type = TimelineEventType(allow_null=True)

    class Meta:
        model = models.TimelineEvent
        fields = ("type", "relative_time")


class LandingType(ResourceSerializer):
    class Meta:
        model = models.LandingType
        fields = ("id", "name", "abbrev", "description")


class Landing(ResourceSerializer):
    landing_location = LandingLocation(allow_null=True)
    type = LandingType(allow_null=True)

    class Meta:
        model = models.Landing
        fields = (
            "id",
            "url",
            "attempt",
            "success",
            "description",
            "downrange_distance",
            "landing_location",
            "type",
        )


class FirstStageMini(ResourceSerializer):
    type = NameOf()
    launcher = LauncherMini()

    class Meta:
        model = models.FirstStage
        fields = (
            "id",
            "type",
            "reused",
            "launcher_flight_number",
            "launcher",
            "previous_flight_date",
            "turn_around_time",
        )


class FirstStageNormalSerializerNoLanding(FirstStageMini):
    launcher = LauncherNormal()
    previous_flight = LaunchMini(allow_null=True)

    class Meta(FirstStageMini.Meta):
        fields = (*FirstStageMini.Meta.fields, "previous_flight")


class FirstStageNormal(FirstStageNormalSerializerNoLanding):
    landing = Landing(allow_null=True)

    class Meta(FirstStageMini.Meta):
        fields = (*FirstStageMini.Meta.fields, "landing", "previous_flight")


class FirstStageDetailedSerializerNoLanding(FirstStageNormalSerializerNoLanding):
    previous_flight = LaunchNormal(allow_null=True)

    class Meta(FirstStageNormalSerializerNoLanding.Meta):
        pass


# Flights of ships: a landing shows them without their landing, a rocket without their launch -------


class SpacecraftFlightMini(ResourceSerializer):
    spacecraft = SpacecraftNormal()
    launch = LaunchMini()
    landing = Landing(allow_null=True)
    duration = Duration(allow_null=True)

    class Meta:
        model = models.SpacecraftFlight
        fields = (
            "id",
            "url",
            "destination",
            "mission_end",
            "spacecraft",
            "launch",
            "landing",
            "duration",
            "turn_around_time",
        )


class SpacecraftFlightMiniSerializerNoLanding(SpacecraftFlightMini):
    landing = None

    class Meta(SpacecraftFlightMini.Meta):
        fields = without(SpacecraftFlightMini.Meta.fields, "landing")


class SpacecraftFlightNormal(SpacecraftFlightMini):
    launch = LaunchNormal()

    class Meta(SpacecraftFlightMini.Meta):
        mode = "normal"
        fields = (*SpacecraftFlightMini.Meta.fields, "response_mode")


class SpacecraftFlightNormalSerializerNoLanding(SpacecraftFlightNormal):
    landing = None

    class Meta(SpacecraftFlightNormal.Meta):
        fields = without(SpacecraftFlightNormal.Meta.fields, "landing")


class SpacecraftFlightDetailed(SpacecraftFlightNormal):
    spacecraft = SpacecraftDetailed()
    launch_crew = AstronautFlight(many=True)
    onboard_crew = AstronautFlight(many=True)
    landing_crew = AstronautFlight(many=True)
    docking_events = LazySerializer(
        "docking.serializers.DockingEventForChaserNormal", many=True, source="docking_events_chaser"
    )

    class Meta(SpacecraftFlightNormal.Meta):
        mode = "detailed"
        fields = (
            *SpacecraftFlightNormal.Meta.fields,
            "launch_crew",
            "onboard_crew",
            "landing_crew",
            "docking_events",
        )


class SpacecraftFlightDetailedSerializerNoLanding(SpacecraftFlightDetailed):
    landing = None

    class Meta(SpacecraftFlightDetailed.Meta):
        fields = without(SpacecraftFlightDetailed.Meta.fields, "landing")


class SpacecraftFlightDetailedSerializerNoLaunch(SpacecraftFlightDetailed):
    launch = None

    class Meta(SpacecraftFlightDetailed.Meta):
        fields = without(SpacecraftFlightDetailed.Meta.fields, "launch")


class SpacecraftFlightForDockingEvent(ResourceSerializer):
    spacecraft = SpacecraftDetailed()
    launch = LaunchNormal()

    class Meta:
        model = models.SpacecraftFlight
        fields = ("id", "url", "spacecraft", "launch")


# Flights of payloads, likewise ---------------------------------------------------------------------


class PayloadFlightMini(ResourceSerializer):
    payload = PayloadMini()
    launch = LaunchMini()
    landing = Landing(allow_null=True)

    class Meta:
        model = models.PayloadFlight
        mode = "list"
        fields = ("response_mode", "id", "url", "destination", "amount", "payload", "launch", "landing")


class PayloadFlightMiniSerializerNoLanding(PayloadFlightMini):
    landing = None

    class Meta(PayloadFlightMini.Meta):
        fields = without(PayloadFlightMini.Meta.fields, "landing")


class PayloadFlightNormal(PayloadFlightMini):
    payload = PayloadNormal()
    launch = LaunchNormal()

    class Meta(PayloadFlightMini.Meta):
        mode = "normal"


class PayloadFlightNormalSerializerNoLanding(PayloadFlightNormal):
    landing = None

    class Meta(PayloadFlightNormal.Meta):
        fields = without(PayloadFlightNormal.Meta.fields, "landing")


class PayloadFlightDetailed(PayloadFlightNormal):
    payload = PayloadDetailed()
    docking_events = LazySerializer(
        "docking.serializers.DockingEventForChaserNormal", many=True, source="docking_events_chaser"
    )

    class Meta(PayloadFlightNormal.Meta):
        mode = "detailed"
        fields = (*PayloadFlightNormal.Meta.fields, "docking_events")


class PayloadFlightDetailedSerializerNoLanding(PayloadFlightDetailed):
    landing = None

    class Meta(PayloadFlightDetailed.Meta):
        fields = without(PayloadFlightDetailed.Meta.fields, "landing")


class PayloadFlightSerializerNoLaunch(PayloadFlightDetailed):
    launch = None

    class Meta(PayloadFlightDetailed.Meta):
        fields = without(PayloadFlightDetailed.Meta.fields, "launch")


# What a landing shows of whatever landed ------------------------------------------------------------


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


# What a launch shows of all that flies ----------------------------------------------------------------


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
