from media_assets.serializers import Image
from spacedevs.api.representations import NameOf, Representation

from . import models


class SpaceStationStatus(Representation):
    class Meta:
        model = models.SpaceStationStatus
        fields = ("id", "name")


class SpaceStationType(Representation):
    class Meta:
        model = models.SpaceStationType
        fields = ("id", "name")


class SpaceStationMini(Representation):
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
