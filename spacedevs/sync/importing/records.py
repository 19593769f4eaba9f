"""The inverse of rendering: answers of Launch Library 2 into rows.

What can be shown can be taken in: a record is walked along the representation that describes it, each
object in it becomes a row under upstream's id, and all rows of one call are written in one transaction.
A record sets only what it carries, and a new row needs all that the contract never answers as null. What an answer
merely names becomes a row that is `KnownByName`."""

import gc
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache
from types import MappingProxyType
from typing import NamedTuple

from django.core.exceptions import FieldDoesNotExist
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import BaseValidator
from django.db import models, transaction
from rest_framework import serializers
from rest_framework.relations import HyperlinkedIdentityField

from spacedevs.api.fields import ResponseMode
from spacedevs.api.models import key_pattern
from spacedevs.api.registry import endpoint_by_url, endpoints, objects, whole_tables
from spacedevs.api.serializers import NameOf, Representation, Rows, components, name_of, never_null_column
from spacedevs.db.paths import is_column
from spacedevs.statistics.signals import taking_in

from .ownership import Claims
from .writer import Batch, Problem, Refused, Row, write

EMPTY = MappingProxyType({})
UNRECOGNISED = "(unrecognised)"


class Record(NamedTuple):
    """A record to be taken in: where it stands, and the endpoint that what surrounds it speaks of."""

    place: str
    value: object
    endpoint: type | None = None

    def holds(self, problem: Problem) -> bool:
        return problem.place == self.place or problem.place.startswith(f"{self.place}/")

    @property
    def title(self) -> str:
        """What people call it."""
        told = [self.value.get(name) for name in ("id", "name")] if isinstance(self.value, dict) else []
        return " ".join(str(each)[:80] for each in told if each is not None)


class Refusal(NamedTuple):
    """A record that was not taken in: what it is, and what is wrong with it."""

    kind: str
    record: Record
    problems: list[Problem]

    @property
    def is_contested(self) -> bool:
        """Whether nothing is wrong with it but that another has what it claims."""
        return all(problem.contested for problem in self.problems)

    def __str__(self):
        return f"{self.kind} {self.record.title}".strip() + f": {'; '.join(map(str, self.problems))}"


@dataclass
class Outcome:
    """What became of some records: rows by ("Agency", "created"), what nobody here knows by
    ("AgencyMini", "mascot"), and the records that were refused."""

    rows: Counter = field(default_factory=Counter)
    unknown: Counter = field(default_factory=Counter)
    refused: list[Refusal] = field(default_factory=list)

    def add(self, other: "Outcome"):
        self.rows.update(other.rows)
        self.unknown.update(other.unknown)
        self.refused += other.refused


def records(name, answer, endpoint=None) -> list[Record]:
    """The records of an answer with their places: of a page, an array, or the one that it is."""
    if isinstance(answer, dict) and isinstance(answer.get("results"), list):
        return [Record(f"{name}#/results/{i}", each, endpoint) for i, each in enumerate(answer["results"])]
    if isinstance(answer, list):
        return [Record(f"{name}#/{i}", each, endpoint) for i, each in enumerate(answer)]
    return [Record(f"{name}#", answer, endpoint)]


@contextmanager
def uncollected():
    """Looks for no garbage meanwhile: what is gathered is needed to the end, and goes without being looked for."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@uncollected()
def ingest(found: list[Record], component: str | None = None, gone: Collection = ()) -> Outcome:
    """Writes what these records say, all or nothing; rows that are gone where they come from keep nothing from others.

    Fields that no component has are left out and counted. Raises Refused with a problem for each
    fault that was found."""
    endpoints()  # the router brings every representation there is
    batch = Batch(claims=Claims(gone=gone))
    for record in found:
        if shown := object_of(record, component):
            batch.kinds[record.place] = name_of(shown)
            take_object(batch, shown(), record.value, record.place)
        elif representation := recognise(batch, record, component):
            batch.kinds[record.place] = representation.Meta.model.__name__
            take(batch, representation, record.value, record.place)
    if batch.problems:
        raise Refused(batch.problems, batch.kinds)
    try:
        with transaction.atomic(), taking_in(batch.rows):
            return Outcome(write(batch), batch.unknown)
    except Refused as refused:
        raise Refused(refused.problems, batch.kinds) from refused


def ingest_each(found: list[Record], component: str | None = None, gone: Collection = ()) -> Outcome:
    """Writes what these records say, without those that are at fault: of each, all or nothing."""
    outcome = Outcome()
    while found:
        try:
            outcome.add(ingest(found, component, gone))
            break
        except Refused as refused:
            refusals = blame(found, refused)
        if not refusals:  # the fault may be of any of them
            for half in (found[: len(found) // 2], found[len(found) // 2 :]):
                outcome.add(ingest_each(half, component, gone))
            break
        outcome.refused += refusals
        outcome.rows.update((refusal.kind, "refused") for refusal in refusals)
        gone = {refusal.record.place for refusal in refusals}
        found = [record for record in found if record.place not in gone]
    return outcome


def blame(found, refused) -> list[Refusal]:
    """The records that are at fault; none where that cannot be told."""
    if len(found) == 1:
        return [Refusal(refused.kinds.get(found[0].place, UNRECOGNISED), found[0], refused.problems)]
    held = [(record, list(filter(record.holds, refused.problems))) for record in found]
    return [
        Refusal(refused.kinds.get(record.place, UNRECOGNISED), record, problems)
        for record, problems in held
        if problems
    ]


# Which component a record is ---------------------------------------------------------------------


def recognise(batch, record, component) -> type[Representation] | None:
    """The component that a record is, by the endpoint it comes from, its mode and its fields."""
    value, mode = record.value, None
    if not isinstance(value, dict):
        batch.refuse(record.place, "Is no record of Launch Library 2: an object is wanted.")
        return None
    if isinstance(value.get("response_mode"), str):
        mode = value["response_mode"]
    by_url, names = endpoint_by_url(value.get("url"), is_record=True), frozenset(value)
    fits = likely(component, by_url or record.endpoint, mode, names)
    if not (fits or by_url or component):
        fits = likely(None, None, mode, names)
    if not fits:
        batch.refuse(record.place, "Is no record of Launch Library 2 that this server knows.")
        return None
    if len({(cls.Meta.model, tuple(cls.Meta.fields)) for cls in fits}) > 1:
        kinds = ", ".join(sorted(map(name_of, fits)))
        batch.refuse(record.place, f"Can be any of {kinds}: say which with --component.")
        return None
    return fits[0]


@lru_cache(maxsize=1024)
def likely(component, endpoint, mode, names) -> tuple[type[Representation], ...]:
    """The components that a record with fields of these names can be: those of its endpoint, if it is one of them."""
    fits = components()
    if component:
        fits = [cls for cls in fits if name_of(cls) == component]
    elif endpoint:
        fits = [cls for cls in fits if cls.Meta.model is endpoint.queryset.model]
    if mode is not None:
        fits = [cls for cls in fits if getattr(cls.Meta, "mode", None) == mode] or fits
    best = max((likeness(cls, names) for cls in fits), default=0)
    if best < 0.5:
        return ()
    fits = [cls for cls in fits if likeness(cls, names) == best]
    return tuple([cls for cls in fits if endpoint and cls in endpoint.ladder] or fits)


def likeness(cls, names) -> float:
    """The part of the fields of a component and a record that they share."""
    shown = set(cls.Meta.fields)
    return len(shown & names) / len(shown | names)


# Objects that are no rows ------------------------------------------------------------------------


def object_of(record, component) -> type[serializers.Serializer] | None:
    """What an object shows that is no row of a table, as a dashboard: it has none of an id, but whole tables."""
    if component or not isinstance(record.value, dict) or "id" in record.value:
        return None
    return next(
        (each.ladder[0] for each in objects().values() if whole_tables(each).keys() <= record.value.keys()), None
    )


def take_object(batch, shown, value, place):
    """Notes what an object shows: rows, each as its own record would; of those without a key, all that there are."""
    if not isinstance(value, dict):
        batch.refuse(place, "Must be an object.")
        return
    names = shown.fields.keys() - {"response_mode"}
    batch.unknown.update((name_of(type(shown)), unknown) for unknown in value.keys() - shown.fields.keys())
    for name in names & value.keys():
        inside, field = f"{place}/{name}", shown.fields[name]
        if not isinstance(field, serializers.ListSerializer):
            take_object(batch, field, value[name], inside)
        elif not isinstance(value[name], list):
            batch.refuse(inside, "Must be an array.")
        else:
            found = [take_shown(batch, field.child, each, f"{inside}/{i}") for i, each in enumerate(value[name])]
            if "id" not in field.child.fields:
                batch.whole[field.child.Meta.model] = found


def take_shown(batch, representation, value, place):
    """A record of what an object shows, in whatever mode it does."""
    if "id" in representation.fields:
        record = Record(place, value)
        return take(batch, recognise(batch, record, None) or type(representation), value, place)
    return take(batch, type(representation), value, place)


# Walking a record --------------------------------------------------------------------------------

Above = Mapping[type[models.Model], object]  # the rows that an object stands in: their models and keys
Step = Callable[[Batch, Row, object, object, str, Above], None]  # batch, row, its key, the value, its place


class Walk(NamedTuple):
    """How the objects of one component are taken in."""

    model: type[models.Model]
    name: str
    steps: Mapping[str, Step]
    required: tuple[str, ...]  # the fields that must be there
    of_new: Mapping[str, str]  # those that must be there of a new row, and the columns that they show
    implied: tuple[tuple[str, type[models.Model]], ...]  # columns, and whose key they hold
    has_key: bool
    stands_alone: bool  # whether it says the same wherever it stands


@cache
def walk(representation) -> Walk:
    model, fields = representation.Meta.model, representation().fields
    implied = getattr(representation.Meta, "implied", {})
    required = tuple(name for name, shown in fields.items() if shown.required or shown.read_only)
    return Walk(
        model,
        name_of(representation),
        {name: step(model, shown) for name, shown in fields.items()},
        required,
        {
            name: column.attname
            for name, shown in fields.items()
            if name not in required and (column := never_null_column(shown))
        },
        tuple((model._meta.get_field(name).attname, of) for name, of in implied.items()),
        "id" in fields,
        not implied and all(map(stands_alone, fields.values())),
    )


def stands_alone(shown) -> bool:
    """Whether what a field shows says the same wherever it stands."""
    cls = type(getattr(shown, "child", shown))
    return not issubclass(cls, Representation) or (len(shown.source_attrs) == 1 and walk(cls).stands_alone)


def way(model, shown) -> list:
    """The relations that lead to the rows that a field shows."""
    found = []
    for name in shown.source_attrs:
        found.append(model._meta.get_field(name))
        model = found[-1].related_model
    return found


def step(model, shown) -> Step:
    """How the value of one shown field is taken in."""
    if isinstance(shown, HyperlinkedIdentityField):
        return skip
    if isinstance(shown, ResponseMode):
        return mode(shown.mode)
    if isinstance(shown, NameOf):
        return name(model._meta.get_field(shown.source))
    if isinstance(shown, Rows):
        return beyond(way(model, shown), many(way(model, shown)[-1], type(shown.child), shown.part))
    if isinstance(shown, Representation):
        relation = model._meta.get_field(shown.source)
        if is_column(relation):
            return one(relation, type(shown))
        return one_of_several(relation, type(shown)) if shown.part else one_back(relation, type(shown))
    return plain(column(model, shown))


def column(model, shown) -> models.Field:
    """The column that a value is kept in: beside what is computed, what was recorded of it."""
    try:
        return model._meta.get_field(shown.source)
    except FieldDoesNotExist:
        return model._meta.get_field(f"recorded_{shown.source}")


def take(batch, representation, record, place, above: Above = EMPTY):
    """Notes what an object says; returns the key of its row, or the row where the contract shows no key."""
    if not isinstance(record, dict):
        batch.refuse(place, "Must be an object.")
        return None
    of = walk(representation)
    key = identity(batch, of.model, record.get("id"), f"{place}/id") if of.has_key else None
    # The same few agencies and pictures are shown again and again: each is walked once.
    if key is not None and of.stands_alone and batch.heard[of.model, key].get(representation) == record:
        return key
    for missing in [name for name in of.required if name not in record]:
        batch.refuse(f"{place}/{missing}", "Is missing.")
    batch.unknown.update((of.name, unknown) for unknown in record.keys() - of.steps.keys())
    if of.has_key and key is None:
        return None
    row = Row(place) if key is None else batch.row(of.model, key, place)
    for lacking in of.of_new.keys() - record.keys():
        row.lacks.setdefault(of.of_new[lacking], f"{place}/{lacking}")
    before = dict(row.values)
    for attname, owner in of.implied:
        row.values[attname] = above.get(owner)
    inside = {**above, of.model: key}
    for name, value in record.items():
        if name != "id" and name in of.steps:
            of.steps[name](batch, row, key, value, f"{place}/{name}", inside)
    if key is None:
        return row
    if any(row.values[name] != value for name, value in before.items()):
        batch.heard.pop((of.model, key), None)  # what was heard before holds no longer
    batch.heard[of.model, key][representation] = record
    return key


def identity(batch, model, value, place):
    """The primary key that an answer shows."""
    if type(value) is int and 0 <= value < 10**18 and isinstance(model._meta.pk, models.IntegerField):
        return value  # as nearly all are, and there are many
    try:
        key = converter(model._meta.pk)(value)
    except DjangoValidationError as error:
        batch.refuse(place, reason(error))
        return None
    if not re.fullmatch(key_pattern(model), str(key)):
        batch.refuse(place, "Is no id that a row can be addressed by.")
        return None
    return key


def skip(batch, row, key, value, place, above):
    """An address of ours: it follows from the id."""


def mode(expected) -> Step:
    def check(batch, row, key, value, place, above):
        if value != expected:
            batch.refuse(place, f"Must be {expected!r}, not {value!r}.")

    return check


def plain(column) -> Step:
    convert = converter(column)

    def note(batch, row, key, value, place, above):
        try:
            row.values[column.attname] = convert(value)
        except DjangoValidationError as error:
            batch.refuse(place, reason(error))

    return note


@cache
def shown_from_beyond() -> frozenset[models.Field]:
    """The columns of rows that the records of their owners show."""
    found = set()
    for representation in components():
        model = representation.Meta.model
        for shown in representation().fields.values():
            if isinstance(shown, Rows | Representation) and (last := way(model, shown)[-1]).auto_created:
                found.add(last.field)
    return frozenset(found)


def one(column, representation) -> Step:
    is_claimed = column.one_to_one or column in shown_from_beyond()

    def note(batch, row, key, value, place, above):
        if value is None and not column.null:
            batch.refuse(place, "May not be null.")
            return
        found = None if value is None else take(batch, representation, value, place, above)
        row.values[column.attname] = found
        if is_claimed:
            batch.claims.tell(column, key, found, place)

    return note


def one_back(relation, representation) -> Step:
    """The one row that points here, as the flight that a landing ends."""

    def note(batch, row, key, value, place, above):
        child = None if value is None else take(batch, representation, value, place, above)
        batch.show(relation.field, key, {} if child is None else {child: place})
        batch.alone[relation.field][key] = child

    return note


def one_of_several(relation, representation) -> Step:
    """One of the rows that point here; that it is shown says nothing of the others."""

    def note(batch, row, key, value, place, above):
        child = None if value is None else take(batch, representation, value, place, above)
        batch.show(relation.field, key, {} if child is None else {child: place})

    return note


def name(column) -> Step:
    model = column.related_model
    convert = converter(model._meta.get_field("name"))

    def note(batch, row, key, value, place, above):
        row.values[column.attname] = None
        if value is None:
            if not column.null:
                batch.refuse(place, "May not be null.")
            return
        try:
            batch.named.append((row, column.attname, model, convert(value)))
            batch.names[model].setdefault(value, place)
        except DjangoValidationError as error:
            batch.refuse(place, reason(error))

    return note


def beyond(relations, step) -> Step:
    """Rows that belong to another than the row that shows them: to one that it stands in, if to any.

    A rocket shows the flights of its launch. An astronaut shows launches that nobody can tell the seats of."""
    *before, last = relations
    if not before:
        return step

    def note(batch, row, key, value, place, above):
        if last.one_to_many:
            batch.claims.gates[last.field] = before[-1].field
        step(batch, row, above.get(last.model), value, place, above)

    return note


def many(column, representation, part) -> Step:
    def note(batch, row, key, value, place, above):
        if value is None:  # upstream answers null for an empty set here and there
            value = []
        if not isinstance(value, list):
            batch.refuse(place, "Must be an array.")
            return
        shown = [take(batch, representation, item, f"{place}/{i}", above) for i, item in enumerate(value)]
        if key is None:
            return
        if "id" not in representation.Meta.fields:
            batch.lists[column][key] = shown
        elif column.many_to_many:
            batch.sets[column][key] = shown
        else:
            places = {child: f"{place}/{i}" for i, child in enumerate(shown) if child is not None}
            batch.show(column.field, key, places)
            if part is None:
                batch.owned[column.field][key] = shown

    return note


# Single values -----------------------------------------------------------------------------------


def reason(error) -> str:
    return " ".join(error.messages)


UNKEPT = re.compile("[\ud800-\udfff]")


def text(value) -> str:
    if not isinstance(value, str):
        raise DjangoValidationError("Must be a string.")
    if "\x00" in value or (not value.isascii() and UNKEPT.search(value)):
        raise DjangoValidationError("Holds a character that no database keeps.")
    return value


def whole(value) -> int:
    if type(value) is not int:
        raise DjangoValidationError("Must be a whole number.")
    return value


def flag(value) -> bool:
    if not isinstance(value, bool):
        raise DjangoValidationError("Must be true or false.")
    return value


def number(value) -> float:
    if type(value) not in (int, float) or abs(value) > 1.7e308:
        raise DjangoValidationError("Must be a number.")
    return float(value)


# As LL2 2.3.0 writes lengths of time; a body's day is the one that it writes as Django does.
LENGTH = r"-?P(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?|(\d+ )?\d\d:\d\d:\d\d"


def parsed(serializer_field, kind, pattern=".*") -> Callable:
    @lru_cache(maxsize=8192)  # a launch has one time in several places
    def parse(value):
        try:
            if not re.fullmatch(pattern, value):
                raise ValueError
            return serializer_field.to_internal_value(value)
        except (serializers.ValidationError, OverflowError, ValueError):
            raise DjangoValidationError(f"Must be {kind}.") from None

    return lambda value: parse(text(value))


CONVERTERS = (
    (models.CharField, text),
    (models.TextField, text),
    (models.IntegerField, whole),
    (models.BooleanField, flag),
    (models.FloatField, number),
    (models.DateTimeField, parsed(serializers.DateTimeField(), "a date and time in ISO 8601", r"[\d-]+[T ][\d:]+.*")),
    (models.DateField, parsed(serializers.DateField(), "a date in ISO 8601")),
    (models.DurationField, parsed(serializers.DurationField(), "a length of time in ISO 8601", LENGTH)),
    (models.UUIDField, parsed(serializers.UUIDField(), "a UUID")),
)


@cache
def converter(column) -> Callable:
    """From JSON to what a column keeps: right kind, not too long, not too large; else a ValidationError.

    Texts are kept to the letter; whether an address or a slug is well formed is upstream's affair."""
    convert = next(function for kind, function in CONVERTERS if isinstance(column, kind))
    bounds = [check for check in column.validators if isinstance(check, BaseValidator)]
    longest = column.max_length if isinstance(column, models.CharField) else None

    def checked(value):
        if value is None:
            if not column.null:
                raise DjangoValidationError("May not be null.")
            return None
        value = convert(value)
        if longest is None or len(value) > longest:  # most values are texts, and short enough
            for check in bounds:
                check(value)
        return value

    return checked
