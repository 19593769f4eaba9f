from rest_framework import serializers

from agencies.serializers import AgencyMini, Country
from media_assets.serializers import Image, SocialMediaLink
from spacedevs.api.fields import Duration
from spacedevs.api.serializers import LazySerializer, ResourceSerializer

from . import models


class AstronautRole(ResourceSerializer):
    class Meta:
        model = models.AstronautRole
        fields = ("id", "role", "priority")


class AstronautStatus(ResourceSerializer):
    class Meta:
        model = models.AstronautStatus
        fields = ("id", "name")


class AstronautType(ResourceSerializer):
    class Meta:
        model = models.AstronautType
        fields = ("id", "name")


class AstronautNormal(ResourceSerializer):
    status = AstronautStatus(allow_null=True)
    agency = AgencyMini(allow_null=True)
    image = Image(allow_null=True)

    class Meta:
        model = models.Astronaut
        fields = ("id", "url", "name", "status", "agency", "image")


class AstronautDetailed(AstronautNormal):
    status = AstronautStatus()  # the contract requires it in this component only
    type = AstronautType()
    in_space = serializers.BooleanField(required=False)
    time_in_space = Duration(allow_null=True)
    age = serializers.IntegerField(allow_null=True, required=False)
    nationality = Country(many=True)
    social_media_links = SocialMediaLink(many=True)

    class Meta(AstronautNormal.Meta):
        mode = "list"
        fields = (
            *AstronautNormal.Meta.fields,
            "response_mode",
            "type",
            "in_space",
            "time_in_space",
            "eva_time",
            "age",
            "date_of_birth",
            "date_of_death",
            "nationality",
            "bio",
            "wiki",
            "last_flight",
            "first_flight",
            "social_media_links",
        )
        always = ("bio",)


class AstronautEndpointNormal(AstronautDetailed):
    status = AstronautStatus(allow_null=True)
    landings_count = serializers.IntegerField(allow_null=True, required=False)

    class Meta(AstronautDetailed.Meta):
        mode = "normal"
        fields = (*AstronautDetailed.Meta.fields, "flights_count", "landings_count", "spacewalks_count")


class AstronautEndpointDetailed(AstronautEndpointNormal):
    flights = LazySerializer("launches.serializers.LaunchNormal", many=True, source="seats.launched_in.launch")
    landings = LazySerializer("launches.serializers.SpacecraftFlightNormal", many=True, source="seats.landed_in")
    spacewalks = LazySerializer("events.serializers.SpacewalkNormal", many=True, source="seats.spacewalks")

    class Meta(AstronautEndpointNormal.Meta):
        mode = "detailed"
        fields = (*AstronautEndpointNormal.Meta.fields, "flights", "landings", "spacewalks")


class AstronautFlight(ResourceSerializer):
    role = AstronautRole(allow_null=True)
    astronaut = AstronautDetailed()

    class Meta:
        model = models.AstronautFlight
        fields = ("id", "role", "astronaut")
