from spacedevs.api.filters import COMPARED, EXACT, Chosen, ResourceFilter

from . import models
from .querysets import DOCKED


class DockingEventFilter(ResourceFilter):
    docked = Chosen(DOCKED, label="Is still docked")

    class Meta:
        model = models.DockingEvent
        fields = {
            "docking": COMPARED,
            "docking_location__id": EXACT,
            "flight_vehicle_chaser__id": EXACT,
            "space_station_target__id": EXACT,
        }
