from rest_framework import serializers

from agencies.serializers import AgencyNormal, MissionPatch
from crew.serializers import AstronautFlight
from media_assets.serializers import Image
from spacedevs.api.serializers import LazySerializer, NameOf, ResourceSerializer

from . import models
from .querysets import ACTIVE


class SpaceStationStatus(ResourceSerializer):
    class Meta:
        model = models.SpaceStationStatus
        fields = ("id", "name")


class SpaceStationType(ResourceSerializer):
    class Meta:
        model = models.SpaceStationType
        fields = ("id", "name")


class ExpeditionMini(ResourceSerializer):
    class Meta:
        model = models.Expedition
        fields = ("id", "url", "name", "start", "end")
        always = ("name", "start")


class SpaceStationMini(ResourceSerializer):
    image = Image(allow_null=True)

    class Meta:
        model = models.SpaceStation
        fields = ("id", "url", "name", "image")


class SpaceStationNormal(SpaceStationMini):
    status = SpaceStationStatus(allow_null=True)
    orbit = NameOf(allow_null=True)
    type = SpaceStationType(allow_null=True)

    class Meta(SpaceStationMini.Meta):
        fields = (
            *SpaceStationMini.Meta.fields,
            "status",
            "founded",
            "deorbited",
            "description",
            "orbit",
            "type",
        )
        always = ("founded", "description")


class SpaceStationDetailed(SpaceStationNormal):
    owners = AgencyNormal(many=True, allow_null=True)

    class Meta(SpaceStationNormal.Meta):
        fields = (*SpaceStationNormal.Meta.fields, "owners")


class SpaceStationEndpoint(SpaceStationDetailed):
    active_expeditions = ExpeditionMini(many=True, source="expeditions", part=ACTIVE)

    class Meta(SpaceStationDetailed.Meta):
        mode = "normal"
        fields = (*SpaceStationDetailed.Meta.fields, "response_mode", "active_expeditions")


class SpaceStationDetailedEndpoint(SpaceStationEndpoint):
    onboard_crew = serializers.IntegerField(allow_null=True, required=False)
    docked_vehicles = serializers.IntegerField(allow_null=True, required=False)
    docking_location = LazySerializer("docking.serializers.DockingLocationSerializerForSpacestation", many=True)
    active_docking_events = LazySerializer(
        "docking.serializers.DockingEventForChaserNormal",
        many=True,
        source="docking_events_chaser",
        part="docking.querysets.DOCKED",
    )

    class Meta(SpaceStationEndpoint.Meta):
        mode = "detailed"
        fields = (
            *SpaceStationEndpoint.Meta.fields,
            "height",
            "width",
            "mass",
            "volume",
            "onboard_crew",
            "docked_vehicles",
            "docking_location",
            "active_docking_events",
        )


class ExpeditionNormal(ExpeditionMini):
    spacestation = SpaceStationNormal()
    mission_patches = MissionPatch(many=True)
    spacewalks = LazySerializer("events.serializers.SpacewalkList", many=True)

    class Meta(ExpeditionMini.Meta):
        mode = "normal"
        fields = (*ExpeditionMini.Meta.fields, "response_mode", "spacestation", "mission_patches", "spacewalks")


class ExpeditionNormalSerializerForSpacewalk(ExpeditionNormal):
    spacewalks = None

    class Meta(ExpeditionNormal.Meta):
        fields = (*ExpeditionMini.Meta.fields, "spacestation", "mission_patches")


class ExpeditionDetailed(ExpeditionNormal):
    spacestation = SpaceStationDetailed()
    crew = AstronautFlight(many=True)

    class Meta(ExpeditionNormal.Meta):
        mode = "detailed"
        fields = (*ExpeditionNormal.Meta.fields, "crew")
