from rest_framework import serializers

from agencies.serializers import AgencyMini, AgencyNormal, Country
from media_assets.serializers import Image
from spacedevs.api.serializers import ResourceSerializer

from . import models


class CelestialBodyType(ResourceSerializer):
    class Meta:
        model = models.CelestialBodyType
        fields = ("id", "name")


class CelestialBodyMini(ResourceSerializer):
    class Meta:
        model = models.CelestialBody
        mode = "list"
        fields = ("response_mode", "id", "name")


class CelestialBodyNormal(CelestialBodyMini):
    type = CelestialBodyType(allow_null=True)
    # Recorded responses write this one duration in Django's format: "27 07:43:12".
    length_of_day = serializers.DurationField(allow_null=True, required=False)
    image = Image(allow_null=True)

    class Meta(CelestialBodyMini.Meta):
        mode = "normal"
        fields = (
            *CelestialBodyMini.Meta.fields,
            "type",
            "diameter",
            "mass",
            "gravity",
            "length_of_day",
            "atmosphere",
            "image",
            "description",
            "wiki_url",
        )


class CelestialBodyDetailed(CelestialBodyNormal):
    class Meta(CelestialBodyNormal.Meta):
        fields = (
            *CelestialBodyNormal.Meta.fields,
            *models.BODY_TOTALS,
        )


class LocationSerializerNoCelestialBody(ResourceSerializer):
    country = Country(allow_null=True)
    image = Image(allow_null=True)

    class Meta:
        model = models.Location
        mode = "normal"
        fields = (
            "response_mode",
            "id",
            "url",
            "name",
            "active",
            "country",
            "description",
            "image",
            "map_image",
            "longitude",
            "latitude",
            "timezone_name",
            "total_launch_count",
            "total_landing_count",
        )


class CelestialBodyEndpointDetailed(CelestialBodyDetailed):
    locations = LocationSerializerNoCelestialBody(many=True)

    class Meta(CelestialBodyDetailed.Meta):
        mode = "detailed"
        fields = (*CelestialBodyDetailed.Meta.fields, "locations")


class Location(LocationSerializerNoCelestialBody):
    celestial_body = CelestialBodyDetailed()

    class Meta(LocationSerializerNoCelestialBody.Meta):
        fields = (
            *LocationSerializerNoCelestialBody.Meta.fields[:4],
            "celestial_body",
            *LocationSerializerNoCelestialBody.Meta.fields[4:],
        )


class PadSerializerNoLocation(ResourceSerializer):
    agencies = AgencyMini(many=True)
    image = Image(allow_null=True)
    country = Country(allow_null=True)

    class Meta:
        model = models.Pad
        fields = (
            "id",
            "url",
            "active",
            "agencies",
            "name",
            "image",
            "description",
            "info_url",
            "wiki_url",
            "map_url",
            "latitude",
            "longitude",
            "country",
            "map_image",
            "total_launch_count",
            "orbital_launch_attempt_count",
            "fastest_turnaround",
        )


class Pad(PadSerializerNoLocation):
    agencies = AgencyNormal(many=True)
    location = Location(allow_null=True)

    class Meta(PadSerializerNoLocation.Meta):
        fields = (*PadSerializerNoLocation.Meta.fields, "location")


class LocationSerializerWithPads(Location):
    pads = PadSerializerNoLocation(many=True)

    class Meta(Location.Meta):
        mode = "detailed"
        fields = (*Location.Meta.fields, "pads")


class LandingLocation(ResourceSerializer):
    location = LocationSerializerNoCelestialBody(allow_null=True)
    image = Image(allow_null=True)
    celestial_body = CelestialBodyNormal()

    class Meta:
        model = models.LandingLocation
        fields = (
            "id",
            "name",
            "active",
            "abbrev",
            "description",
            "location",
            "longitude",
            "latitude",
            "image",
            "successful_landings",
            "attempted_landings",
            "failed_landings",
            "celestial_body",
        )


class Orbit(ResourceSerializer):
    celestial_body = CelestialBodyMini()

    class Meta:
        model = models.Orbit
        fields = ("id", "name", "abbrev", "celestial_body")
