from agencies.serializers import AgencyMini, AgencyNormal, ProgramMini
from media_assets.serializers import Image
from spacedevs.api.representations import Representation

from . import models


class SpacecraftConfigType(Representation):
    class Meta:
        model = models.SpacecraftConfigType
        fields = ("id", "name")


class SpacecraftConfigFamilyMini(Representation):
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


class SpacecraftConfigNormal(Representation):
    type = SpacecraftConfigType()
    agency = AgencyMini()
    family = SpacecraftConfigFamilyNormal(many=True, allow_null=True)
    image = Image(allow_null=True)

    class Meta:
        model = models.SpacecraftConfig
        mode = "normal"
        fields = ("response_mode", "id", "url", "name", "type", "agency", "family", "in_use", "image")


class SpacecraftStatus(Representation):
    class Meta:
        model = models.SpacecraftStatus
        fields = ("id", "name")


class SpacecraftNormal(Representation):
    image = Image(allow_null=True)
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
        always = ("flights_count",)


class LauncherConfigFamilyMini(Representation):
    class Meta:
        model = models.LauncherConfigFamily
        mode = "list"
        fields = ("response_mode", "id", "name")


class LauncherConfigList(Representation):
    families = LauncherConfigFamilyMini(many=True, allow_null=True)

    class Meta:
        model = models.LauncherConfig
        mode = "list"
        fields = ("response_mode", "id", "url", "name", "families", "full_name", "variant")


class LauncherStatus(Representation):
    class Meta:
        model = models.LauncherStatus
        fields = ("id", "name")


class PayloadType(Representation):
    class Meta:
        model = models.PayloadType
        fields = ("id", "name")


class PayloadMini(Representation):
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
