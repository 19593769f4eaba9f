from django.db.models import F

from spacedevs.db.clock import ClockManager, Lasting, change
from spacedevs.db.subsets import previous, upcoming

UPCOMING, PREVIOUS = upcoming("net"), previous("net")


class SpacecraftFlightManager(ClockManager):
    """Spacecraft flights with their duration."""

    figures = {"duration": Lasting(F("recorded_duration"), F("lifted_off"), F("mission_end"))}
    next_change = change("lifted_off", "mission_end")
