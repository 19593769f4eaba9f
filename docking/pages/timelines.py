"""What was docked where across the years: the bars of a timeline, in few statements however many there are."""

from collections import Counter
from datetime import UTC, datetime, time
from typing import NamedTuple

from docking.models import DockingEvent, DockingLocation
from launches.models import SpacecraftFlight
from spacedevs.api.render_plan.plan import path_of
from stations.models import SpaceStation
from vehicles.models import Spacecraft, SpacecraftConfig

EARLIEST, LATEST = 1900, 2199  # the years that can be drawn
MODULE, STATION, FLIGHT = "Module", "Space station", "Flight"  # kinds of what is no kind of ship
FLIGHTS, VISITORS = "In flight", "Docked at it"  # the rows of a ship beside those of what it was docked at
CHASER = {
    "ship": "flight_vehicle_chaser__spacecraft",
    "ship_name": "flight_vehicle_chaser__spacecraft__name",
    "design": "flight_vehicle_chaser__spacecraft__spacecraft_config",
    "design_name": "flight_vehicle_chaser__spacecraft__spacecraft_config__name",
    "payload_name": "payload_flight_chaser__payload__name",
    "station_name": "space_station_chaser__name",
}
TARGET = {
    "flight": "flight_vehicle_chaser",
    "ship_name": "flight_vehicle_target__spacecraft__name",
    "payload_name": "payload_flight_target__payload__name",
    "station_name": "space_station_target__name",
}


class Bar(NamedTuple):
    """Something that lasted for a time."""

    row: str  # beside what it is drawn
    name: str
    kind: str
    start: datetime
    end: datetime | None  # none as long as it lasts
    view: str  # that shows it
    key: int
    ship: int | None = None  # that has a page of its own

    @property
    def address(self) -> str:
        return path_of(self.view, self.key)

    @property
    def page(self) -> str | None:
        """The address of its ship's page."""
        return self.ship and path_of("spacecraft", self.ship)

    def lasts(self, now) -> bool:
        return self.end is None and self.start <= now

    def until(self, now) -> datetime:
        """The end; of what lasts, now."""
        return max(self.start, self.end or now)

    def days(self, now) -> int:
        return (self.until(now).date() - self.start.date()).days


class Timeline(NamedTuple):
    """All the bars of something, and the rows that they are drawn in, empty ones among them."""

    title: str
    rows: list[str]
    bars: list[Bar]
    founded: int | None = None  # the year from which it is drawn, if not from its first bar

    @property
    def kinds(self) -> list[str]:
        """The kinds of bars, the most frequent first: of all there are, so that colours stay when one zooms."""
        counted = Counter(bar.kind for bar in self.bars)
        return sorted(counted, key=lambda kind: (-counted[kind], kind))

    def years(self, now) -> tuple[int, int]:
        """The first year and the last, as far as years are drawn."""
        starts = [bar.start.year for bar in self.bars] or [self.founded or now.year]
        ends = [bar.until(now).year for bar in self.bars] or starts
        return drawable(min(filter(None, (*starts, self.founded)))), drawable(max(ends))

    def within(self, first, last, now) -> list[Bar]:
        """The bars of these years."""
        return [bar for bar in self.bars if bar.start.year <= last and bar.until(now).year >= first]


def drawable(year) -> int:
    """The nearest year that is drawn."""
    return min(max(year, EARLIEST), LATEST)


def of_stations(rows) -> Timeline:
    """The years in which stations were up there, the eldest first."""
    known = sorted((row for row in rows if row.founded), key=lambda row: (row.founded, row.pk))
    bars = [
        Bar(
            row.name,
            row.name,
            row.status.name if row.status else STATION,
            midnight(row.founded),
            row.deorbited and midnight(row.deorbited),
            "station",
            row.pk,
        )
        for row in known
    ]
    return Timeline("Space stations", [row.name for row in known], bars)


def midnight(day) -> datetime:
    return datetime.combine(day, time(), UTC)


def families() -> dict[int, str]:
    """What family a kind of ship belongs to, by its key: the eldest, where there are several."""
    links = SpacecraftConfig.family.through.objects.order_by("-spacecraftconfigfamily_id")
    return dict(links.values_list("spacecraftconfig_id", "spacecraftconfigfamily__name"))


def stays(columns, **which):
    """Stays: key, docking, departure, port, and these columns of its parties by their names."""
    own = "id", "docking", "departure", "docking_location__name"
    rows = DockingEvent.objects.filter(**which).order_by("docking", "id").values_list(*own, *columns.values())
    for facts in rows:
        yield *facts[: len(own)], dict(zip(columns, facts[len(own) :], strict=True))


def vehicle(chaser, family) -> tuple[str, str]:
    """The name of what docks, and its kind."""
    if chaser["ship"]:
        return chaser["ship_name"], family.get(chaser["design"], chaser["design_name"])
    return (chaser["payload_name"], MODULE) if chaser["payload_name"] else (chaser["station_name"], STATION)


def of_station(station: SpaceStation) -> Timeline:
    """The stays at each port of a station."""
    ports = dict.fromkeys(DockingLocation.objects.filter(spacestation=station).values_list("name", flat=True))
    family, bars = families(), []
    for key, docking, departure, port, chaser in stays(CHASER, space_station_target=station):
        ports.setdefault(port)
        name, kind = vehicle(chaser, family)
        bars.append(Bar(port, name, kind, docking, departure, "dockingevent-detail", key, chaser["ship"]))
    return Timeline(station.name, list(ports), bars, station.founded and station.founded.year)


def of_spacecraft(ship: Spacecraft) -> Timeline:
    """The flights of a ship, its stays at each of its targets, and the stays of others at it."""
    family, left, visits, visitors = families(), {}, [], []
    for key, docking, departure, port, target in stays(TARGET, flight_vehicle_chaser__spacecraft=ship):
        name = target["station_name"] or target["ship_name"] or target["payload_name"]
        visits.append(Bar(name, port, name, docking, departure, "dockingevent-detail", key))
        left[target["flight"]] = departure
    for key, docking, departure, _, chaser in stays(CHASER, flight_vehicle_target__spacecraft=ship):
        name, kind = vehicle(chaser, family)
        visitors.append(Bar(VISITORS, name, kind, docking, departure, "dockingevent-detail", key, chaser["ship"]))
    bars = [*flights(ship, left), *visits, *visitors]
    return Timeline(ship.name, list(dict.fromkeys((FLIGHTS, *(bar.row for bar in bars)))), bars)


def flights(ship, left) -> list[Bar]:
    """The flights of a ship, from launch to mission end; where that is not known, until it left what it was docked at.

    Only the last flight of a ship that is said to be in space may last."""
    rows = SpacecraftFlight.objects.filter(spacecraft=ship, launch__net__isnull=False).order_by("launch__net", "id")
    found = list(rows.values_list("id", "launch__name", "launch__net", "mission_end"))
    return [
        Bar(
            FLIGHTS,
            name.rpartition(" | ")[2],
            FLIGHT,
            net,
            end or (None if ship.in_space and key == found[-1][0] else left.get(key) or net),
            "spacecraftflight-detail",
            key,
        )
        for key, name, net, end in found
    ]
