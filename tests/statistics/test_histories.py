"""Whatever happens, what a change touches is recomputed as everything would be, and both are right."""

import json
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import OperationalError, models, transaction
from django.test import TestCase
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from launches.models import LaunchStatus
from spacedevs.api.registry import endpoints
from spacedevs.db import pending
from spacedevs.statistics.recompute import recompute
from spacedevs.statistics.registry import Statistic, statistics
from spacedevs.sync.exporting.jsonl import lines
from spacedevs.sync.importing.outcome import Record
from spacedevs.sync.importing.records import ingest_each
from tests.conftest import STARTED
from tests.support import factories

from .oracle import disagreements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("derived")]

FEW = st.integers(0, 2)
PAST = st.integers(-24_000, -1).map(lambda hours: STARTED + timedelta(hours=hours, minutes=hours % 7))
AHEAD = st.integers(1, 60).map(lambda days: STARTED + timedelta(days=days))
WHEN = PAST | PAST | PAST | AHEAD
TIED = st.sampled_from([STARTED + timedelta(days=days) for days in (-90, 30)])  # most plans share their time
OUTCOME = st.fixed_dictionaries({"attempt": st.booleans(), "success": st.none() | st.booleans()})
SEATS = st.sets(st.integers(0, 4), max_size=3).map(sorted)

LAUNCH = {
    "net": WHEN | TIED | st.none(),
    "status": st.sampled_from([1, 3, 3, 3, 4, 6, 7, 8, 9]),
    "pad": FEW | st.none(),
    "launch_service_provider": FEW | st.none(),
    "rocket__configuration": FEW,
    "mission": st.none() | st.integers(0, 1),
}
FLIGHT = {"spacecraft": FEW, "launch": FEW, "mission_end": WHEN | st.none(), "landing": st.none() | OUTCOME}
STAGE = {
    "launcher": FEW | st.none(),
    "launch": FEW,
    "landing": st.none() | OUTCOME,
    "launcher_flight_number": st.none() | st.integers(1, 4),
}
PAYLOAD = {"payload": st.integers(0, 1), "launch": FEW, "landing": OUTCOME}
STAY = {"flight_vehicle_chaser": FEW, "docking": WHEN, "departure": WHEN | st.none()}
WALK = {"start": PAST, "end": PAST | st.none(), "crew": SEATS}
FACTS = {"launch": LAUNCH, "flight": FLIGHT, "stage": STAGE, "payload": PAYLOAD, "stay": STAY, "walk": WALK}


def happening(kind):
    """Something that comes, goes or changes."""
    facts = FACTS[kind]
    changed = st.sampled_from(sorted(facts)).flatmap(lambda name: st.tuples(st.just(name), facts[name]))
    return st.one_of(
        st.tuples(st.just("come"), st.just(kind), st.fixed_dictionaries(facts)),
        st.tuples(st.just("change"), st.just(kind), FEW, changed),
        st.tuples(st.just("go"), st.just(kind), FEW),
    )


CREW = st.tuples(st.just("crew"), FEW, st.sampled_from(["launch_crew", "onboard_crew", "landing_crew"]), SEATS)
MOVED = "pad", "place", "body", "family of rockets", "family of ships", "kind of ship", "orbit", "operator"
MOVES = st.tuples(st.just("move"), st.sampled_from(MOVED), FEW, FEW)


def coming(kind):
    return st.tuples(st.just("come"), st.just(kind), st.fixed_dictionaries(FACTS[kind]))


BEGINNING = ["launch", "launch", "flight", "flight", "stage", "stage", "stay", "stay", "payload", "walk"]
HISTORIES = st.tuples(
    st.tuples(*map(coming, BEGINNING), CREW, CREW, CREW),
    st.lists(st.sampled_from([*FACTS]).flatmap(happening) | CREW | MOVES, min_size=3, max_size=6),
)


class World:
    """A small one, in which everything is a few times."""

    def __init__(self):
        for number in range(1, 10):
            LaunchStatus.objects.get_or_create(id=number, defaults={"name": str(number)})
        make = factories
        self.bodies = [make.celestial_body() for _ in range(2)]
        self.locations = [make.location(celestial_body=self.bodies[n % 2]) for n in range(2)]
        self.pads = [make.pad(location=self.locations[n % 2]) for n in range(3)]
        self.places = [
            make.landing_location(location=self.locations[n % 2], celestial_body=self.bodies[n % 2]) for n in range(3)
        ]
        self.agencies = [make.agency() for _ in range(3)]
        self.rocket_families, self.ship_families = (
            [factory() for _ in range(2)] for factory in (make.launcher_family, make.spacecraft_family)
        )
        self.rockets = [make.launcher_config(families=self.rocket_families[: n + 1]) for n in range(3)]
        self.launchers = [make.launcher() for _ in range(3)]
        self.ship_kinds = [
            make.spacecraft_config(agency=self.agencies[n % 2], family=self.ship_families[:n]) for n in range(3)
        ]
        self.ships = [make.spacecraft(spacecraft_config=self.ship_kinds[n % 2]) for n in range(3)]
        self.payloads = [make.payload(operator=self.agencies[n]) for n in range(2)]
        self.orbits = [make.orbit(name=name) for name in ("Suborbital", "Low Earth Orbit")]
        self.missions = [make.mission(orbit=orbit) for orbit in self.orbits]
        people = [make.astronaut() for _ in range(3)]
        self.seats = [make.seat(astronaut=people[n % 3]) for n in range(5)]
        self.port = make.docking_location(spacestation=make.space_station())
        self.rows = {name: rows for name, rows in vars(self).items() if isinstance(rows, list)}

    def begin(self):
        """Forgets what happened, and what rows were made of it."""
        for name, rows in self.rows.items():
            setattr(self, name, [type(row)._base_manager.get(pk=row.pk) for row in rows])
        self.here = {kind: [] for kind in FACTS}

    def fact(self, name, value):
        """What a drawn value stands for."""
        if value is None or isinstance(value, bool):
            return value
        if name == "landing":
            place = self.places[value["attempt"] + (value["success"] or 0)]
            return factories.landing(landing_location=place, **value)
        if name == "crew":
            return [self.seats[n] for n in value]
        rows = {
            "pad": self.pads,
            "launch_service_provider": self.agencies,
            "rocket__configuration": self.rockets,
            "mission": self.missions,
            "spacecraft": self.ships,
            "launcher": self.launchers,
            "payload": self.payloads,
            "launch": self.here["launch"],
            "flight_vehicle_chaser": self.here["flight"],
        }
        if name == "status":
            return LaunchStatus.objects.get(pk=value)
        return rows[name][value % len(rows[name])] if name in rows else value

    def come(self, kind, facts):
        needs = {"flight": "launch", "stage": "launch", "payload": "launch", "stay": "flight"}
        if kind in needs and not self.here[needs[kind]]:
            return
        facts = {name: self.fact(name, value) for name, value in facts.items()}
        if kind == "stay":
            facts |= {"docking_location": self.port, "space_station_target": self.port.spacestation}
        make = {
            "launch": factories.launch,
            "flight": factories.spacecraft_flight,
            "stage": factories.first_stage,
            "payload": factories.payload_flight,
            "stay": factories.stay,
            "walk": factories.spacewalk,
        }
        self.here[kind].append(make[kind](**facts))

    def one(self, kind, number):
        """A row that is still there, read anew."""
        rows = [row for row in self.here[kind] if type(row)._base_manager.filter(pk=row.pk).exists()]
        self.here[kind] = rows
        return rows and type(rows[0])._base_manager.get(pk=rows[number % len(rows)].pk)

    def change(self, kind, number, changed):
        name, value = changed
        row = self.one(kind, number)
        if not row or (name in ("launch", "flight_vehicle_chaser") and not self.one(FOR[name], 0)):
            return
        value = self.fact(name, value)
        if name == "rocket__configuration":
            row.rocket.configuration = value
            row.rocket.save()
        elif name == "crew":
            row.crew.set(value)
        else:
            setattr(row, name, value)
            row.save()

    def go(self, kind, number):
        row = self.one(kind, number)
        if row:
            try:
                with transaction.atomic():
                    row.delete()
            except models.ProtectedError:
                return

    def crew(self, number, name, seats):
        flight = self.one("flight", number)
        if flight:
            getattr(flight, name).set([self.seats[n] for n in seats])

    def move(self, what, number, to):
        """Changes what rows further down belong to."""
        if what == "pad":
            self.pads[number].location = self.locations[to % 2]
            self.pads[number].save()
        elif what == "place":
            self.places[number].location = self.locations[to % 2]
            self.places[number].save()
        elif what == "body":
            self.locations[number % 2].celestial_body = self.bodies[to % 2]
            self.locations[number % 2].save()
        elif what == "family of rockets":
            self.rockets[number].families.set(self.rocket_families[to:])
        elif what == "family of ships":
            self.ship_families[number % 2].spacecraft_configs.set(self.ship_kinds[to:])
        elif what == "kind of ship":
            ship = type(self.ships[number])._base_manager.get(pk=self.ships[number].pk)
            ship.spacecraft_config = self.ship_kinds[to]
            ship.save()
        elif what == "orbit":
            self.missions[number % 2].orbit = self.orbits[to % 2]
            self.missions[number % 2].save()
        elif what == "operator":
            self.payloads[number % 2].operator = self.agencies[to]
            self.payloads[number % 2].save()


FOR = {"launch": "launch", "flight_vehicle_chaser": "flight"}


@contextmanager
def undone():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def committed():
    """Does what waits for a commit, as one does that is no test."""
    return TestCase.captureOnCommitCallbacks(execute=True)


def wrong():
    """What a recomputation of everything would change."""
    return [(each.title, row) for each in statistics() for row in each.wrong()]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        with committed():
            world = World()
        recompute()  # for what nobody has committed yet, the figures are imported
        yield world
        transaction.set_rollback(True)


def few(number):
    """That many histories, and a failure is shown as it came: to find a shorter one would take minutes."""
    return settings(
        max_examples=number,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
    )


@few(20)
@given(HISTORIES)
def test_after_any_history_the_figures_are_right(world, history):
    with undone():
        world.begin()
        for happens, *about in (each for part in history for each in part):
            with committed():
                getattr(world, happens)(*about)
        assert wrong() == []
        assert disagreements() == []


@few(8)
@given(HISTORIES, st.lists(st.sampled_from(["", "", "wrong", "put"]), min_size=20, max_size=20))
def test_after_any_history_in_which_recomputations_fail_the_next_one_puts_all_right(world, history, failures):
    failures = iter([*failures, *[""] * 1_000])
    with undone(), pytest.MonkeyPatch.context() as patch:
        for method in ("wrong", "put"):
            patch.setattr(Statistic, method, failing(getattr(Statistic, method), method, failures))
        world.begin()
        for happens, *about in (each for part in history for each in part):
            with committed():
                getattr(world, happens)(*about)
        patch.undo()
        assert pending.settle()
        assert wrong() == []
        assert disagreements() == []


@few(12)
@given(HISTORIES)
def test_after_an_import_of_what_any_history_made_of_the_rows_the_figures_are_right(world, history):
    beginning, later = history
    with undone():
        world.begin()
        for happens, *about in beginning:
            with committed():
                getattr(world, happens)(*about)
        before = {kind: list(rows) for kind, rows in world.here.items()}
        with undone():
            for happens, *about in later:
                getattr(world, happens)(*about)
            told = everything()
        world.here = before
        with committed():
            outcome = ingest_each(told)
        # A row that came may claim what another one has; of such a record nothing is written.
        assert all(each.is_contested for each in outcome.refused)
        assert wrong() == []
        assert disagreements() == []


def everything():
    """The records of all rows."""
    whole = [(path, endpoint) for path, endpoint in endpoints().items() if not endpoint.part]
    return [
        Record(f"{path}/{number}", json.loads(line), endpoint)
        for path, endpoint in whole
        for number, line in enumerate(lines(endpoint))
    ]


def failing(method, name, failures):
    """The method, after which the database fails where the next failure is one of its own."""

    def fail(*arguments):
        found = method(*arguments)
        if next(failures) == name:
            raise OperationalError("It is somewhere else today.")
        return found

    return fail


@few(5)
@given(HISTORIES)
def test_a_recomputation_of_everything_finds_the_same(world, history):
    with undone():
        world.begin()
        for happens, *about in (each for part in history for each in part):
            getattr(world, happens)(*about)
        recompute()
        assert wrong() == []
        assert disagreements() == []
