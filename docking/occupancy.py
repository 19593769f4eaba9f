"""The vehicles and people that are at stations now."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db.models import Max, Prefetch
from django.db.models.functions import Coalesce, Now

from crew.models import AstronautFlight
from stations.models import Expedition
from stations.querysets import ACTIVE

from .models import DockingEvent, DockingLocation
from .querysets import DOCKED

SHOWN = (  # of a stay
    "docking_location",
    "flight_vehicle_chaser__spacecraft__image",
    "flight_vehicle_chaser__spacecraft__spacecraft_config__image",
    "payload_flight_chaser__payload__image",
    "payload_flight_chaser__payload__type",
    "space_station_chaser__image",
)

# How long a port counts as in service after the last departure. This is longer than any fleet was grounded (the
# Shuttle for 29 months; Dragon, Progress and Soyuz for less than a year), and shorter than any module has occupied a
# port of the ISS that spacecraft used before.
IN_SERVICE = timedelta(days=4 * 365)
EVER = datetime(9999, 1, 1, tzinfo=UTC)  # the departure of a vehicle that is still docked

LAST = 2**31  # the priority of a person without a role


class Aboard(NamedTuple):
    """A person aboard, the vehicle they arrived on, and since when."""

    seat: AstronautFlight
    came_with: str
    since: datetime


class Presence(NamedTuple):
    """The vehicles and people at one station."""

    stays: list[DockingEvent]
    expeditions: list[Expedition]

    @property
    def crew(self) -> list[Aboard]:
        """The crews of the docked spacecraft; if all of these are unknown, the crews of the active expeditions.

        The crew of an expedition includes people who left before its end."""
        ships = [stay for stay in self.stays if stay.flight_vehicle_chaser]
        came = [
            Aboard(seat, stay.chaser.name, stay.docking)
            for stay in ships
            for seat in stay.flight_vehicle_chaser.onboard_crew.all()
        ] or [Aboard(seat, str(each), each.start) for each in self.expeditions for seat in each.crew.all()]
        each_once = {aboard.seat.astronaut_id: aboard for aboard in reversed(came)}
        return sorted(each_once.values(), key=rank)


def rank(aboard):
    """Sorts people by arrival, then by role."""
    role = aboard.seat.role
    return aboard.since, (role.priority, role.pk) if role else (LAST, 0), aboard.seat.pk


def presences(station: int | None = None) -> defaultdict[int, Presence]:
    """The vehicles and people at this station, or at all stations, by the stations' keys."""
    seats = AstronautFlight.objects.select_related("astronaut__image", "role")
    stays = DOCKED.of(DockingEvent.objects.filter(**of("space_station_target", station))).select_related(*SHOWN)
    expeditions = ACTIVE.of(Expedition.objects.filter(**of("spacestation", station)))
    found = defaultdict(lambda: Presence([], []))
    for stay in stays.prefetch_related(Prefetch("flight_vehicle_chaser__onboard_crew", seats)):
        found[stay.space_station_target_id].stays.append(stay)
    for each in expeditions.prefetch_related(Prefetch("crew", seats)):
        found[each.spacestation_id].expeditions.append(each)
    return found


def of(relation, station) -> dict:
    """The filter for this station, or for all."""
    return {f"{relation}__isnull": False} if station is None else {relation: station}


def ports_for_ships(station: int) -> list[DockingLocation]:
    """The ports of a station that take spacecraft, free or occupied: those that an editor marked, and of the unmarked
    ones those that a spacecraft used recently.

    This excludes ports that moved away with a module and ports that another module occupies. "Recently" counts back
    from the latest docking at the station, not from now: so the result does not depend on the clock, and a station of
    1986 keeps its ports. If no spacecraft has ever docked, all ports count."""
    ships = DockingEvent.objects.filter(
        space_station_target__id=station, flight_vehicle_chaser__isnull=False, docking__lte=Now()
    )
    lasts = {"came": Max("docking"), "left": Max(Coalesce("departure", EVER))}
    visits = list(ships.order_by().values_list("docking_location").annotate(**lasts))
    since = max((came for _, came, _ in visits), default=None)
    left = {port: left for port, _, left in visits}

    def takes_ships(port):
        if port.takes_ships is not None or since is None:
            return port.takes_ships is not False
        return port.pk in left and left[port.pk] >= since - IN_SERVICE

    return [port for port in DockingLocation.objects.filter(spacestation__id=station) if takes_ships(port)]


def free_ports(station: int, stays: list[DockingEvent]) -> list[DockingLocation]:
    """The ports of a station that take spacecraft and that none of these docking events occupies."""
    taken = {stay.docking_location_id for stay in stays}
    return [port for port in ports_for_ships(station) if port.pk not in taken]


def changes_at(station: int | None = None) -> datetime | None:
    """The next docking or departure that is stored, if any."""
    stays = DockingEvent.objects.filter(**of("space_station_target", station))
    expeditions = Expedition.objects.filter(**of("spacestation", station))
    return min(filter(None, (DOCKED.changes_at(stays), ACTIVE.changes_at(expeditions))), default=None)
