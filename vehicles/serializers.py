from rest_framework import serializers

from agencies.serializers import AgencyDetailed, AgencyMini, AgencyNormal, ProgramMini, ProgramNormal
from media_assets.serializers import Image
from spacedevs.api.fields import Duration
from spacedevs.api.serializers import LazySerializer, ResourceSerializer, without

from . import models

ROCKET_TOTALS = (
    "total_launch_count",
    "consecutive_successful_launches",
    "successful_launches",
    "failed_launches",
    "pending_launches",
    "attempted_landings",
    "successful_landings",
    "failed_landings",
    "consecutive_successful_landings",
)


class SpacecraftConfigType(ResourceSerializer):
    class Meta:
        model = models.SpacecraftConfigType
        fields = ("id", "name")


class SpacecraftConfigFamilyMini(ResourceSerializer):
    class Meta:
        model = models.SpacecraftConfigFamily
        mode = "list"
        fields = ("response_mode", "id", "name")


class SpacecraftConfigFamilyNormal(SpacecraftConfigFamilyMini):
    manufacturer = AgencyMini(allow_null=True)
    parent = SpacecraftConfigFamilyMini(allow_null=True)

    class Meta(SpacecraftConfigFamilyMini.Meta):
        mode = "normal"
        fields = (
            *SpacecraftConfigFamilyMini.Meta.fields,
            "description",
            "manufacturer",
            "parent",
            "maiden_flight",
        )


class SpacecraftConfigFamilyDetailed(SpacecraftConfigFamilyNormal):
    manufacturer = AgencyNormal(allow_null=True)
    parent = SpacecraftConfigFamilyNormal(allow_null=True)

    class Meta(SpacecraftConfigFamilyNormal.Meta):
        fields = (*SpacecraftConfigFamilyNormal.Meta.fields, "spacecraft_flown", *models.TOTALS)


class SpacecraftConfigNormal(ResourceSerializer):
    type = SpacecraftConfigType()
    agency = AgencyMini()
    family = SpacecraftConfigFamilyNormal(many=True, allow_null=True)
    image = Image(allow_null=True)

    class Meta:
        model = models.SpacecraftConfig
        mode = "normal"
        fields = ("response_mode", "id", "url", "name", "type", "agency", "family", "in_use", "image")


class SpacecraftConfigFamilyEndpointDetailed(SpacecraftConfigFamilyDetailed):
    spacecraft = SpacecraftConfigNormal(many=True, source="spacecraft_configs")

    class Meta(SpacecraftConfigFamilyDetailed.Meta):
        mode = "detailed"
        fields = (*SpacecraftConfigFamilyDetailed.Meta.fields, "spacecraft")


class SpacecraftConfigDetailed(SpacecraftConfigNormal):
    agency = AgencyNormal()
    family = SpacecraftConfigFamilyDetailed(many=True, allow_null=True)

    class Meta(SpacecraftConfigNormal.Meta):
        mode = "detailed"
        fields = (
            *SpacecraftConfigNormal.Meta.fields,
            "capability",
            "history",
            "details",
            "maiden_flight",
            "height",
            "diameter",
            "human_rated",
            "crew_capacity",
            "payload_capacity",
            "payload_return_capacity",
            "flight_life",
            "wiki_link",
            "info_link",
            "spacecraft_flown",
            *models.TOTALS,
            "fastest_turnaround",
        )


class SpacecraftStatus(ResourceSerializer):
    class Meta:
        model = models.SpacecraftStatus
        fields = ("id", "name")


class SpacecraftNormal(ResourceSerializer):
    image = Image(allow_null=True)
    in_space = serializers.BooleanField(required=False)
    time_in_space = Duration(allow_null=True)
    time_docked = Duration(allow_null=True)
    mission_ends_count = serializers.IntegerField(allow_null=True, required=False)
    status = SpacecraftStatus()
    spacecraft_config = SpacecraftConfigNormal()

    class Meta:
        model = models.Spacecraft
        mode = "normal"
        fields = (
            "response_mode",
            "id",
            "url",
            "name",
            "serial_number",
            "is_placeholder",
            "image",
            "in_space",
            "time_in_space",
            "time_docked",
            "flights_count",
            "mission_ends_count",
            "status",
            "description",
            "spacecraft_config",
            "fastest_turnaround",
        )
        always = ("flights_count", "description")


class SpacecraftDetailed(SpacecraftNormal):
    spacecraft_config = SpacecraftConfigDetailed()

    class Meta(SpacecraftNormal.Meta):
        pass


class SpacecraftEndpointDetailed(SpacecraftDetailed):
    flights = LazySerializer("launches.serializers.SpacecraftFlightNormal", many=True)

    class Meta(SpacecraftDetailed.Meta):
        mode = "detailed"
        fields = (*SpacecraftDetailed.Meta.fields, "flights")


class LauncherConfigFamilyMini(ResourceSerializer):
    class Meta:
        model = models.LauncherConfigFamily
        mode = "list"
        fields = ("response_mode", "id", "name")


class LauncherConfigFamilyNormal(LauncherConfigFamilyMini):
    manufacturer = AgencyNormal(many=True)
    parent = LauncherConfigFamilyMini(allow_null=True)

    class Meta(LauncherConfigFamilyMini.Meta):
        mode = "normal"
        fields = (*LauncherConfigFamilyMini.Meta.fields, "manufacturer", "parent")


class LauncherConfigFamilyDetailed(LauncherConfigFamilyNormal):
    manufacturer = AgencyDetailed(many=True, allow_null=True)
    parent = LauncherConfigFamilyNormal(allow_null=True)

    class Meta(LauncherConfigFamilyNormal.Meta):
        mode = "detailed"
        fields = (
            *LauncherConfigFamilyNormal.Meta.fields,
            "description",
            "active",
            "maiden_flight",
            *ROCKET_TOTALS,
        )


class LauncherConfigList(ResourceSerializer):
    families = LauncherConfigFamilyMini(many=True, allow_null=True)

    class Meta:
        model = models.LauncherConfig
        mode = "list"
        fields = ("response_mode", "id", "url", "name", "families", "full_name", "variant")


class LauncherConfigNormal(LauncherConfigList):
    families = LauncherConfigFamilyNormal(many=True, allow_null=True)
    manufacturer = AgencyNormal(allow_null=True)
    program = ProgramNormal(many=True)
    image = Image(allow_null=True)

    class Meta(LauncherConfigList.Meta):
        mode = "normal"
        fields = (
            *LauncherConfigList.Meta.fields,
            "active",
            "is_placeholder",
            "manufacturer",
            "program",
            "reusable",
            "image",
            "info_url",
            "wiki_url",
        )


class LauncherConfigDetailed(LauncherConfigNormal):
    families = LauncherConfigFamilyDetailed(many=True, allow_null=True)
    manufacturer = AgencyDetailed(allow_null=True)

    class Meta(LauncherConfigNormal.Meta):
        mode = "detailed"
        fields = (
            *LauncherConfigNormal.Meta.fields,
            "description",
            "alias",
            "min_stage",
            "max_stage",
            "length",
            "diameter",
            "maiden_flight",
            "launch_cost",
            "launch_mass",
            "leo_capacity",
            "gto_capacity",
            "geo_capacity",
            "sso_capacity",
            "to_thrust",
            "apogee",
            *ROCKET_TOTALS,
            "fastest_turnaround",
        )


class LauncherConfigDetailedSerializerNoManufacturer(LauncherConfigDetailed):
    manufacturer = None

    class Meta(LauncherConfigDetailed.Meta):
        fields = without(LauncherConfigDetailed.Meta.fields, "manufacturer")


class LauncherStatus(ResourceSerializer):
    class Meta:
        model = models.LauncherStatus
        fields = ("id", "name")


class LauncherMini(ResourceSerializer):
    status = LauncherStatus(allow_null=True)
    image = Image(allow_null=True)

    class Meta:
        model = models.Launcher
        mode = "list"
        fields = ("response_mode", "id", "url", "flight_proven", "serial_number", "is_placeholder", "status", "image")


class LauncherNormal(LauncherMini):
    class Meta(LauncherMini.Meta):
        mode = "normal"
        fields = (
            *LauncherMini.Meta.fields,
            "details",
            "successful_landings",
            "attempted_landings",
            "flights",
            "last_launch_date",
            "first_launch_date",
            "fastest_turnaround",
        )


class LauncherDetailed(LauncherNormal):
    launcher_config = LauncherConfigList(allow_null=True)

    class Meta(LauncherNormal.Meta):
        mode = "detailed"
        fields = (*LauncherNormal.Meta.fields, "launcher_config")


class PayloadType(ResourceSerializer):
    class Meta:
        model = models.PayloadType
        fields = ("id", "name")


class PayloadMini(ResourceSerializer):
    type = PayloadType()
    manufacturer = AgencyMini(allow_null=True)
    operator = AgencyMini(allow_null=True)
    image = Image(allow_null=True)

    class Meta:
        model = models.Payload
        mode = "list"
        fields = ("response_mode", "id", "name", "type", "manufacturer", "operator", "image")


class PayloadNormal(PayloadMini):
    manufacturer = AgencyNormal(allow_null=True)
    operator = AgencyNormal(allow_null=True)
    program = ProgramMini(many=True)

    class Meta(PayloadMini.Meta):
        mode = "normal"
        fields = (
            *PayloadMini.Meta.fields,
            "wiki_link",
            "info_link",
            "program",
            "cost",
            "mass",
            "description",
        )


class PayloadDetailed(PayloadNormal):
    manufacturer = AgencyDetailed(allow_null=True)
    operator = AgencyDetailed(allow_null=True)
    program = ProgramNormal(many=True)

    class Meta(PayloadNormal.Meta):
        mode = "detailed"
