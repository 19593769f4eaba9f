from agencies.serializers import AgencyDetailed, AgencyMini, ProgramNormal
from media_assets.serializers import Image, InfoURL, VidURL
from places.serializers import LandingLocation, Orbit, Pad
from spacedevs.api.representations import NameOf, Representation
from vehicles.serializers import LauncherConfigList, PayloadMini, PayloadNormal, SpacecraftNormal

from . import models


class LaunchStatus(Representation):
    class Meta:
        model = models.LaunchStatus
        fields = ("id", "name", "abbrev", "description")


class NetPrecision(Representation):
    class Meta:
        model = models.NetPrecision
        fields = ("id", "name", "abbrev", "description")


class MissionType(Representation):
    class Meta:
        model = models.MissionType
        fields = ("id", "name")


class Mission(Representation):
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


class RocketNormal(Representation):
    configuration = LauncherConfigList()

    class Meta:
        model = models.Rocket
        fields = ("id", "configuration")


class FirstStageType(Representation):
    class Meta:
        model = models.FirstStageType
        fields = ("id", "name")


class TimelineEventType(Representation):
    class Meta:
        model = models.TimelineEventType
        fields = ("id", "abbrev", "description")


class LaunchMini(Representation):
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


class LandingType(Representation):
    class Meta:
        model = models.LandingType
        fields = ("id", "name", "abbrev", "description")


class Landing(Representation):
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


class SpacecraftFlightMini(Representation):
    spacecraft = SpacecraftNormal()
    launch = LaunchMini()
    landing = Landing(allow_null=True)

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


class SpacecraftFlightNormal(SpacecraftFlightMini):
    launch = LaunchNormal()

    class Meta(SpacecraftFlightMini.Meta):
        mode = "normal"
        fields = (*SpacecraftFlightMini.Meta.fields, "response_mode")


class PayloadFlightMini(Representation):
    payload = PayloadMini()
    launch = LaunchMini()
    landing = Landing(allow_null=True)

    class Meta:
        model = models.PayloadFlight
        mode = "list"
        fields = ("response_mode", "id", "url", "destination", "amount", "payload", "launch", "landing")


class PayloadFlightNormal(PayloadFlightMini):
    payload = PayloadNormal()
    launch = LaunchNormal()

    class Meta(PayloadFlightMini.Meta):
        mode = "normal"
