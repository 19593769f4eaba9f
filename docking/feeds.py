from django.db.models.functions import Coalesce

from spacedevs.api.feeds.feeds import Feed, past
from spacedevs.api.feeds.renderers import Entry

from .querysets import DOCKED


class Dockings(Feed):
    """Docking events, each from docking to departure; one without departure has no end."""

    title = "Docking events"
    time = "docking"
    # Rows store no time of change, so this is their latest past time; for a plan, the last update of its launch.
    changed = Coalesce(past("departure"), past("docking"), "flight_vehicle_chaser__launch__last_updated")
    clock = DOCKED
    related = (
        "docking_location",
        "flight_vehicle_chaser__spacecraft",
        "flight_vehicle_target__spacecraft",
        "payload_flight_chaser__payload",
        "payload_flight_target__payload",
        "space_station_chaser",
        "space_station_target",
    )

    @staticmethod
    def entry(stay):
        place = f"{stay.target.name}, {stay.docking_location.name}"
        return Entry(
            title=f"{stay.chaser.name} at {place}",
            start=stay.docking,
            end=stay.departure,
            category="Docking",
            place=place,
            text=f"Docked {stay.span}.",
        )
