from spacedevs.api.filters.filters import (
    BOUNDED,
    CONTAINED,
    EXACT,
    IdsFilter,
    PresenceFilter,
    ResourceFilter,
    TextsFilter,
)

from . import models


class AgencyFilter(ResourceFilter):
    country_code = TextsFilter("country__alpha_3_code")
    spacecraft = PresenceFilter("spacecraft_list", label="Builds spacecraft")

    class Meta:
        model = models.Agency
        fields = {
            **dict.fromkeys(("abbrev", "description", "name"), CONTAINED),
            **dict.fromkeys((*models.LaunchTotals.names(), "founding_year"), BOUNDED),
            **dict.fromkeys(("featured", "id", "parent__id", "type__id"), EXACT),
        }


class MissionPatchFilter(ResourceFilter):
    ids = IdsFilter("id")

    class Meta:
        model = models.MissionPatch
        fields = {
            **dict.fromkeys(("agency__name", "name"), CONTAINED),
            **dict.fromkeys(("agency__id", "id"), EXACT),
        }
