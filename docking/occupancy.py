"""Who is at stations now: the vehicles that are docked, and the people aboard."""

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

# A port is in service for so long after the last ship left it. Longer than fleets stood still (the Shuttle for 29
# months, Dragon, Progress and Soyuz for less than a year), and shorter than any module has stood at a port of the ISS
# that was for ships before.
IN_SERVICE = timedelta(days=4 * 365)
EVER = datetime(9999, 1, 1, tzinfo=UTC)  # the departure of a ship that is still there

LAST = 2**31  # the priority of somebody without a role


class Aboard(NamedTuple):
    """Somebody aboard, with whom they came, and since when."""

    seat: AstronautFlight
    came_with: str
    since: datetime


class Presence(NamedTuple):
    """Who is at one station."""

    stays: list[DockingEvent]
    expeditions: list[Expedition]

    @property
    def crew(self) -> list[Aboard]:
        """Those who came with the ships that are docked; where of none it is known who came, the expeditions' crews.

        The crew of an expedition holds also those who have left before its end."""
        ships = [stay for stay in self.stays if stay.flight_vehicle_chaser]
        came = [
            Aboard(seat, stay.chaser.name, stay.docking)
            for stay in ships
            for seat in stay.flight_vehicle_chaser.onboard_crew.all()
        ] or [Aboard(seat, str(each), each.start) for each in self.expeditions for seat in each.crew.all()]
        each_once = {aboard.seat.astronaut_id: aboard for aboard in reversed(came)}
        return sorted(each_once.values(), key=rank)


def rank(aboard):
    """Who came first is named first, and of those the one of the highest role."""
    role = aboard.seat.role
    return aboard.since, (role.priority, role.pk) if role else (LAST, 0), aboard.seat.pk


def presences(station: int | None = None) -> defaultdict[int, Presence]:
    """Who is at stations, by their keys: at this one, or at all."""
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
    """What is of this station, or of any."""
    return {f"{relation}__isnull": False} if station is None else {relation: station}


def ports_for_ships(station: int) -> list[DockingLocation]:
    """The ports of a station at which a ship can dock, taken or not: those of which an editor says so, and of the
    others those where a ship was lately.

    A port that a module has taken along, or that another module stands at, is none. Lately is meant by the station's
    own time, that of the last docking there: nothing changes with the clock, and a station of 1986 has its ports.
    Where no ship has ever docked, all ports are as good as each other."""
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
    """The ports of a station at which a ship can dock, but for those that these stays take."""
    taken = {stay.docking_location_id for stay in stays}
    return [port for port in ports_for_ships(station) if port.pk not in taken]


def changes_at(station: int | None = None) -> datetime | None:
    """When somebody comes or goes next, as far as it has been entered in advance."""
    stays = DockingEvent.objects.filter(**of("space_station_target", station))
    expeditions = Expedition.objects.filter(**of("spacestation", station))
    return min(filter(None, (DOCKED.changes_at(stays), ACTIVE.changes_at(expeditions))), default=None)
