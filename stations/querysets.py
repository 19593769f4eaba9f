from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from spacedevs.db.clock import ClockManager
from spacedevs.db.subsets import Subset

ACTIVE = Subset(  # expeditions in progress
    Q(start__lte=Now()) & (Q(end=None) | Q(end__gt=Now())),
    {"start": timedelta(), "end": timedelta()},
)


class SpaceStationManager(ClockManager):
    """Stations with the number of vehicles and people that are there now."""

    figures = {
        "docked_vehicles": "docking.querysets.docked_vehicles",
        "onboard_crew": "docking.querysets.onboard_crew",
    }
    next_change = "docking.querysets.next_docking_or_departure"
