from media_assets.serializers import Image, SocialMediaLink
from spacedevs.api.serializers import LazySerializer, NameOf, ResourceSerializer

from . import models


class Country(ResourceSerializer):
    class Meta:
        model = models.Country
        fields = (
            "id",
            "name",
            "alpha_2_code",
            "alpha_3_code",
            "nationality_name",
            "nationality_name_composed",
        )


class AgencyType(ResourceSerializer):
    class Meta:
        model = models.AgencyType
        fields = ("id", "name")


class AgencyMini(ResourceSerializer):
    type = AgencyType(allow_null=True)

    class Meta:
        model = models.Agency
        mode = "list"
        fields = ("response_mode", "id", "url", "name", "abbrev", "type")


class AgencyNormal(AgencyMini):
    country = Country(many=True)
    parent = NameOf(allow_null=True)
    image = Image(allow_null=True)
    logo = Image(allow_null=True)
    social_logo = Image(allow_null=True)

    class Meta(AgencyMini.Meta):
        mode = "normal"
        fields = (
            *AgencyMini.Meta.fields,
            "featured",
            "country",
            "description",
            "administrator",
            "founding_year",
            "launchers",
            "spacecraft",
            "parent",
            "image",
            "logo",
            "social_logo",
        )


class AgencyDetailed(AgencyNormal):
    social_media_links = SocialMediaLink(many=True)

    class Meta(AgencyNormal.Meta):
        fields = (
            *AgencyNormal.Meta.fields,
            *models.TOTALS,
            "info_url",
            "wiki_url",
            "social_media_links",
        )


class AgencyEndpointDetailed(AgencyDetailed):
    launcher_list = LazySerializer("vehicles.serializers.LauncherConfigDetailedSerializerNoManufacturer", many=True)
    spacecraft_list = LazySerializer("vehicles.serializers.SpacecraftConfigDetailed", many=True)

    class Meta(AgencyDetailed.Meta):
        mode = "detailed"
        fields = (*AgencyDetailed.Meta.fields, "launcher_list", "spacecraft_list")


class MissionPatch(ResourceSerializer):
    agency = AgencyMini(allow_null=True)

    class Meta:
        model = models.MissionPatch
        mode = "normal"
        fields = ("id", "name", "priority", "image_url", "agency", "response_mode")


class ProgramType(ResourceSerializer):
    class Meta:
        model = models.ProgramType
        fields = ("id", "name")


class ProgramMini(ResourceSerializer):
    image = Image(allow_null=True)

    class Meta:
        model = models.Program
        mode = "list"
        fields = ("response_mode", "id", "url", "name", "image", "info_url", "wiki_url")


class ProgramNormal(ProgramMini):
    agencies = AgencyMini(many=True)
    mission_patches = MissionPatch(many=True)
    type = ProgramType()

    class Meta(ProgramMini.Meta):
        mode = "normal"
        fields = (
            *ProgramMini.Meta.fields,
            "description",
            "agencies",
            "start_date",
            "end_date",
            "mission_patches",
            "type",
        )


class MissionPatchDetailed(MissionPatch):
    agency = AgencyDetailed(allow_null=True)
    launches = LazySerializer("launches.serializers.LaunchNormal", many=True)
    expeditions = LazySerializer("stations.serializers.ExpeditionNormal", many=True)
    program = ProgramNormal(many=True, source="programs")

    class Meta(MissionPatch.Meta):
        mode = "detailed"
        fields = (*MissionPatch.Meta.fields, "launches", "expeditions", "program")
