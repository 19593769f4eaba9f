from spacedevs.api.filters.filters import (
    BOUNDED,
    COMPARED,
    CONTAINED,
    EXACT,
    IdsFilter,
    IntegerFilter,
    ResourceFilter,
    SubsetFilter,
)

from . import models
from .querysets import ACTIVE


class SpaceStationFilter(ResourceFilter):
    owner__ids = IdsFilter("owners__id")
    owners = IdsFilter("owners__id")
    status__ids = IdsFilter("status__id")

    class Meta:
        model = models.SpaceStation
        computed = dict.fromkeys(("docked_vehicles", "onboard_crew"), BOUNDED)
        fields = {
            "name": CONTAINED,
            **dict.fromkeys(("id", "orbit", "status", "type"), EXACT),
        }


class ExpeditionFilter(ResourceFilter):
    is_active = SubsetFilter(ACTIVE, label="Is in progress")
    space_station = IntegerFilter("spacestation")

    class Meta:
        model = models.Expedition
        fields = {
            **dict.fromkeys(("crew__astronaut", "crew__astronaut__agency", "name"), EXACT),
            **dict.fromkeys(("start", "end"), COMPARED),
        }
