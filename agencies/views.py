from spacedevs.api.views import Resource
from spacedevs.search.hits import Hit

from . import filters, models, serializers


class Agency(Resource):
    queryset = models.Agency.objects.all()
    ladder = serializers.AgencyMini, serializers.AgencyNormal, serializers.AgencyEndpointDetailed
    filterset_class = filters.AgencyFilter
    search_fields = ("abbrev", "name")
    ordering_fields = (*models.LaunchTotals.names(), "featured", "id", "name")
    examples = {"filters": "abbrev=NASA", "search": "search=SpaceX", "ordering": "ordering=-total_launch_count"}
    hit = Hit(names=("name", "abbrev"), picture="logo", line=("abbrev", "type__name"), order="-total_launch_count")


class MissionPatch(Resource):
    queryset = models.MissionPatch.objects.all()
    ladder = serializers.MissionPatch, serializers.MissionPatchDetailed
    filterset_class = filters.MissionPatchFilter
    search_fields = ("agency__name", "name")
    ordering_fields = ("agency__name", "id", "name", "priority")
    examples = {"filters": "agency__id=147", "search": "search=Ariane", "ordering": "ordering=priority"}


class Program(Resource):
    queryset = models.Program.objects.all()
    ladder = serializers.ProgramMini, serializers.ProgramNormal
    hit = Hit(line=("type__name", "start_date"), has_initials=True, order="-start_date")
