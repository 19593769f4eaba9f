from spacedevs.api.views import Resource
from spacedevs.search.hits import Hit

from . import filters, models, serializers


class CelestialBody(Resource):
    queryset = models.CelestialBody.objects.all()
    ladder = (
        serializers.CelestialBodyMini,
        serializers.CelestialBodyNormal,
        serializers.CelestialBodyEndpointDetailed,
    )
    search_fields = ("name", "type__name")
    ordering_fields = ("id", "name")
    examples = {"search": "search=Mars", "ordering": "ordering=-name"}


class Location(Resource):
    queryset = models.Location.objects.all()
    ladder = serializers.Location, serializers.LocationSerializerWithPads
    filterset_class = filters.LocationFilter
    search_fields = ("country__alpha_3_code", "name")
    ordering_fields = ("total_landing_count", "total_launch_count")
    examples = {
        "filters": "country_code=NZL",
        "search": "search=Cape+Canaveral",
        "ordering": "ordering=-total_launch_count",
    }
    hit = Hit(line=("country__name",), order="-total_launch_count")


class Pad(Resource):
    queryset = models.Pad.objects.all()
    ladder = (serializers.Pad,)
    filterset_class = filters.PadFilter
    search_fields = ("location__name", "name", "orbital_launch_attempt_count", "total_launch_count")
    ordering_fields = (
        "id",
        "location__id",
        "location__name",
        "name",
        "orbital_launch_attempt_count",
        "total_launch_count",
    )
    examples = {
        "filters": "location__id=11",
        "search": "search=39A",
        "ordering": "ordering=-orbital_launch_attempt_count",
    }
    hit = Hit(texts=("location__name",), line=("location__name",), order="-total_launch_count")
