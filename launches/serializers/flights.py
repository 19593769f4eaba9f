"""First stages, spacecraft flights and payload flights, with their landing or, within a landing, without it."""

from crew.serializers import AstronautFlight
from places.serializers import LandingLocation
from spacedevs.api.fields import Duration
from spacedevs.api.serializers import LazySerializer, NameOf, ResourceSerializer, without
from vehicles.serializers import (
    LauncherMini,
    LauncherNormal,
    PayloadDetailed,
    PayloadMini,
    PayloadNormal,
    SpacecraftDetailed,
    SpacecraftNormal,
)

from .. import models
from .shallow import LaunchMini, LaunchNormal


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


class FirstStageType(ResourceSerializer):
    class Meta:
        model = models.FirstStageType
        fields = ("id", "name")


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
