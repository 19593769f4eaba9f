from spacedevs.api.filters.filters import (
    BOUNDED,
    CONTAINED,
    EXACT,
    AllIdsFilter,
    IdsFilter,
    ResourceFilter,
    TextFilter,
)

from . import models
from .serializers import ROCKET_TOTALS


class SpacecraftFilter(ResourceFilter):
    class Meta:
        model = models.Spacecraft
        computed = {"in_space": EXACT}
        fields = dict.fromkeys(("is_placeholder", "name", "spacecraft_config", "status"), EXACT)


class SpacecraftConfigFilter(ResourceFilter):
    class Meta:
        model = models.SpacecraftConfig
        fields = dict.fromkeys(("agency", "human_rated", "in_use", "name"), EXACT)


class SpacecraftConfigFamilyFilter(ResourceFilter):
    class Meta:
        model = models.SpacecraftConfigFamily
        fields = dict.fromkeys(("manufacturer", "name"), EXACT)


class LauncherFilter(ResourceFilter):
    launcher_config__ids = IdsFilter("launcher_config__id")

    class Meta:
        model = models.Launcher
        fields = {
            **dict.fromkeys(("attempted_landings", "flights", "successful_landings"), BOUNDED),
            **dict.fromkeys(
                ("id", "launcher_config__manufacturer__name", "serial_number"),
                CONTAINED,
            ),
            **dict.fromkeys(
                ("first_launch_date", "flight_proven", "is_placeholder", "last_launch_date", "status"), EXACT
            ),
        }


class LauncherConfigFilter(ResourceFilter):
    families = IdsFilter("families__id")
    families__contains = AllIdsFilter("families__id")
    program = IdsFilter("program__id")
    program__contains = AllIdsFilter("program__id")

    class Meta:
        model = models.LauncherConfig
        fields = {
            **dict.fromkeys(("full_name", "manufacturer__name", "name"), CONTAINED),
            **dict.fromkeys((*ROCKET_TOTALS, "maiden_flight"), BOUNDED),
            **dict.fromkeys(("active", "is_placeholder", "reusable"), EXACT),
        }


class LauncherConfigFamilyFilter(ResourceFilter):
    manufacturer__country_code = TextFilter("manufacturer__country__alpha_3_code")

    class Meta:
        model = models.LauncherConfigFamily
        fields = {
            **dict.fromkeys(("manufacturer__abbrev", "manufacturer__id", "manufacturer__name", "name"), CONTAINED),
            **dict.fromkeys((*ROCKET_TOTALS, "maiden_flight"), BOUNDED),
        }


class PayloadFilter(ResourceFilter):
    class Meta:
        model = models.Payload
        fields = dict.fromkeys(
            (
                "manufacturer__id",
                "manufacturer__name",
                "name",
                "operator",
                "operator__id",
                "operator__name",
                "program__id",
            ),
            EXACT,
        )
