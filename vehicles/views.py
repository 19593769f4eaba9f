from spacedevs.api.views import Resource
from spacedevs.db.paths import with_other_names
from spacedevs.search.hits import Hit

from . import filters, models, serializers


class Launcher(Resource):
    queryset = models.Launcher.objects.all()
    ladder = serializers.LauncherMini, serializers.LauncherNormal, serializers.LauncherDetailed
    filterset_class = filters.LauncherFilter
    search_fields = ("serial_number", "status__name")
    ordering_fields = ("attempted_landings", "flight_proven", "flights", "id", "successful_landings")
    examples = {"filters": "is_placeholder=True", "search": "search=B1048", "ordering": "ordering=-flights"}
    hit = Hit(names=("serial_number",), line=("launcher_config__name", "status__name"), order="-flights")


class LauncherConfig(Resource):
    queryset = models.LauncherConfig.objects.all()
    ladder = (
        serializers.LauncherConfigList,
        serializers.LauncherConfigNormal,
        serializers.LauncherConfigDetailed,
    )
    filterset_class = filters.LauncherConfigFilter
    search_fields = ("full_name", "manufacturer__abbrev", "manufacturer__name", "name")
    ordering_fields = (
        *serializers.ROCKET_TOTALS,
        "gto_capacity",
        "launch_cost",
        "launch_mass",
        "leo_capacity",
        "maiden_flight",
        "name",
    )
    examples = {
        "filters": "manufacturer__name=SpaceX",
        "search": "search=Soyuz",
        "ordering": "ordering=-total_launch_count",
    }
    hit = Hit(
        names=(models.SHOWN_NAME, "name", "alias"),
        texts=("manufacturer__name",),
        line=("manufacturer__name",),
        order="-total_launch_count",
    )


class LauncherConfigFamily(Resource):
    queryset = models.LauncherConfigFamily.objects.all()
    ladder = (
        serializers.LauncherConfigFamilyMini,
        serializers.LauncherConfigFamilyNormal,
        serializers.LauncherConfigFamilyDetailed,
    )
    filterset_class = filters.LauncherConfigFamilyFilter
    search_fields = ("manufacturer__abbrev", "manufacturer__name", "name")
    ordering_fields = (*serializers.ROCKET_TOTALS, "name")
    examples = {
        "filters": "manufacturer__name=SpaceX",
        "search": "search=Ariane",
        "ordering": "ordering=-total_launch_count",
    }


class Payload(Resource):
    queryset = models.Payload.objects.all()
    ladder = serializers.PayloadMini, serializers.PayloadNormal, serializers.PayloadDetailed
    filterset_class = filters.PayloadFilter
    paths = {"payloadflight__rocket__launch": "flights__launch", "payloadflight": "flights"}
    search_fields = with_other_names(models.PAYLOADS_SEARCHED, paths)
    ordering_fields = ("id", "name", "payloadflight__rocket__launch__net")
    examples = {
        "filters": "program__id=18",
        "search": "search=EarthCare",
        "ordering": "ordering=-payloadflight__rocket__launch__net",
    }


class Spacecraft(Resource):
    queryset = models.Spacecraft.objects.all()
    ladder = serializers.SpacecraftNormal, serializers.SpacecraftEndpointDetailed
    filterset_class = filters.SpacecraftFilter
    search_fields = ("name", "spacecraft_config__name")
    ordering_fields = ("flights_count", "id", "mission_ends_count", "time_docked", "time_in_space")
    examples = {
        "filters": "is_placeholder=True",
        "search": "search=Endeavour",
        "ordering": "ordering=-flights_count",
    }
    hit = Hit(
        names=("name", "serial_number"),
        texts=("spacecraft_config__name",),
        line=("spacecraft_config__name", "status__name"),
        order="-flights_count",
    )


class SpacecraftConfiguration(Resource):
    queryset = models.SpacecraftConfig.objects.all()
    ladder = serializers.SpacecraftConfigNormal, serializers.SpacecraftConfigDetailed
    filterset_class = filters.SpacecraftConfigFilter
    search_fields = ("agency__abbrev", "agency__name", "name")
    ordering_fields = ("name",)
    examples = {"filters": "human_rated=True", "search": "search=Dragon", "ordering": "ordering=name"}
    hit = Hit(texts=("agency__name",), line=("agency__name",), order="-total_launch_count")


class SpacecraftConfigFamily(Resource):
    queryset = models.SpacecraftConfigFamily.objects.all()
    ladder = (
        serializers.SpacecraftConfigFamilyMini,
        serializers.SpacecraftConfigFamilyNormal,
        serializers.SpacecraftConfigFamilyEndpointDetailed,
    )
    filterset_class = filters.SpacecraftConfigFamilyFilter
    search_fields = ("manufacturer__abbrev", "manufacturer__name", "name")
    ordering_fields = ("name",)
    examples = {"filters": "manufacturer=121", "search": "search=Northrop", "ordering": "ordering=name"}
