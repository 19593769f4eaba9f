"""Compiled serializers: the column for each key, and its conversion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property
from itertools import repeat
from operator import itemgetter
from typing import Any, Protocol

import orjson
from django.core.exceptions import FieldDoesNotExist
from django.db import connection, models
from django.utils.duration import duration_string
from rest_framework import serializers
from rest_framework.relations import HyperlinkedIdentityField
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from spacedevs.api.fields import Constant, Converted, Duration, ResponseMode, Text, Url
from spacedevs.api.serializers import MadeOfRows, NameOf, ResourceSerializer, Rows, loaded
from spacedevs.db.bulk import chained, database_conversions
from spacedevs.db.paths import Unknown, computed, is_column

from .relations import Relation, RelationPath

Key = Any  # a primary key from the driver: a number or a UUID, on SQLite the UUID's 32 hexadecimal digits
Row = tuple[Any, ...]  # values from the driver, one for each of a component's columns
Shown = Any  # input of orjson: a dict, or a Fragment with the bytes of one
Convert = Callable[[Any], Any]

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS
# The maximum number of columns, own and total, of a row that is read by a join. Measured: each saved statement is
# worth more than the columns that the join reads repeatedly.
MAX_OWN_COLUMNS, MAX_JOINED_COLUMNS = 13, 40


def as_json(value: Any) -> bytes:
    return orjson.dumps(value, option=OPTIONS)


def once(record: dict[str, Any]) -> orjson.Fragment:
    """A record that is rendered as bytes once and inserted wherever it is shown."""
    return orjson.Fragment(as_json(record))


def as_python_prints_it(value: float) -> orjson.Fragment:
    return orjson.Fragment(repr(value).encode())


# The conversion from Django's value to JSON, for each supported kind of field.
CONVERSIONS: dict[type[serializers.Field[Any, Any, Any, Any]], Convert | None] = {
    serializers.BigIntegerField: None,
    serializers.BooleanField: None,
    serializers.CharField: None,
    serializers.DateField: None,
    serializers.DateTimeField: None,
    serializers.DurationField: duration_string,
    serializers.FloatField: as_python_prints_it,
    serializers.IntegerField: None,
    serializers.SlugField: None,
    serializers.UUIDField: None,
    Duration: Duration().to_representation,
    Url: None,
}


def raw_key(row: models.Model) -> Key:
    """The key of a row in the format of the database."""
    return row._meta.pk.get_db_prep_value(row.pk, connection)


class Context(Protocol):
    """The part of `RenderContext` that a component uses."""

    request: Request

    @property
    def written(self) -> Mapping[CompiledSerializer, Mapping[Key, Shown]]: ...

    def note_changes(self, moments: Iterable[int | None]) -> None: ...

    def shown(self, path: RelationPath, target: CompiledSerializer, owners: Iterable[Key]) -> list[list[Shown]]: ...

    def address(self, view: str, key: models.Field[Any, Any]) -> tuple[str, str]: ...


class CompiledSerializer:
    """A compiled serializer: the column for each key, and its conversion."""

    def __init__(self, representation: type[ResourceSerializer]):
        self.representation = representation
        self.model: type[models.Model] = representation.Meta.model
        self.key: models.Field[Any, Any] = self.model._meta.pk
        self.names: list[str] = []  # the keys shown
        self.columns: list[tuple[str, ...]] = []  # at each key, the path to a column
        # Positions, counted from 0, that are not plain columns:
        self.conversions: list[tuple[int, Convert]] = []
        self.defaults: list[tuple[int, Any]] = []  # the default for null
        self.constants: list[tuple[int, Any]] = []
        self.urls: list[tuple[int, str]] = []  # with the name of the view
        self.to_one: list[tuple[int, Relation, CompiledSerializer]] = []
        self.to_many: list[tuple[int, RelationPath, CompiledSerializer]] = []
        # those of `to_many` that do not show a list, with their function
        self.reductions: dict[int, Callable[[list[Shown]], Any]] = {}
        self.computed: set[int] = set()  # the places of annotations, which may depend on the clock
        self.is_known = True
        try:
            for place, (name, field) in enumerate(representation().fields.items()):
                self.names.append(name)
                self.compile(place, field)
            if self.is_computed:  # after the shown columns, the moment of the next change
                self.columns.append(("changes_at",))
        except Unknown:
            self.columns, self.to_one, self.to_many = [(self.key.name,)], [], []
            self.conversions, self.defaults, self.constants, self.urls = [], [], [], []
            self.is_known = False

    def compile(self, place: int, field: Any) -> None:
        if isinstance(field, ResponseMode | Constant):
            self.columns.append((self.key.name,))
            self.constants.append((place, field.to_representation(None)))
        elif isinstance(field, HyperlinkedIdentityField):
            self.columns.append((self.key.name,))
            self.urls.append((place, str(field.view_name)))
        elif isinstance(field, Rows):
            self.compile_path(place, self.path(field), compiled(type(field.child)))
        elif isinstance(field, NameOf):
            self.columns.append((self.relation(field).name, field.slug_field))
        elif isinstance(field, MadeOfRows):
            self.reductions[place] = field.made
            path = self.path(field)
            self.compile_path(place, path, compiled_columns(path, field.columns))
        elif isinstance(field, ResourceSerializer):
            if field.first or field.part or not is_column(self.column(field)):
                self.reductions[place] = first if field.first else last
                self.compile_path(place, self.path(field), compiled(type(field)))
            else:
                self.columns.append((self.relation(field).name,))
                self.to_one.append((place, self.relation(field), compiled(type(field))))
        else:
            self.compile_value(place, field)

    def path(self, field: Any) -> RelationPath:
        """The path of a field to several rows, in the order that the serializer has for them."""
        path = RelationPath(self.model, tuple(field.source_attrs), getattr(field, "part", None))
        return replace(path, order=self.representation.orders.get(path.target, ()))

    def compile_path(self, place: int, path: RelationPath, shown: CompiledSerializer) -> None:
        if path.target is not shown.model:
            raise Unknown(path)
        path.condition()
        self.columns.append((self.key.name,))
        self.to_many.append((place, path, shown))

    def relation(self, field: Any) -> Relation:
        """The to-one relation of a field."""
        relation = self.column(field)
        if not (relation.is_relation and is_column(relation)):
            raise Unknown(field)
        return relation

    def column(self, field: Any) -> Any:
        """The column of a field, or the annotation with its name."""
        if len(field.source_attrs) != 1:
            raise Unknown(field)
        try:
            return self.model._meta.get_field(field.source)
        except FieldDoesNotExist:
            return computed(self.model, field.source)

    def compile_value(self, place: int, field: Any) -> None:
        column = column_at(self.model, field.source_attrs) if isinstance(field, Converted) else self.column(field)
        is_computed = isinstance(column, models.Expression)
        if not (is_computed or (column.concrete and not column.is_relation)):
            raise Unknown(field)
        self.columns.append(tuple(field.source_attrs))
        self.computed |= {place} if is_computed else set()
        if steps := [*database_conversions(column), *conversions(field, column)]:
            self.conversions.append((place, steps[0] if len(steps) == 1 else chained(steps)))
        if getattr(field, "otherwise", None) is not None:
            self.defaults.append((place, field.otherwise))

    @property
    def is_computed(self) -> bool:
        return bool(self.computed)

    @cached_property
    def is_small(self) -> bool:
        """Whether it has few enough columns to be read by a join."""
        return len(set(self.columns)) <= MAX_OWN_COLUMNS and self.width <= MAX_JOINED_COLUMNS

    @cached_property
    def width(self) -> float:
        """The number of its columns, including joined components; unlimited with to-many relations."""
        if not self.is_known or self.to_many:
            return float("inf")
        return len(set(self.columns)) + sum(one.width for _, _, one in self.to_one if one.is_small)

    @cached_property
    def needs(self) -> list[tuple[Callable[[Row], Key], CompiledSerializer]]:
        """Functions for the keys of the related rows that no join reads, with the components of these rows."""
        return [(itemgetter(place), one) for place, _, one in self.to_one if not one.is_small]

    @cached_property
    def beneath(self) -> set[CompiledSerializer]:
        """The components that are read after it, including those of joined components."""
        shown = {each for _, _, each in (*self.to_one, *self.to_many)}
        return shown.union(*(each.beneath for each in shown if each.is_small))

    def write(self, rows: dict[Key, Row], context: Context, is_shared: bool) -> dict[Key, Shown]:
        """Renders each of these rows: as bytes if it is shown often, so that it is rendered only once."""
        if not self.is_known:
            return self.write_plainly(rows, context)
        # Column by column, because one loop over the values of a column is the fastest way in Python.
        columns: list[Iterable[Any]] = list(zip(*rows.values(), strict=True))
        if self.is_computed:
            context.note_changes(columns.pop())
        for place, convert in self.conversions:
            columns[place] = [value if value is None else convert(value) for value in columns[place]]
        for place, default in self.defaults:
            columns[place] = [default if value is None else value for value in columns[place]]
        for place, value in self.constants:
            columns[place] = repeat(value, len(rows))
        for place, view in self.urls:
            before, after = context.address(view, self.key)
            columns[place] = [f"{before}{key}{after}" for key in map(self.key_text, columns[place])]
        for place, _, one in self.to_one:
            columns[place] = map(context.written[one].get, columns[place])
        for place, path, many in self.to_many:
            columns[place] = context.shown(path, many, rows)
            if place in self.reductions:
                columns[place] = map(self.reductions[place], columns[place])
        return dict(zip(rows, self.records(columns, is_shared), strict=True))

    def records(self, columns: list[Iterable[Any]], is_shared: bool) -> Iterable[Shown]:
        """Renders rows from these columns."""
        records = (dict(zip(self.names, values, strict=True)) for values in zip(*columns, strict=True))
        return map(once, records) if is_shared else records

    @cached_property
    def key_text(self) -> Convert:
        """A key in the format of URLs."""
        steps = database_conversions(self.key)
        return chained([*steps, str]) if steps else str

    def write_plainly(self, rows: dict[Key, Row], context: Context) -> dict[Key, Shown]:
        """The bytes of each of these rows, rendered by plain DRF."""
        objects = loaded(self.model._default_manager.filter(pk__in=rows), self.representation)
        about = {"request": context.request}
        shown = {raw_key(each): self.representation(each, context=about).data for each in objects}
        return {key: orjson.Fragment(JSONRenderer().render(data)) for key, data in shown.items()}


class CompiledColumns(CompiledSerializer):
    """The compiled columns of a table for a computed value: it renders a row as a tuple of them."""

    def __init__(self, model: type[models.Model], paths: tuple[str, ...]):
        self.model, self.key = model, model._meta.pk
        self.columns = [tuple(path.split(".")) for path in paths]
        self.conversions, self.defaults, self.constants, self.urls = [], [], [], []
        self.to_one, self.to_many, self.reductions = [], [], {}
        self.computed, self.is_known = set(), True
        for place, path in enumerate(self.columns):
            if steps := database_conversions(column_at(model, path)):
                self.conversions.append((place, chained(steps)))

    def records(self, columns: list[Iterable[Any]], is_shared: bool) -> Iterable[Shown]:
        return zip(*columns, strict=True)


@cache
def compiled(representation: type[ResourceSerializer]) -> CompiledSerializer:
    return CompiledSerializer(representation)


@cache
def compiled_columns(path: RelationPath, columns: tuple[str, ...]) -> CompiledColumns:
    return CompiledColumns(path.target, columns)


def conversions(field: Any, column: Any) -> list[Convert]:
    """The conversion of a column's values for a field, after Django's."""
    if isinstance(field, Text) and isinstance(column, models.CharField | models.TextField):
        return []
    if isinstance(field, Converted):
        return [field.to_representation]
    if type(field) not in CONVERSIONS:
        raise Unknown(field)
    return list(filter(None, [CONVERSIONS[type(field)]]))


def column_at(model: type[models.Model], path: Sequence[str]) -> Any:
    """The column at the end of a path of to-one relations."""
    end: Any = model
    for name in path[:-1]:
        relation = end._meta.get_field(name)
        if not (relation.is_relation and is_column(relation)):
            raise Unknown(name)
        end = relation.related_model
    return end._meta.get_field(path[-1])


def first(rows: list[Shown]) -> Shown | None:
    return rows[0] if rows else None


def last(rows: list[Shown]) -> Shown | None:
    return rows[-1] if rows else None
