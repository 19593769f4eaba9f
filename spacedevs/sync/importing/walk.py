"""Walks through a record along its serializer, and collects the values of rows."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from django.core.exceptions import FieldDoesNotExist
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models
from rest_framework.relations import HyperlinkedIdentityField

from spacedevs.api.fields import ResponseMode
from spacedevs.api.models import key_pattern
from spacedevs.api.serializers import NameOf, ResourceSerializer, Rows, components, name_of, never_null_column
from spacedevs.db.paths import is_column

from .batch import Batch, Row
from .values import converter, reason

EMPTY = MappingProxyType({})

ParentRows = Mapping[type[models.Model], object]  # models and keys of the enclosing rows

Step = Callable[[Batch, Row, object, object, str, ParentRows], None]  # batch, row, its key, the value, its place


class Walk(NamedTuple):
    """The compiled import of a component."""

    model: type[models.Model]
    name: str
    steps: Mapping[str, Step]
    required: tuple[str, ...]  # the required fields
    of_new: Mapping[str, str]  # the fields that a new row requires, with their columns
    implied: tuple[tuple[str, type[models.Model]], ...]  # foreign keys, with their models
    has_key: bool
    stands_alone: bool  # whether its content does not depend on the enclosing rows


@cache
def walk(representation) -> Walk:
    model, fields = representation.Meta.model, representation().fields
    implied = getattr(representation.Meta, "implied", {})
    required = tuple(name for name, shown in fields.items() if shown.required or shown.read_only)
    return Walk(
        model,
        name_of(representation),
        {name: handler_for(model, shown) for name, shown in fields.items()},
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
    """Whether the content of a field does not depend on the enclosing rows."""
    cls = type(getattr(shown, "child", shown))
    return not issubclass(cls, ResourceSerializer) or (len(shown.source_attrs) == 1 and walk(cls).stands_alone)


def path_to(model, shown) -> list:
    """The relations on the path to the rows of a field."""
    found = []
    for name in shown.source_attrs:
        found.append(model._meta.get_field(name))
        model = found[-1].related_model
    return found


def handler_for(model, shown) -> Step:
    """The import function for a field."""
    if isinstance(shown, HyperlinkedIdentityField):
        return skip
    if isinstance(shown, ResponseMode):
        return response_mode(shown.mode)
    if isinstance(shown, NameOf):
        return named_object(model._meta.get_field(shown.source))
    if isinstance(shown, Rows):
        return related_through(
            path_to(model, shown), related_list(path_to(model, shown)[-1], type(shown.child), shown.part)
        )
    if isinstance(shown, ResourceSerializer):
        relation = model._meta.get_field(shown.source)
        if is_column(relation):
            return related_object(relation, type(shown))
        return first_of_many(relation, type(shown)) if shown.part else one_to_one(relation, type(shown))
    return plain_value(column(model, shown))


def column(model, shown) -> models.Field:
    """The column for a value; for a computed field the column with the imported value."""
    try:
        return model._meta.get_field(shown.source)
    except FieldDoesNotExist:
        return model._meta.get_field(f"recorded_{shown.source}")


def import_object(batch, representation, record, place, above: ParentRows = EMPTY):
    """Collects the values of an object; returns the key of its row, or the row if its component has no key."""
    if not isinstance(record, dict):
        batch.refuse(place, "Must be an object.")
        return None
    of = walk(representation)
    key = identity(batch, of.model, record.get("id"), f"{place}/id") if of.has_key else None
    # Few agencies and images occur very often: each is walked once.
    if key is not None and of.stands_alone and batch.seen[of.model, key].get(representation) == record:
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
        batch.seen.pop((of.model, key), None)  # earlier content is obsolete
    batch.seen[of.model, key][representation] = record
    return key


def identity(batch, model, value, place):
    """The primary key in an object."""
    if type(value) is int and 0 <= value < 10**18 and isinstance(model._meta.pk, models.IntegerField):
        return value  # the common case
    try:
        key = converter(model._meta.pk)(value)
    except DjangoValidationError as error:
        batch.refuse(place, reason(error))
        return None
    if not re.fullmatch(key_pattern(model), str(key)):
        batch.refuse(place, "Is not a valid id.")
        return None
    return key


def skip(batch, row, key, value, place, above):
    """A URL of this API, which follows from the id: ignored."""


def response_mode(expected) -> Step:
    def check(batch, row, key, value, place, above):
        if value != expected:
            batch.refuse(place, f"Must be {expected!r}, not {value!r}.")

    return check


def plain_value(column) -> Step:
    convert = converter(column)

    def note(batch, row, key, value, place, above):
        try:
            row.values[column.attname] = convert(value)
        except DjangoValidationError as error:
            batch.refuse(place, reason(error))

    return note


@cache
def shown_from_beyond() -> frozenset[models.Field]:
    """The columns with the owners of rows, if owners' records show their rows."""
    found = set()
    for representation in components():
        model = representation.Meta.model
        for shown in representation().fields.values():
            if isinstance(shown, Rows | ResourceSerializer) and (last := path_to(model, shown)[-1]).auto_created:
                found.add(last.field)
    return frozenset(found)


def related_object(column, representation) -> Step:
    is_claimed = column.one_to_one or column in shown_from_beyond()

    def note(batch, row, key, value, place, above):
        if value is None and not column.null:
            batch.refuse(place, "May not be null.")
            return
        found = None if value is None else import_object(batch, representation, value, place, above)
        row.values[column.attname] = found
        if is_claimed:
            batch.claims.tell(column, key, found, place)

    return note


def one_to_one(relation, representation) -> Step:
    """The single row that refers to this one, such as the flight of a landing."""

    def note(batch, row, key, value, place, above):
        child = None if value is None else import_object(batch, representation, value, place, above)
        batch.show(relation.field, key, {} if child is None else {child: place})
        batch.one_to_one[relation.field][key] = child

    return note


def first_of_many(relation, representation) -> Step:
    """One of the rows that refer to this one; the others stay unchanged."""

    def note(batch, row, key, value, place, above):
        child = None if value is None else import_object(batch, representation, value, place, above)
        batch.show(relation.field, key, {} if child is None else {child: place})

    return note


def named_object(column) -> Step:
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


def related_through(relations, step) -> Step:
    """Rows with an owner other than the row that shows them: an enclosing row, if any.

    A rocket shows the flights of its launch. An astronaut shows launches without the seats, so they have no owner."""
    *before, last = relations
    if not before:
        return step

    def note(batch, row, key, value, place, above):
        if last.one_to_many:
            batch.claims.gates[last.field] = before[-1].field
        step(batch, row, above.get(last.model), value, place, above)

    return note


def related_list(column, representation, part) -> Step:
    def note(batch, row, key, value, place, above):
        if value is None:  # upstream sometimes answers null for an empty set
            value = []
        if not isinstance(value, list):
            batch.refuse(place, "Must be an array.")
            return
        shown = [import_object(batch, representation, item, f"{place}/{i}", above) for i, item in enumerate(value)]
        if key is None:
            return
        if "id" not in representation.Meta.fields:
            batch.keyless_children[column][key] = shown
        elif column.many_to_many:
            batch.many_to_many[column][key] = shown
        else:
            places = {child: f"{place}/{i}" for i, child in enumerate(shown) if child is not None}
            batch.show(column.field, key, places)
            if part is None:
                batch.children[column.field][key] = shown

    return note
