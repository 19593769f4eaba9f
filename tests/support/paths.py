"""Rows with given values at the end of a path."""

from datetime import date, timedelta
from uuid import UUID

from django.db import models

from docking.models import CHASERS, TARGETS
from spacedevs.db.paths import field_at, is_column, leads_to_many

from .factories import LAUNCHED, row
from .routes import RESOURCES

AHEAD = LAUNCHED.replace(year=2124)
BORN = date(1930, 7, 1)
DAY = timedelta(days=1)
# Increasing values of each kind; no row has the last one. Ids are higher than those that databases assign.
NUMBERS = 900012, 900021, 912300, 999999
SAMPLES = {
    models.BooleanField: (False, True),
    models.IntegerField: NUMBERS,
    models.FloatField: (12.5, 21.25, 21.5, 99.5),
    models.UUIDField: tuple(map(UUID, (f"{number:032}" for number in NUMBERS))),
    models.DateField: tuple(BORN + n * DAY for n in range(4)),
    models.DurationField: tuple(timedelta(seconds=number) for number in NUMBERS),
    models.CharField: ("alpha", "beta", "gamma", "omega"),
    models.TextField: ("alpha", "beta", "gamma", "omega"),
}
AGES = 34, 35, 36, 99
# Of a docking event: what it has that lacks one of its parties, since it must have another.
INSTEAD = {party: parties[party == parties[0]] for parties in (TARGETS, CHASERS) for party in parties}


def lived(years):
    """The values of a person who died on the day before their birthday."""
    return {"date_of_birth": BORN, "date_of_death": BORN.replace(year=BORN.year + years + 1) - DAY}


def recorded(model, name):
    """The column with the imported value of a computed figure; for other fields their own name."""
    figures = getattr(model._default_manager, "figures", {})
    return f"recorded_{name}" if name in figures and name != "age" else name


def one(model, **facts):
    """A row, which may exist already if its key is given."""
    there = model._base_manager.filter(**facts).first() if model._meta.pk.name in facts else None
    return there or row(model, **facts)


def leading(model, path, values, **facts):
    """A row with these values at the end of a path; several values for a to-many path."""
    name, _, rest = path.partition("__")
    if name == "age":
        return row(model, **lived(*values), **facts)
    name = recorded(model, name)
    field = model._meta.get_field(name)
    if not field.is_relation:
        return one(model, **dict.fromkeys([name], *values), **facts)
    other, rest = field.related_model, rest or field.related_model._meta.pk.name
    if field.many_to_many:
        return row(model, **{name: [leading(other, rest, [value]) for value in values]}, **facts)
    if field.concrete:
        return row(model, **{name: leading(other, rest, values)}, **facts)
    made = row(model, **facts)
    for value in values:
        leading(other, rest, [value], **{field.field.name: made})
    return made


def lacking(model, path, **facts):
    """A row with nothing at the end of a path; None if this is impossible."""
    name, _, rest = path.partition("__")
    if isinstance(getattr(model._default_manager, "figures", {}).get(name), str):
        return None  # counts of other rows, which may be 0
    if name in INSTEAD:
        party = model._meta.get_field(INSTEAD[name])
        return row(model, **{party.name: row(party.related_model)}, **facts)
    name = recorded(model, name)
    field = None if name == "age" else model._meta.get_field(name)
    if field is None or not (is_column(field) or isinstance(field, models.ManyToManyField)):
        return row(model, **facts)
    if field.null:
        return row(model, **{name: None}, **facts)
    other = lacking(field.related_model, rest) if rest else None
    if field.many_to_many:
        return row(model, **{name: [other] if other else []}, **facts)
    return other and row(model, **{name: other}, **facts)


class Place:
    """A path of an endpoint: makes rows with or without a value there."""

    def __init__(self, prefix, path):
        self.path, self.model = path, RESOURCES[prefix].queryset.model
        self.moment = AHEAD if prefix.endswith("upcoming") else LAUNCHED
        part = RESOURCES[prefix].part
        self.clock = dict.fromkeys(part.edges if part else (), self.moment)
        self.field = field_at(self.model, recorded(self.model, path))
        self.is_known = path == "age" or self.field is not None
        self.leads_to_many = leads_to_many(self.model, path)

    def samples(self, kinds=SAMPLES) -> tuple:
        """Values for it."""
        if self.path == "age":
            return AGES
        field = self.field.related_model._meta.pk if self.field.is_relation else self.field
        if isinstance(field, models.DateTimeField):
            return tuple(self.moment + timedelta(seconds=n) for n in range(4))
        values = next(values for kind, values in kinds.items() if isinstance(field, kind))
        return tuple(value[: field.max_length] for value in values) if isinstance(values[0], str) else values

    @property
    def facts(self):
        """Further values that make a row belong to the endpoint."""
        return {column: moment for column, moment in self.clock.items() if column != self.path}

    def having(self, *values):
        return leading(self.model, self.path, values, **self.facts)

    def lacking(self):
        return lacking(self.model, self.path, **self.facts) if self.path not in self.clock else None


def made(prefix, **facts):
    """A row of an endpoint with these values; a list means several values for its path."""
    path = next((path for path, values in facts.items() if isinstance(values, list)), "")
    place = Place(prefix, path)
    facts = {**place.clock, **facts}
    return leading(place.model, path, facts.pop(path), **facts) if path else row(place.model, **facts)


def listed(get, prefix, **parameters):
    """All ids that an endpoint lists, as texts."""
    page = get(f"{prefix}/", mode="list", limit=100, **parameters)  # which shows the least
    found = [str(record["id"]) for record in page["results"]]
    assert page["count"] == len(found)
    return found


def keys(*rows):
    """The ids of rows as texts, ignoring None."""
    return [str(each.pk) for each in rows if each]
