"""Launches in their shallow modes, with their own records."""

from agencies.serializers import AgencyDetailed, AgencyMini, ProgramNormal
from media_assets.serializers import Image, InfoURL, VidURL
from places.serializers import Orbit, Pad
from spacedevs.api.serializers import NameOf, ResourceSerializer
from vehicles.serializers import LauncherConfigList

from .. import models


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
        # Null only if the launch was imported from a response that shows nothing but its name.
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
