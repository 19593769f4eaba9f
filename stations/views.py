from spacedevs.api.views import Resource
from spacedevs.search.hits import Hit

from . import filters, models, serializers


class SpaceStation(Resource):
    queryset = models.SpaceStation.objects.all()
    ladder = serializers.SpaceStationEndpoint, serializers.SpaceStationDetailedEndpoint
    filterset_class = filters.SpaceStationFilter
    search_fields = ("name", "owners__abbrev", "owners__name")
    ordering_fields = ("docked_vehicles", "founded", "id", "name", "onboard_crew", "status", "type", "volume")
    examples = {"filters": "onboard_crew__gte=1", "search": "search=Salyut", "ordering": "ordering=founded"}
    hit = Hit(line=("status__name", "orbit__name"), has_initials=True, order="-founded")


class Expedition(Resource):
    queryset = models.Expedition.objects.all()
    ladder = serializers.ExpeditionNormal, serializers.ExpeditionDetailed
    filterset_class = filters.ExpeditionFilter
    search_fields = (
        "crew__astronaut__agency__abbrev",
        "crew__astronaut__agency__name",
        "crew__astronaut__name",
        "crew__astronaut__nationality__nationality_name",
        "name",
    )
    ordering_fields = ("end", "id", "start")
    examples = {"filters": "space_station=18", "search": "search=Kelly", "ordering": "ordering=-start"}
