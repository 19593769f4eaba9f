from spacedevs.api.filters.filters import (
    BOUNDED,
    COMPARED,
    CONTAINED,
    EXACT,
    Chosen,
    Ids,
    IntegerFilter,
    ResourceFilter,
)

from . import models
from .querysets import ACTIVE


class SpaceStationFilter(ResourceFilter):
    owner__ids = Ids("owners__id")
    owners = Ids("owners__id")
    status__ids = Ids("status__id")

    class Meta:
        model = models.SpaceStation
        computed = dict.fromkeys(("docked_vehicles", "onboard_crew"), BOUNDED)
        fields = {
            "name": CONTAINED,
            **dict.fromkeys(("id", "orbit", "status", "type"), EXACT),
        }


class ExpeditionFilter(ResourceFilter):
    is_active = Chosen(ACTIVE, label="Has begun and not ended")
    space_station = IntegerFilter("spacestation")

    class Meta:
        model = models.Expedition
        fields = {
            **dict.fromkeys(("crew__astronaut", "crew__astronaut__agency", "name"), EXACT),
            **dict.fromkeys(("start", "end"), COMPARED),
        }
