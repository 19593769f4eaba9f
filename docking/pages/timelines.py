"""The bars of a timeline; the number of queries does not depend on the number of bars."""

from collections import Counter
from datetime import UTC, datetime, time
from typing import NamedTuple

from docking.models import DockingEvent, DockingLocation
from launches.models import SpacecraftFlight
from spacedevs.http.versions import path_of
from stations.models import SpaceStation
from vehicles.models import Spacecraft, SpacecraftConfig

EARLIEST, LATEST = 1900, 2199  # the range of years that can be drawn
MODULE, STATION, FLIGHT = "Module", "Space station", "Flight"  # kinds of bars that are not spacecraft
FLIGHTS, VISITORS = "In flight", "Docked at it"  # the additional rows of a spacecraft
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
    """A bar: something with a start and an end."""

    row: str  # the name of its row
    name: str
    kind: str
    start: datetime
    end: datetime | None  # None while it lasts
    view: str  # of the record that it links to
    key: int
    ship: int | None = None  # the spacecraft, if it has a page

    @property
    def address(self) -> str:
        return path_of(self.view, self.key)

    @property
    def page(self) -> str | None:
        """The URL of the page of its spacecraft."""
        return self.ship and path_of("spacecraft", self.ship)

    def lasts(self, now) -> bool:
        return self.end is None and self.start <= now

    def until(self, now) -> datetime:
        """The end; now if it lasts."""
        return max(self.start, self.end or now)

    def days(self, now) -> int:
        return (self.until(now).date() - self.start.date()).days


class Timeline(NamedTuple):
    """The bars of a page, and its rows, including empty ones."""

    title: str
    rows: list[str]
    bars: list[Bar]
    founded: int | None = None  # the first year to draw, if not that of the first bar

    @property
    def kinds(self) -> list[str]:
        """The kinds of all bars, most frequent first. It ignores the zoom, so that colours do not change."""
        counted = Counter(bar.kind for bar in self.bars)
        return sorted(counted, key=lambda kind: (-counted[kind], kind))

    def years(self, now) -> tuple[int, int]:
        """The first and last year, limited to the range that can be drawn."""
        starts = [bar.start.year for bar in self.bars] or [self.founded or now.year]
        ends = [bar.until(now).year for bar in self.bars] or starts
        return drawable(min(filter(None, (*starts, self.founded)))), drawable(max(ends))

    def within(self, first, last, now) -> list[Bar]:
        """The bars within these years."""
        return [bar for bar in self.bars if bar.start.year <= last and bar.until(now).year >= first]


def drawable(year) -> int:
    """The nearest year that can be drawn."""
    return min(max(year, EARLIEST), LATEST)


def of_stations(rows) -> Timeline:
    """The lifetimes of the stations, oldest first."""
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
    """The family of each spacecraft configuration, by key; the oldest one if there are several."""
    links = SpacecraftConfig.family.through.objects.order_by("-spacecraftconfigfamily_id")
    return dict(links.values_list("spacecraftconfig_id", "spacecraftconfigfamily__name"))


def stays(columns, **which):
    """Docking events: key, docking, departure, port, and the given columns of chaser and target by name."""
    own = "id", "docking", "departure", "docking_location__name"
    rows = DockingEvent.objects.filter(**which).order_by("docking", "id").values_list(*own, *columns.values())
    for facts in rows:
        yield *facts[: len(own)], dict(zip(columns, facts[len(own) :], strict=True))


def vehicle(chaser, family) -> tuple[str, str]:
    """The name and the kind of the chaser."""
    if chaser["ship"]:
        return chaser["ship_name"], family.get(chaser["design"], chaser["design_name"])
    return (chaser["payload_name"], MODULE) if chaser["payload_name"] else (chaser["station_name"], STATION)


def of_station(station: SpaceStation) -> Timeline:
    """The docking events at each port of a station."""
    ports = dict.fromkeys(DockingLocation.objects.filter(spacestation=station).values_list("name", flat=True))
    family, bars = families(), []
    for key, docking, departure, port, chaser in stays(CHASER, space_station_target=station):
        ports.setdefault(port)
        name, kind = vehicle(chaser, family)
        bars.append(Bar(port, name, kind, docking, departure, "dockingevent-detail", key, chaser["ship"]))
    return Timeline(station.name, list(ports), bars, station.founded and station.founded.year)


def of_spacecraft(ship: Spacecraft) -> Timeline:
    """The flights of a spacecraft, its docking events by target, and those of others at it."""
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
    """The flights of a spacecraft, from launch to mission end; if that is unknown, to its last departure.

    Only the last flight of a spacecraft that is in space may have no end."""
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
