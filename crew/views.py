from spacedevs.api.views import Resource
from spacedevs.search.hits import Hit

from . import filters, models, serializers


class Astronaut(Resource):
    queryset = models.Astronaut.objects.all()
    ladder = (
        serializers.AstronautDetailed,
        serializers.AstronautEndpointNormal,
        serializers.AstronautEndpointDetailed,
    )
    filterset_class = filters.AstronautFilter
    search_fields = ("agency__abbrev", "agency__name", "name", "nationality__nationality_name")
    ordering_fields = (
        "age",
        "date_of_birth",
        "eva_time",
        "flights_count",
        "id",
        "landings_count",
        "last_flight",
        "name",
        "spacewalks_count",
        "status",
        "time_in_space",
    )
    examples = {"filters": "has_flown=true", "search": "search=Pesquet", "ordering": "ordering=-time_in_space"}
    hit = Hit(line=("status__name", "agency__name"), order="-last_flight")
