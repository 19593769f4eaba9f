"""Rows for tests. A factory builds the least that a valid row needs, and what it is told:

    launch(pad__location__name="Kourou", program=[apollo])

A value that nobody named is always the same, but for the number that tells rows apart,
which starts at 1 in an empty table."""

from datetime import UTC, datetime, timedelta
from functools import partial, reduce
from itertools import count
from uuid import UUID

from django.apps import apps
from django.db import models
from model_bakery.recipe import Recipe, seq

from agencies.models import Agency, Country, MissionPatch, Program
from crew.models import Astronaut, AstronautFlight, AstronautRole
from docking.models import CHASERS, TARGETS, DockingEvent, DockingLocation
from events.models import Event, LiveStream, Notice, RoadClosure, Spacewalk, Update
from launches.models import (
    FirstStage,
    Landing,
    Launch,
    Mission,
    PayloadFlight,
    Rocket,
    SpacecraftFlight,
    TimelineEvent,
    TimelineEventType,
)
from media_assets.models import (
    Image,
    ImageVariant,
    InfoURL,
    Language,
    SocialMediaLink,
    VidURL,
)
from places.models import CelestialBody, LandingLocation, Location, Orbit, Pad
from spacedevs.api.models import Named
from stations.models import Expedition, SpaceStation
from vehicles.models import (
    Launcher,
    LauncherConfig,
    LauncherConfigFamily,
    Payload,
    Spacecraft,
    SpacecraftConfig,
    SpacecraftConfigFamily,
)


def row(model, **values):
    """A row of any model, from its factory."""
    return Factory.of[model](**values)


def heads(values):
    """The relations in these values: 'pad' for pad=… and pad__name=…"""
    return {name.partition("__")[0] for name in values}


def with_rows(model, values, relations):
    """The values with a new row for each of these relations, made from its 'pad__…' values."""
    values = dict(values)
    for name in sorted(relations - values.keys()):
        field = model._meta.get_field(name)
        about = [key for key in values if key.startswith(f"{name}__")]
        facts = {key.removeprefix(f"{name}__"): values.pop(key) for key in about}
        made = row(field.related_model, **facts)
        values[name] = [made] if field.many_to_many else made
    return values


class Factory(Recipe):
    """A factory; the rows that its row needs come from their own factories."""

    of = {}

    def __init__(self, model, **facts):
        super().__init__(model, **facts)
        self.of[model] = self
        self.required = {field.name for field in model._meta.fields if field.is_relation and not field.null}

    def __call__(self, **values):
        described = heads(name for name in values if "__" in name)
        return self.make(**with_rows(self._model, values, self.required | described))


LAUNCHED = datetime(2024, 3, 4, 3, 53, 38, tzinfo=UTC)
DOCKED = datetime(2024, 3, 5, 7, 28, tzinfo=UTC)

image = Factory(
    Image,
    name=seq("Image "),
    image_url=seq("https://example.org/images/", suffix=".jpg"),
    thumbnail_url=seq("https://example.org/thumbnails/", suffix=".jpg"),
)
image_variant = Factory(ImageVariant, image_url=seq("https://example.org/variants/", suffix=".png"))
info_url = Factory(InfoURL, url=seq("https://example.org/news/"))
vid_url = Factory(VidURL, url=seq("https://example.org/videos/"))
social_media_link = Factory(SocialMediaLink, url=seq("https://example.org/@agency"))
language = Factory(Language, name=seq("Language "), code="en")

country = Factory(Country, name=seq("Country "), alpha_2_code="FR", alpha_3_code="FRA")
agency = Factory(Agency, name=seq("Agency "), abbrev=seq("A"))
program = Factory(Program, name=seq("Program "))
mission_patch = Factory(
    MissionPatch,
    name=seq("Mission patch "),
    image_url=seq("https://example.org/patches/", suffix=".png"),
)

celestial_body = Factory(CelestialBody, name=seq("Celestial body "))
location = Factory(Location, name=seq("Location "))
pad = Factory(Pad, name=seq("Pad "), latitude=5.239, longitude=-52.768)
landing_location = Factory(LandingLocation, name=seq("Landing location "))
orbit = Factory(Orbit, name=seq("Orbit "), abbrev=seq("O"))

astronaut_role = Factory(AstronautRole, role=seq("Role "))
astronaut = Factory(Astronaut, name=seq("Astronaut "), bio="Flew in space.")
seat = Factory(AstronautFlight)

spacecraft_family = Factory(SpacecraftConfigFamily, name=seq("Spacecraft family "))
spacecraft_config = Factory(SpacecraftConfig, name=seq("Spacecraft configuration "))
spacecraft = Factory(Spacecraft, name=seq("Spacecraft "), description="A ship that carries cargo.")
launcher_family = Factory(LauncherConfigFamily, name=seq("Launcher family "))
launcher_config = Factory(LauncherConfig, name=seq("Launcher configuration "))
launcher = Factory(Launcher, serial_number=seq("B"))
payload = Factory(Payload, name=seq("Payload "))

space_station = Factory(SpaceStation, name=seq("Space station "))
expedition = Factory(Expedition, name=seq("Expedition "), start=LAUNCHED)

mission = Factory(Mission, name=seq("Mission "))
rocket = Factory(Rocket)
timeline_event_type = Factory(TimelineEventType, abbrev=seq("Timeline event type "))
launch = Factory(
    Launch,
    id=(UUID(int=number) for number in count(1)),  # so that launches at the same time keep their order
    name=seq("Launch "),
    slug=seq("launch-"),
    net=LAUNCHED,
)
timeline_event = Factory(TimelineEvent)
landing = Factory(Landing)
first_stage = Factory(FirstStage)
spacecraft_flight = Factory(SpacecraftFlight)
payload_flight = Factory(PayloadFlight)

docking_location = Factory(DockingLocation, name=seq("Port "))
stay = Factory(DockingEvent, docking=DOCKED)

event = Factory(Event, name=seq("Event "), slug=seq("event-"), date=LAUNCHED)
spacewalk = Factory(Spacewalk, name=seq("Spacewalk "))
update = Factory(Update, comment=seq("Update "), created_on=LAUNCHED)
road_closure = Factory(RoadClosure, title=seq("Road closure "), window_start=LAUNCHED, window_end=DOCKED)
notice = Factory(Notice, date=LAUNCHED, url=seq("https://example.org/notices/"))
live_stream = Factory(LiveStream, title=seq("Live stream "), url=seq("https://example.org/live/"))

for model in apps.get_models():
    if issubclass(model, Named) and model not in Factory.of:
        Factory(model, name=seq(f"{model._meta.verbose_name.capitalize()} "))


# For each kind of target: the relation of its port to the owner, and the path from the target to the owner.
PORTS = {
    "space_station_target": ("spacestation", ()),
    "flight_vehicle_target": ("spacecraft", ("spacecraft", "spacecraft_config")),
    "payload_flight_target": ("payload", ("payload",)),
}


def port_of(target, party):
    """The values for a port of this target."""
    relation, way = PORTS[target]
    return {f"docking_location__{relation}": reduce(getattr, way, party)}


def target_at(port):
    """The target with this port: the station itself, or a flight of its owner."""
    for target, (relation, way) in PORTS.items():
        if owner := getattr(port, relation):
            return {"__".join((target, *way)): owner}
    return {}


def docking_event(**values):
    """A docking event of a spacecraft at a port of a station, unless given otherwise."""
    port = values.get("docking_location")
    parties = heads(values) & {*TARGETS, *CHASERS}
    if parties.isdisjoint(TARGETS):
        values |= (port and target_at(port)) or {TARGETS[0]: space_station()}
    if parties.isdisjoint(CHASERS):
        values |= {CHASERS[0]: spacecraft_flight()}
    values = with_rows(DockingEvent, values, heads(values) & {*TARGETS, *CHASERS})
    for target in TARGETS:
        if not port and values.get(target):
            values = port_of(target, values[target]) | values
    return stay(**values)


Factory.of[DockingEvent] = docking_event


# The values that `full` uses, by the first matching kind of field, from the field and a number.
FILLINGS = {
    models.URLField: lambda field, n: f"https://example.org/{field.name}",
    models.CharField: lambda field, n: f"{field.name} {n}"[: field.max_length],
    models.TextField: lambda field, n: f"{field.name} {n}",
    models.BooleanField: lambda field, n: True,
    models.IntegerField: lambda field, n: n,
    models.FloatField: lambda field, n: n + 0.5,
    models.DateTimeField: lambda field, n: DOCKED + timedelta(days=n),
    models.DateField: lambda field, n: DOCKED.date() + timedelta(days=n),
    models.DurationField: lambda field, n: timedelta(days=n, hours=2, seconds=58),
}
OWNED = {Image: [(ImageVariant, "image")], Launch: [(TimelineEvent, "launch")]}


def filling(field, number):
    """A value for this field, different from those of other fields of its kind."""
    kind = next(kind for kind in FILLINGS if isinstance(field, kind))
    return FILLINGS[kind](field, number)


def full_relation(field, make, made):
    """A row for this relation, or two if it holds many; the parent of a row has no parent.

    Rows share theirs, as real ones do: one for each relation of a table, not for each of its rows."""
    make = row if field.related_model is field.model else make
    if field not in made or field.one_to_one:
        made[field] = [make(field.related_model) for _ in range(1 + field.many_to_many)]
    return made[field] if field.many_to_many else made[field][0]


def full(model, make=None, made=None, **values):
    """A row with every field and, recursively, every relation filled.

    With make=row the relations end at the least that their rows need."""
    made = {} if made is None else made
    make = make or partial(full, made=made)
    told = heads(values) | Factory.of[model].attr_mapping.keys()
    fields = (*model._meta.fields, *model._meta.many_to_many)
    for number, field in enumerate(fields, 1):
        if field.name not in told and not field.primary_key:
            values[field.name] = full_relation(field, make, made) if field.is_relation else filling(field, number)
    created = row(model, **values)
    for owned, owner in OWNED.get(model, ()):
        full(owned, make, made, **{owner: created})
    return created


def full_docking_event(target=TARGETS[0], chaser=CHASERS[0], **values):
    """A past docking event with this kind of target and chaser, and with all related rows."""
    made = {}
    parties = {
        name: full(DockingEvent._meta.get_field(name).related_model, made=made)
        for name in (target, chaser)
        if name not in heads(values)
    }
    return docking_event(**{"departure": DOCKED + timedelta(days=30), **parties, **values})
