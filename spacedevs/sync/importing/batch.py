"""The content of imported records, collected before anything is written."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from .ownership import Claims, Contested

if TYPE_CHECKING:
    from django.db import models

    from spacedevs.api.serializers import ResourceSerializer
    from spacedevs.db.paths import AnyField, Column, Key

Model: TypeAlias = "type[models.Model]"
Values: TypeAlias = dict[str, Any]  # values of a row by the attribute of their column, such as `pad_id`
RowsByKey: TypeAlias = "dict[Key, Row]"
Places: TypeAlias = "dict[Key, str]"  # JSON pointers by key
NameReference: TypeAlias = (
    "tuple[Row, str, Model, str]"  # a row, its foreign key, and the model and name of the row it refers to
)

EMPTY: Mapping[Any, Any] = MappingProxyType({})

MAX_PROBLEMS = 20  # problems of one call that are reported


class Problem(NamedTuple):
    """A problem of a record, with its place in the file (a JSON pointer)."""

    place: str
    text: str
    contested: Contested | None = None  # set if another record owns the claimed row

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


class Refused(Exception):
    """Nothing was written: the problems, and the recognised component of each record by its place."""

    def __init__(self, problems: list[Problem], kinds: Mapping[str, str] = EMPTY):
        super().__init__("\n".join(map(str, problems[:MAX_PROBLEMS])))
        self.problems, self.kinds = problems, kinds


@dataclass(slots=True)
class Row:
    """The imported values of a row, the place of its first occurrence, and the places that lack values for a new
    row."""

    place: str
    values: Values = field(default_factory=dict)
    lacks: dict[str, str] = field(default_factory=dict)  # column: place


@dataclass
class Batch:
    """The content of all records of one call, before anything is written."""

    rows: dict[Model, RowsByKey] = field(default_factory=lambda: defaultdict(dict))
    names: dict[Model, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))  # name: place
    named: list[NameReference] = field(default_factory=list)
    # By relation and key of the owner: the rows in the owner's record.
    many_to_many: dict[AnyField, dict[Key, list[Key]]] = field(default_factory=lambda: defaultdict(dict))
    children: dict[Column, dict[Key, list[Key]]] = field(default_factory=lambda: defaultdict(dict))
    keyless_children: dict[AnyField, dict[Key, list[Row]]] = field(default_factory=lambda: defaultdict(dict))
    one_to_one: dict[Column, dict[Key, Key | None]] = field(default_factory=lambda: defaultdict(dict))
    replaced_tables: dict[Model, list[Row]] = field(default_factory=dict)  # without keys in records: all rows
    claims: Claims = field(default_factory=Claims)
    complete: Collection[Model] = ()  # models of which no row is unknown, so that no name makes a new one
    # By component and key: the object imported last, if its content does not depend on the enclosing rows.
    seen: dict[type[ResourceSerializer], dict[Key, object]] = field(default_factory=lambda: defaultdict(dict))
    kinds: dict[str, str] = field(default_factory=dict)  # the place of a record: its recognised component
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)  # (component, field): how often it was ignored
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, place: str, text: str) -> None:
        self.problems.append(Problem(place, text))

    def row(self, model: Model, key: Key, place: str) -> Row:
        rows = self.rows[model]
        if (row := rows.get(key)) is None:
            row = rows[key] = Row(place)
        return row

    def forget(self, model: Model, key: Key) -> None:
        """Forgets objects of a row that has another value since they were imported."""
        for component, objects in self.seen.items():
            if component.Meta.model is model:
                objects.pop(key, None)

    def show(self, column: Column, owner: Key, places: Places) -> None:
        """Records the rows that an owner's record shows as its own, with their places."""
        self.claims.show(column, owner, places)
        for key in places:
            self.rows[column.model][key].values.setdefault(column.attname, owner)
