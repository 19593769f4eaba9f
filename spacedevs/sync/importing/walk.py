"""Walks through a record along its serializer, and collects the values of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

from django.core.exceptions import FieldDoesNotExist
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models
from django.db.models.constants import LOOKUP_SEP
from rest_framework.relations import HyperlinkedIdentityField

from spacedevs.api.fields import ResponseMode
from spacedevs.api.serializers import NameOf, ResourceSerializer, Rows, components, name_of, never_null_column
from spacedevs.db.paths import column_of, fields_along, is_column, target_of

from .batch import EMPTY, Batch, Model, Row
from .values import converter, key_from, key_from_text, reason

if TYPE_CHECKING:
    from rest_framework.fields import Field

    from spacedevs.db.paths import AnyField, Column, Key
    from spacedevs.db.subsets import Subset

    from .values import Convert

Component: TypeAlias = type[ResourceSerializer]
Ancestors: TypeAlias = "Mapping[Model, Key | None]"  # models and keys of the enclosing rows


class Position(NamedTuple):
    """The object that is being imported: its row and its place."""

    batch: Batch
    row: Row
    key: Key | None  # of the row; None if its component has none
    place: str  # a JSON pointer
    rows: Ancestors  # the enclosing rows and its own

    @property
    def owner(self) -> Key:
        """The key of the row; a row with related rows always has one."""
        return cast("Key", self.key)

    def refuse(self, name: str, text: str) -> None:
        """Reports a problem with one of its fields."""
        self.batch.refuse(f"{self.place}/{name}", text)

    def child(self, component: Component, name: str, value: object) -> Key | None:
        """Imports the object in one of its fields and returns the key of its row; None if there is no object."""
        if value is None:
            return None
        return cast("Key | None", import_object(self.batch, component, value, f"{self.place}/{name}", self.rows))


Step: TypeAlias = Callable[[Position, Any], None]  # imports the value of one field


class Plain(NamedTuple):
    """The import of a field that is a column of its own row."""

    column: str
    convert: Convert


class Walk(NamedTuple):
    """The compiled import of a component."""

    model: Model
    name: str
    plain: Mapping[str, Plain]
    steps: Mapping[str, Step]  # of all other fields
    required: tuple[str, ...]  # the required fields
    of_new: Mapping[str, str]  # the fields that a new row requires, with their columns
    implied: tuple[tuple[str, Model], ...]  # foreign keys, with their models
    has_key: bool
    stands_alone: bool  # whether its content does not depend on the enclosing rows


class Shape(NamedTuple):
    """What follows from the component of an object and the names of its fields: nearly all objects of a component have
    the same."""

    missing: tuple[str, ...]  # required fields
    unknown: tuple[tuple[str, str], ...]  # names of the component and the field
    lacking: tuple[tuple[str, str], ...]  # columns that a new row requires, with the fields
    plain: tuple[tuple[str, str, Convert], ...]  # fields with their columns
    steps: tuple[tuple[str, Step], ...]


@cache
def walk(representation: Component) -> Walk:
    model, fields = representation.Meta.model, representation().fields
    implied = getattr(representation.Meta, "implied", {})
    required = tuple(name for name, shown in fields.items() if shown.required or shown.read_only)
    handlers = {name: handler_for(model, name, shown) for name, shown in fields.items()}
    return Walk(
        model,
        name_of(representation),
        {name: handler for name, handler in handlers.items() if isinstance(handler, Plain)},
        {name: handler for name, handler in handlers.items() if not isinstance(handler, Plain)},
        required,
        {
            name: column.attname
            for name, shown in fields.items()
            if name not in required and (column := never_null_column(shown))
        },
        tuple((column_of(model, name).attname, of) for name, of in implied.items()),
        "id" in fields,
        not implied and all(map(stands_alone, fields.values())),
    )


@lru_cache(maxsize=4096)
def shape(representation: Component, names: tuple[str, ...]) -> Shape:
    of = walk(representation)
    known = [name for name in names if name != "id"]
    return Shape(
        tuple(name for name in of.required if name not in names),
        tuple((of.name, name) for name in names if name not in of.steps and name not in of.plain),
        tuple((column, name) for name, column in of.of_new.items() if name not in names),
        tuple((name, *of.plain[name]) for name in known if name in of.plain),
        tuple((name, of.steps[name]) for name in known if name in of.steps and of.steps[name] is not skip),
    )


def stands_alone(shown: Field[Any, Any, Any, Any]) -> bool:
    """Whether the content of a field does not depend on the enclosing rows."""
    cls = type(getattr(shown, "child", shown))
    return not issubclass(cls, ResourceSerializer) or (len(shown.source_attrs) == 1 and walk(cls).stands_alone)


def path_to(model: Model, shown: Rows | ResourceSerializer) -> list[AnyField]:
    """The relations on the path to the rows of a field."""
    return list(fields_along(model, LOOKUP_SEP.join(shown.source_attrs)))


def handler_for(model: Model, name: str, shown: Field[Any, Any, Any, Any]) -> Step | Plain:
    """The import of a field."""
    source = cast(str, shown.source)  # a field of a serializer always has one
    if isinstance(shown, HyperlinkedIdentityField):
        return skip
    if isinstance(shown, ResponseMode):
        return response_mode(name, shown.mode)
    if isinstance(shown, NameOf):
        return named_object(name, column_of(model, source))
    if isinstance(shown, Rows):
        *through, relation = path_to(model, shown)
        return related_through(through, relation, related_list(name, relation, type(shown.child), shown.part))
    if isinstance(shown, ResourceSerializer):
        relation = model._meta.get_field(source)
        if is_column(relation):
            return related_object(name, relation, type(shown))
        relation = cast(models.ForeignObjectRel, relation)
        return (first_of_many if shown.part else one_to_one)(name, relation.field, type(shown))
    column = kept_column(model, source)
    return Plain(column.attname, converter(column))


def kept_column(model: Model, source: str) -> Column:
    """The column for a value; for a computed field the column with the imported value."""
    try:
        return column_of(model, source)
    except FieldDoesNotExist:
        return column_of(model, f"recorded_{source}")


def import_object(
    batch: Batch, representation: Component, record: object, place: str, above: Ancestors = EMPTY
) -> Key | Row | None:
    """Collects the values of an object, which the rows `above` enclose.

    Returns the key of its row, or the row if its component has no key; None if it is refused."""
    if not isinstance(record, dict):
        batch.refuse(place, "Must be an object.")
        return None
    of = walk(representation)
    key = identity(batch, of.model, record.get("id"), f"{place}/id") if of.has_key else None
    # Few agencies and images occur very often: each is walked once.
    if key is not None and of.stands_alone and batch.seen[representation].get(key) == record:
        return key
    fields = shape(representation, tuple(record))
    for missing in fields.missing:
        batch.refuse(f"{place}/{missing}", "Is missing.")
    if fields.unknown:
        batch.unknown.update(fields.unknown)
    if of.has_key and key is None:
        return None
    row = Row(place) if key is None else batch.row(of.model, key, place)
    for column, lacking in fields.lacking:
        row.lacks.setdefault(column, f"{place}/{lacking}")
    values = row.values
    before = values.copy()
    for attname, owner in of.implied:
        values[attname] = above.get(owner)
    for name, attname, convert in fields.plain:
        try:
            values[attname] = convert(record[name])
        except DjangoValidationError as error:
            batch.refuse(f"{place}/{name}", reason(error))
    if fields.steps:
        here = Position(batch, row, key, place, {**above, of.model: key})
        for name, step in fields.steps:
            step(here, record[name])
    if key is None:
        return row
    if not before.items() <= values.items():
        batch.forget(of.model, key)  # earlier content is obsolete
    if of.stands_alone:
        batch.seen[representation][key] = record
    return key


def identity(batch: Batch, model: Model, value: object, place: str) -> Key | None:
    """The primary key in an object; None if it is refused."""
    if type(value) is int and 0 <= value < 10**18 and isinstance(model._meta.pk, models.IntegerField):
        return value  # the common case
    try:
        return key_from_text(model, value) if type(value) is str else key_from(model, value)
    except DjangoValidationError as error:
        batch.refuse(place, reason(error))
        return None


def skip(here: Position, value: object) -> None:
    """A URL of this API, which follows from the id: ignored."""


def response_mode(name: str, expected: str) -> Step:
    def check(here: Position, value: object) -> None:
        if value != expected:
            here.refuse(name, f"Must be {expected!r}, not {value!r}.")

    return check


@cache
def shown_from_beyond() -> frozenset[Column]:
    """The columns with the owners of rows, if owners' records show their rows."""
    columns: set[Column] = set()
    for representation in components():
        for shown in representation().fields.values():
            if isinstance(shown, Rows | ResourceSerializer):
                *_, relation = path_to(representation.Meta.model, shown)
                if isinstance(relation, models.ForeignObjectRel):
                    columns.add(relation.field)
    return frozenset(columns)


def related_object(name: str, column: Column, component: Component) -> Step:
    is_claimed = column.one_to_one or column in shown_from_beyond()

    def note(here: Position, value: object) -> None:
        if value is None and not column.null:
            here.refuse(name, "May not be null.")
            return
        key = here.child(component, name, value)
        here.row.values[column.attname] = key
        if is_claimed:
            here.batch.claims.tell(column, here.owner, key, f"{here.place}/{name}")

    return note


def one_to_one(name: str, column: Column, component: Component) -> Step:
    """The single row whose column refers to this one, such as the flight of a landing."""

    def note(here: Position, value: object) -> None:
        child = here.child(component, name, value)
        here.batch.show(column, here.owner, {} if child is None else {child: f"{here.place}/{name}"})
        here.batch.one_to_one[column][here.owner] = child

    return note


def first_of_many(name: str, column: Column, component: Component) -> Step:
    """One of the rows whose column refers to this one; the others stay unchanged."""

    def note(here: Position, value: object) -> None:
        child = here.child(component, name, value)
        here.batch.show(column, here.owner, {} if child is None else {child: f"{here.place}/{name}"})

    return note


def named_object(name: str, column: Column) -> Step:
    model = target_of(column)
    convert = converter(column_of(model, "name"))

    def note(here: Position, value: Any) -> None:
        here.row.values[column.attname] = None
        if value is None:
            if not column.null:
                here.refuse(name, "May not be null.")
            return
        try:
            here.batch.named.append((here.row, column.attname, model, convert(value)))
            here.batch.names[model].setdefault(value, f"{here.place}/{name}")
        except DjangoValidationError as error:
            here.refuse(name, reason(error))

    return note


def related_through(through: list[AnyField], relation: AnyField, step: Step) -> Step:
    """Rows with an owner other than the row that shows them: an enclosing row, if any.

    A rocket shows the flights of its launch. An astronaut shows launches without the seats, so they have no owner."""
    if not through:
        return step

    def note(here: Position, value: object) -> None:
        if relation.one_to_many:
            gate = cast(models.ForeignObjectRel, through[-1])
            here.batch.claims.gates[cast(models.ForeignObjectRel, relation).field] = gate.field
        step(here._replace(key=here.rows.get(relation.model)), value)

    return note


def related_list(name: str, relation: AnyField, component: Component, part: Subset | None) -> Step:
    def note(here: Position, value: object) -> None:
        if value is None:  # upstream sometimes answers null for an empty set
            value = []
        if not isinstance(value, list):
            here.refuse(name, "Must be an array.")
            return
        batch, key, place = here.batch, here.key, f"{here.place}/{name}"
        shown: list[Any] = [
            import_object(batch, component, item, f"{place}/{i}", here.rows) for i, item in enumerate(value)
        ]
        if key is None:
            return
        if "id" not in component.Meta.fields:
            batch.keyless_children[relation][key] = shown
        elif relation.many_to_many:
            batch.many_to_many[relation][key] = shown
        else:
            column = cast(models.ForeignObjectRel, relation).field
            batch.show(column, key, {child: f"{place}/{i}" for i, child in enumerate(shown) if child is not None})
            if part is None:
                batch.children[column][key] = shown

    return note
