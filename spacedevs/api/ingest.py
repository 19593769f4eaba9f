"""The inverse of rendering: answers of Launch Library 2 into rows.

What can be shown can be taken in: a record is walked along the representation that describes it, each
object in it becomes a row under upstream's id, and all rows of one call are written in one transaction.
A record sets only what it carries. What an answer merely names becomes a row that is `KnownByName`."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlsplit

from django.core.exceptions import FieldDoesNotExist
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import BaseValidator
from django.db import models, transaction
from django.urls import Resolver404, get_resolver, resolve
from rest_framework import serializers
from rest_framework.relations import HyperlinkedIdentityField

from .batches import Batch, Refused, Row, write
from .models import key_pattern
from .representations import NameOf, Representation, ResponseMode, Rows, components, name_of

EMPTY = MappingProxyType({})


class Outcome(NamedTuple):
    """What became of some answers: rows by ("Agency", "created"), and what nobody here knows by
    ("AgencyMini", "mascot")."""

    rows: Counter
    unknown: Counter


def ingest(answers: Iterable[tuple[str, object]], component: str | None = None) -> Outcome:
    """Writes what these answers say, all or nothing; answers are (name, parsed JSON).

    Fields that no component has are left out and counted. Raises Refused with a problem for each
    fault that was found."""
    get_resolver().url_patterns  # noqa: B018 - the router brings every representation there is
    batch = Batch()
    for name, answer in answers:
        for place, record in records(name, answer):
            representation = recognise(batch, place, record, component)
            if representation:
                take(batch, representation, record, place)
    if batch.problems:
        raise Refused(batch.problems)
    with transaction.atomic():
        return Outcome(write(batch), batch.unknown)


def records(name, answer) -> list[tuple[str, object]]:
    """The records of an answer with their places: of a page, an array, or the one that it is."""
    if isinstance(answer, dict) and isinstance(answer.get("results"), list):
        return [(f"{name}#/results/{i}", record) for i, record in enumerate(answer["results"])]
    if isinstance(answer, list):
        return [(f"{name}#/{i}", record) for i, record in enumerate(answer)]
    return [(f"{name}#", answer)]


# Which component a record is ---------------------------------------------------------------------


def recognise(batch, place, record, component) -> type[Representation] | None:
    """The component that a record is, by the path of its url, its mode and its fields."""
    if not isinstance(record, dict):
        batch.refuse(place, "Is no record of Launch Library 2: an object is wanted.")
        return None
    fits = components()
    if component:
        fits = [cls for cls in fits if name_of(cls) == component]
    elif model := model_by_url(record.get("url")):
        fits = [cls for cls in fits if cls.Meta.model is model]
    if "response_mode" in record:
        fits = [cls for cls in fits if getattr(cls.Meta, "mode", None) == record["response_mode"]] or fits
    best = max((likeness(cls, record) for cls in fits), default=0)
    if best < 0.5:
        batch.refuse(place, "Is no record of Launch Library 2 that this server knows.")
        return None
    fits = [cls for cls in fits if likeness(cls, record) == best]
    if len({(cls.Meta.model, tuple(cls.Meta.fields)) for cls in fits}) > 1:
        names = ", ".join(sorted(map(name_of, fits)))
        batch.refuse(place, f"Can be any of {names}: say which with --component.")
        return None
    return fits[0]


def model_by_url(url) -> type[models.Model] | None:
    """The model of the endpoint that a record's own url leads to."""
    try:
        return resolve(urlsplit(url).path).func.cls.queryset.model
    except (Resolver404, AttributeError, TypeError, ValueError):  # no address, or none of ours
        return None


def likeness(cls, record) -> float:
    """The part of the fields of a component and a record that they share."""
    shown = set(cls.Meta.fields)
    return len(shown & set(record)) / len(shown | set(record))


# Walking a record --------------------------------------------------------------------------------

Above = Mapping[type[models.Model], object]  # the rows that an object stands in: their models and keys
Step = Callable[[Batch, Row, object, object, str, Above], None]  # batch, row, its key, the value, its place


@cache
def steps(representation) -> dict[str, tuple[bool, Step]]:
    """For each field that a component shows: whether it must be there, and how its value is taken in."""
    model = representation.Meta.model
    return {
        name: (shown.required or shown.read_only, step(model, shown))
        for name, shown in representation().fields.items()
    }


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
        if relation.concrete:
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
    wanted = steps(representation)
    for missing in [name for name, (required, _) in wanted.items() if required and name not in record]:
        batch.refuse(f"{place}/{missing}", "Is missing.")
    batch.unknown.update((name_of(representation), unknown) for unknown in record.keys() - wanted.keys())
    model, row, key = representation.Meta.model, Row(place), None
    if "id" in wanted:
        key = identity(batch, model, record.get("id"), f"{place}/id")
        if key is None:
            return None
        row = batch.row(model, key, place)
    for name, of in getattr(representation.Meta, "implied", {}).items():
        row.values[model._meta.get_field(name).attname] = above.get(of)
    for name, (_, step) in wanted.items():
        if name in record and name != "id":
            step(batch, row, key, record[name], f"{place}/{name}", {**above, model: key})
    return row if key is None else key


def identity(batch, model, value, place):
    """The primary key that an answer shows."""
    try:
        key = converter(model._meta.pk)(value)
    except DjangoValidationError as error:
        batch.refuse(place, reason(error))
        return None
    if not re.fullmatch(key_pattern(model._meta.pk), str(key)):
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


def one(column, representation) -> Step:
    def note(batch, row, key, value, place, above):
        if value is None and not column.null:
            batch.refuse(place, "May not be null.")
        else:
            row.values[column.attname] = None if value is None else take(batch, representation, value, place, above)

    return note


def one_back(relation, representation) -> Step:
    """The one row that points here, as the flight that a landing ends."""

    def note(batch, row, key, value, place, above):
        child = None if value is None else take(batch, representation, value, place, above)
        if child is not None:
            batch.rows[relation.related_model][child].values[relation.field.attname] = key
        batch.alone[relation.field][key] = child

    return note


def one_of_several(relation, representation) -> Step:
    """One of the rows that point here; that it is shown says nothing of the others."""

    def note(batch, row, key, value, place, above):
        child = None if value is None else take(batch, representation, value, place, above)
        if child is not None:
            batch.rows[relation.related_model][child].values[relation.field.attname] = key

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
            for child in shown:
                if child is not None:
                    batch.rows[column.related_model][child].values[column.field.attname] = key
            if part is None:
                batch.owned[column.field][key] = shown

    return note


# Single values -----------------------------------------------------------------------------------


def reason(error) -> str:
    return " ".join(error.messages)


def text(value) -> str:
    if not isinstance(value, str):
        raise DjangoValidationError("Must be a string.")
    if "\x00" in value or re.search("[\ud800-\udfff]", value):
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
    def parse(value):
        try:
            if not re.fullmatch(pattern, text(value)):
                raise ValueError
            return serializer_field.to_internal_value(value)
        except (serializers.ValidationError, OverflowError, ValueError):
            raise DjangoValidationError(f"Must be {kind}.") from None

    return parse


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

    def checked(value):
        if value is None:
            if not column.null:
                raise DjangoValidationError("May not be null.")
            return None
        value = convert(value)
        for check in bounds:
            check(value)
        return value

    return checked
