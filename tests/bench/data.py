"""Rows as many as a real installation has, or ten times that: made up, but shared among each other as real ones are.

A model that is not spoken of here gets a few rows, and a field a value of its kind, so that what
is new in the models is measured as well."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from random import Random
from string import capwords
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, models, transaction

from agencies.models import Agency, Country, MissionPatch, Program
from crew.models import Astronaut, AstronautFlight
from docking.models import CHASERS, TARGETS, DockingEvent, DockingLocation
from events.models import Event, Spacewalk, Update
from launches.models import (
    FirstStage,
    Landing,
    Launch,
    Mission,
    PayloadFlight,
    Rocket,
    SpacecraftFlight,
    TimelineEvent,
)
from media_assets.models import Image, ImageVariant, InfoURL, SocialMediaLink, VidURL
from places.models import CelestialBody, LandingLocation, Location, Pad
from spacedevs.statistics.recompute import recompute
from stations.models import Expedition, SpaceStation
from vehicles.models import (
    Launcher,
    LauncherConfig,
    LauncherConfigFamily,
    Payload,
    Spacecraft,
    SpacecraftConfig,
)

FEW = 8
CONSTANT = {
    CelestialBody: 3,
    Country: 60,
    LauncherConfig: 120,
    LauncherConfigFamily: 40,
    MissionPatch: 60,
    Program: 40,
    SpaceStation: 15,
    SpacecraftConfig: 36,
}
GROWING = {
    Agency: 300,
    Astronaut: 860,
    AstronautFlight: 2_000,
    DockingEvent: 600,
    DockingLocation: 110,
    Event: 900,
    Expedition: 160,
    FirstStage: 1_400,
    Image: 2_000,
    ImageVariant: 300,
    InfoURL: 4_000,
    Landing: 2_400,
    LandingLocation: 60,
    Launch: 7_000,
    Launcher: 190,
    Location: 60,
    Mission: 7_000,
    Pad: 200,
    Payload: 300,
    PayloadFlight: 300,
    Rocket: 7_000,
    SocialMediaLink: 400,
    Spacecraft: 250,
    SpacecraftFlight: 600,
    Spacewalk: 450,
    TimelineEvent: 5_000,
    Update: 6_000,
    VidURL: 2_500,
}
BETWEEN = {SpacecraftFlight: 11, PayloadFlight: 23, FirstStage: 5}  # launches from one flight to the next
STATIONS = [*(f"Salyut {n}" for n in range(1, 8)), "Mir", "Skylab", "International Space Station", "Tiangong 1"]
SHIPS = "Soyuz", "Progress", "Dragon", "Cygnus", "Shenzhou", "Tianzhou", "Starliner", "Shuttle", "Apollo"
ROCKETS = "Falcon", "Ariane", "Soyuz", "Proton", "Long March", "Atlas", "Delta", "Electron", "Vega", "Kosmos"

FIRST_LAUNCH, SPAN = datetime(1966, 1, 1, tzinfo=UTC), timedelta(days=60 * 365)
MOST_LONG = {"description": 420, "image_url": 130, "thumbnail_url": 110, "url": 80, "map_image": 120, "credit": 40}
SYLLABLES = "or bit al ti ny ra ve sta tion de la un ch er so lar mis si on car go pay lo ad re sup ply cre w"


def corpus(random, words=60_000):
    """Text to cut descriptions from, long enough to be compressed no better than real ones."""
    vocabulary = ["".join(random.choices(SYLLABLES.split(), k=random.choice((1, 2, 2, 3, 4)))) for _ in range(4_000)]
    return " ".join(vocabulary[int(len(vocabulary) ** random.random()) - 1] for _ in range(words))


class Maker:
    """Makes rows model by model, the same ones whenever it is asked for as many."""

    def __init__(self, scale=1, seed=230):
        self.scale, self.random = scale, Random(seed)  # noqa: S311 - no secret is made here
        self.corpus = corpus(self.random)
        self.made = defaultdict(list)
        self.pictures = {}

    def count(self, model):
        return CONSTANT.get(model) or max(int(GROWING.get(model, FEW) * (self.scale if model in GROWING else 1)), FEW)

    def chance(self, share):
        return self.random.random() < share

    def text(self, length):
        start = self.random.randrange(len(self.corpus) - length - 20)
        start = self.corpus.index(" ", start) + 1
        return self.corpus[start : start + length].strip()

    def one_of(self, model):
        """Any row, the first ones far more often than the last: the n-th is n times rarer than the first."""
        rows = self.made[model]
        return rows[int(len(rows) ** self.random.random()) - 1]

    def some_of(self, model, *counts):
        """Distinct rows, as many as one of these counts says."""
        wanted = self.random.choice(counts)
        return list({row.pk: row for row in (self.one_of(model) for _ in range(wanted))}.values())

    def at(self, model, number):
        """The row of this number; the rows start again where they end."""
        rows = self.made[model]
        return rows[number % len(rows)]

    def picture(self, *of):
        """The picture that illustrates this."""
        return self.at(Image, self.pictures.setdefault(of, len(self.pictures)))

    def moment(self, number, of):
        """When the n-th of so many things happens."""
        return (FIRST_LAUNCH + SPAN * ((number + self.random.random()) / of)).replace(microsecond=0)

    def value(self, field, number):
        """What a row has where nothing else is said."""
        if field.is_relation:
            return self.related(field)
        if field.null and self.chance(0.2):
            return None
        return next(make for kind, make in FILLINGS.items() if isinstance(field, kind))(self, field, number)

    def related(self, field):
        if field.one_to_one or (field.null and self.chance(0.2)) or not self.made[field.related_model]:
            return None
        return self.one_of(field.related_model)

    def row(self, model, number):
        """One row, and what is to be put into its arrays."""
        facts = FACTS.get(model, lambda maker, number: {})(self, number)
        fields = [field for field in model._meta.concrete_fields if not field.primary_key]
        own = {field.name: self.value(field, number) for field in fields if field.name not in facts} | facts
        arrays = {field.name: own.pop(field.name, None) for field in model._meta.many_to_many}
        return model(**{"id": number + 1, **own}), arrays

    def make(self, model):
        """All rows of a model, in the database."""
        rows, arrays = zip(*(self.row(model, number) for number in range(self.count(model))), strict=True)
        model._base_manager.bulk_create(rows, batch_size=1_000)
        self.made[model] = rows
        for field in model._meta.many_to_many:
            self.fill_array(field, rows, [array[field.name] for array in arrays])

    def fill_array(self, field, rows, arrays):
        holder, held = field.m2m_column_name(), field.m2m_reverse_name()
        through = field.remote_field.through
        links = [
            through(**{holder: row.pk, held: shown.pk})
            for row, array in zip(rows, arrays, strict=True)
            for shown in (self.some_of(field.related_model, 0, 1, 1, 2) if array is None else array)
        ]
        through._base_manager.bulk_create(links, batch_size=1_000)


FILLINGS = {
    models.URLField: lambda maker, field, n: f"https://example.org/{field.name}/{maker.text(120)}".replace(" ", "-")[
        : MOST_LONG.get(field.name, 60)
    ],
    models.SlugField: lambda maker, field, n: maker.text(40).replace(" ", "-"),
    models.CharField: lambda maker, field, n: capwords(
        maker.text(maker.random.randint(8, MOST_LONG.get(field.name, 24)))
    )[: field.max_length],
    models.TextField: lambda maker, field, n: maker.text(maker.random.randint(120, 600)),
    models.BooleanField: lambda maker, field, n: maker.chance(0.7),
    models.IntegerField: lambda maker, field, n: maker.random.randint(0, 99),
    models.FloatField: lambda maker, field, n: round(maker.random.uniform(-90, 90), 4),
    models.DateTimeField: lambda maker, field, n: maker.moment(n % 1_000, 1_000),
    models.DateField: lambda maker, field, n: maker.moment(n % 1_000, 1_000).date(),
    models.DurationField: lambda maker, field, n: timedelta(seconds=maker.random.randrange(20_000_000)),
    models.UUIDField: lambda maker, field, n: UUID(int=maker.random.getrandbits(128), version=4),
}


def agency(maker, n):
    return {
        "parent": None,
        "country": maker.some_of(Country, 1, 1, 1, 2),
        "image": maker.picture("agency", n) if maker.chance(0.7) else None,
        "logo": maker.picture("logo", n) if maker.chance(0.6) else None,
        "social_logo": maker.picture("social_logo", n) if maker.chance(0.5) else None,
        "social_media_links": maker.some_of(SocialMediaLink, 0, 0, 1, 3),
    }


def program(maker, n):
    return {
        "description": maker.text(700),
        "image": maker.picture("program", n),
        "agencies": maker.some_of(Agency, 1, 2, 4),
        "mission_patches": maker.some_of(MissionPatch, 0, 0, 1),
    }


def location(maker, n):
    return {"celestial_body": maker.at(CelestialBody, 0), "image": maker.picture("location", n)}


def pad(maker, n):
    return {"image": maker.picture("pad", n), "agencies": maker.some_of(Agency, 0, 1, 1)}


def spacecraft(maker, n):
    kind = maker.one_of(SpacecraftConfig)
    return {
        "name": f"{kind.name} {n + 1}",
        "spacecraft_config": kind,
        "image": maker.picture("ship", kind.pk, n % 3),
    }


def launcher_config(maker, n):
    name = f"{ROCKETS[n % len(ROCKETS)]} {n // len(ROCKETS) + 1}"
    return {"name": name, "full_name": name, "families": maker.some_of(LauncherConfigFamily, 1, 2)}


def rocket(maker, n):
    """Ships fly on a few kinds of rocket, everything else on all of them."""
    is_of_ship = n % BETWEEN[SpacecraftFlight] == 0
    return {"configuration": maker.at(LauncherConfig, int(10 ** maker.random.random()))} if is_of_ship else {}


def mission(maker, n):
    return {
        "image": maker.picture("mission", n % 40) if maker.chance(0.05) else None,
        "agencies": maker.some_of(Agency, 0, 0, 1, 1),
        "info_urls": maker.some_of(InfoURL, 0, 0, 0, 1, 2),
        "vid_urls": maker.some_of(VidURL, 0, 0, 1),
    }


def launch(maker, n):
    """A launch of some rocket, from one of the few pads and by the one provider that this rocket has."""
    net, kind = maker.moment(n, maker.count(Launch)), maker.at(Rocket, n).configuration
    return {
        "id": UUID(int=maker.random.getrandbits(128), version=4),
        "name": f"{kind.name} | {maker.at(Mission, n).name}",
        "net": net,
        "window_start": net,
        "window_end": net,
        "last_updated": net,
        "image": maker.picture("launch", kind.pk, n % 3),
        "launch_service_provider": maker.at(Agency, kind.pk // 3),
        "rocket": maker.at(Rocket, n),
        "mission": maker.at(Mission, n),
        "pad": maker.at(Pad, kind.pk * 2 + maker.random.choice((0, 0, 1, 2))),
        "program": maker.some_of(Program, 0, 0, 1),
    }


def landing(maker, n):
    return {} if maker.chance(0.25) else {"landing_location": None}


def flight(maker, n, of):
    """A flight in one of the launches, which are far more than the flights; every eighth has no landing."""
    before = {SpacecraftFlight: [], PayloadFlight: [SpacecraftFlight], FirstStage: [SpacecraftFlight, PayloadFlight]}
    landing = sum(map(maker.count, before[of])) + n
    return {
        "launch": maker.at(Launch, n * BETWEEN[of]),
        "landing": maker.at(Landing, landing) if n % 8 else None,
    }


def spacecraft_flight(maker, n):
    """A flight of one of the ships of its time, every other one with a crew of three."""
    crew = [maker.at(AstronautFlight, n * 3 + seat) for seat in range(3)] if n % 2 else []
    return {
        **flight(maker, n, SpacecraftFlight),
        "spacecraft": maker.at(Spacecraft, n * 5 // 12 + maker.random.choice((0, 0, 1, 3))),
        **dict.fromkeys(("launch_crew", "onboard_crew", "landing_crew"), crew),
    }


def expedition(maker, n):
    """The stay of a crew, the last of which go on."""
    start = maker.moment(n, maker.count(Expedition))
    return {
        "start": start,
        "end": start + timedelta(days=150) if n < maker.count(Expedition) - 2 else None,
        "spacestation": maker.at(SpaceStation, n * CONSTANT[SpaceStation] // maker.count(Expedition)),
        "crew": [maker.at(AstronautFlight, n * 7 + seat) for seat in range(6)],
        "mission_patches": maker.some_of(MissionPatch, 1),
    }


def port(maker, n):
    """Ports of stations by fours, then one of each kind of ship, then those of payloads."""
    ports = [("spacestation", SpaceStation)] * 60 + [("spacecraft", SpacecraftConfig)] * 40 + [("payload", Payload)]
    owner, model = ports[min(n, len(ports) - 1)]
    owners = dict.fromkeys(("spacestation", "spacecraft", "payload"))
    return {"name": f"Port {n}", **owners, owner: maker.at(model, n)}


# In each hundred dockings, most of ships at stations, the few of another kind; each kind is among the first ten.
RARE_TARGETS = {4: "flight_vehicle_target", 6: "payload_flight_target", 40: "flight_vehicle_target"}
RARE_CHASERS = {2: "payload_flight_chaser", 8: "space_station_chaser", 30: "payload_flight_chaser"}
PARTIES = {"space_station": SpaceStation, "flight_vehicle": SpacecraftFlight, "payload_flight": PayloadFlight}


def docking_event(maker, n):
    """A docking two days after the launch of the ship, at a station of its time."""
    target, chaser = RARE_TARGETS.get(n % 100, TARGETS[0]), RARE_CHASERS.get(n % 100, CHASERS[0])
    era = n * maker.count(SpaceStation) // maker.count(DockingEvent)
    station = maker.at(SpaceStation, era + maker.random.choice((0, 0, 0, 1)))
    rows = {SpaceStation: station, SpacecraftFlight: maker.at(SpacecraftFlight, n)}
    rows[PayloadFlight] = maker.at(PayloadFlight, n * maker.count(PayloadFlight) // maker.count(DockingEvent))
    docking = maker.at(SpacecraftFlight, n).launch.net + timedelta(days=2)
    return {
        **dict.fromkeys((*TARGETS, *CHASERS)),
        target: rows[PARTIES[target.removesuffix("_target")]],
        chaser: rows[PARTIES[chaser.removesuffix("_chaser")]],
        "docking_location": maker.at(DockingLocation, station.pk + maker.random.choice((0, 15, 30, 45)) - 1),
        "docking": docking,
        "departure": docking + timedelta(days=maker.random.randint(5, 200)) if maker.chance(0.97) else None,
    }


FACTS = {
    Agency: agency,
    AstronautFlight: lambda maker, n: {"astronaut": maker.at(Astronaut, n * 3 // 7)},
    DockingEvent: docking_event,
    DockingLocation: port,
    Expedition: expedition,
    FirstStage: lambda maker, n: {**flight(maker, n, FirstStage), "launcher": maker.at(Launcher, n // 7)},
    Landing: landing,
    Launch: launch,
    LauncherConfig: launcher_config,
    Location: location,
    Mission: mission,
    Pad: pad,
    PayloadFlight: lambda maker, n: flight(maker, n, PayloadFlight),
    Program: program,
    Rocket: rocket,
    SpaceStation: lambda maker, n: {
        "name": STATIONS[n] if n < len(STATIONS) else f"Tiangong {n}",
        "image": maker.picture("station", n),
    },
    Spacecraft: spacecraft,
    SpacecraftConfig: lambda maker, n: {
        "name": f"{SHIPS[n % len(SHIPS)]} {'ABCD'[n // len(SHIPS)]}",
        "image": maker.picture("ship", n + 1, 0),
    },
    SpacecraftFlight: spacecraft_flight,
    TimelineEvent: lambda maker, n: {"launch": maker.at(Launch, n // 10 * 11)},
    Update: lambda maker, n: {"launch": maker.at(Launch, n // 2), "event": None, "program": None},
}


def nouns():
    """The models of the data, those first that others need."""
    return [model for noun in reversed(settings.NOUNS) for model in apps.get_app_config(noun).get_models()]


def generate(scale):
    """All rows, into a database that has none."""
    maker = Maker(scale)
    with transaction.atomic():
        for model in nouns():
            maker.make(model)


def migrate():
    call_command("migrate", verbosity=0)


def fill(scale, stamp):
    """Makes an empty database ready to be measured, and marks it with a stamp at the end."""
    migrate()
    generate(scale)
    recompute()  # figures follow from the rows, as in an installation; those that were made up do not
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), nouns()):
            cursor.execute(statement)
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")  # which an installation has from its autovacuum
        cursor.execute("CREATE TABLE bench_stamp AS SELECT %s AS stamp", [stamp])


def is_empty():
    return not connection.introspection.table_names()


def stamp():
    """What the database is marked with: nothing where it is new or half-made."""
    if "bench_stamp" not in connection.introspection.table_names():
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT stamp FROM bench_stamp")
        return cursor.fetchone()[0]
