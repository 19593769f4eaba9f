from spacedevs.api.filters import COMPARED, EXACT, Absent, ResourceFilter

from . import models


class DockingEventFilter(ResourceFilter):
    docked = Absent("departure", label="Is still docked")

    class Meta:
        model = models.DockingEvent
        fields = {
            "docking": COMPARED,
            "docking_location__id": EXACT,
            "flight_vehicle_chaser__id": EXACT,
            "space_station_target__id": EXACT,
        }
