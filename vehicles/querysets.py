from django.db.models import F

from spacedevs.db.clock import ClockManager, Ended, First, GoesOn, Lasting, change


class SpacecraftManager(ClockManager):
    """Spacecraft with the values that depend on their last flight and last docking event, which may still last."""

    figures = {
        "in_space": GoesOn(F("recorded_in_space"), F("in_space_since"), F("in_space_until")),
        "time_in_space": Lasting(F("recorded_time_in_space"), F("in_space_since"), F("in_space_until")),
        "time_docked": Lasting(F("recorded_time_docked"), F("docked_since"), F("docked_until")),
        "mission_ends_count": Ended(F("recorded_mission_ends_count"), F("in_space_until")),
    }
    next_change = First(change("in_space_since", "in_space_until"), change("docked_since", "docked_until"))
