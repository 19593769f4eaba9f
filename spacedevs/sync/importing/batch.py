"""The content of imported records, collected before anything is written."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from .ownership import Claims, Contested

EMPTY = MappingProxyType({})

MAX_PROBLEMS = 20  # problems of one call that are reported


class Problem(NamedTuple):
    """A problem of a record, with its place in the file (a JSON pointer)."""

    place: str
    text: str
    contested: Contested | None = None  # set if another record owns the claimed row

    def __str__(self):
        return f"{self.place}: {self.text}"


class Refused(Exception):
    """Nothing was written: the problems, and the recognised component of each record by its place."""

    def __init__(self, problems: list[Problem], kinds=EMPTY):
        super().__init__("\n".join(map(str, problems[:MAX_PROBLEMS])))
        self.problems, self.kinds = problems, kinds


@dataclass
class Row:
    """The imported values of a row, the place of its first occurrence, and the places that lack values for a new
    row."""

    place: str
    values: dict = field(default_factory=dict)
    lacks: dict = field(default_factory=dict)  # column: place


@dataclass
class Batch:
    """The content of all records of one call, before anything is written."""

    rows: dict = field(default_factory=lambda: defaultdict(dict))  # model: {key: Row}
    names: dict = field(default_factory=lambda: defaultdict(dict))  # model: {name: place}
    named: list = field(default_factory=list)  # (Row, column, model, name)
    many_to_many: dict = field(default_factory=lambda: defaultdict(dict))  # many-to-many relation: {owner: [key]}
    keyless_children: dict = field(default_factory=lambda: defaultdict(dict))  # relation to many: {owner: [Row]}
    replaced_tables: dict = field(default_factory=dict)  # model without keys in records: all its Rows
    children: dict = field(default_factory=lambda: defaultdict(dict))  # foreign key: {owner: [key]}
    one_to_one: dict = field(default_factory=lambda: defaultdict(dict))  # one-to-one field: {owner: key or None}
    claims: Claims = field(default_factory=Claims)
    seen: dict = field(
        default_factory=lambda: defaultdict(dict)
    )  # (model, key): {component: the object imported last}
    kinds: dict = field(default_factory=dict)  # the place of a record: its recognised component
    unknown: Counter = field(default_factory=Counter)  # (component, field): how often it was ignored
    problems: list = field(default_factory=list)

    def refuse(self, place, text):
        self.problems.append(Problem(place, text))

    def row(self, model, key, place) -> Row:
        return self.rows[model].setdefault(key, Row(place))

    def show(self, column, owner, places):
        """Records the rows that an owner's record shows as its own, with their places."""
        self.claims.show(column, owner, places)
        for key in places:
            self.rows[column.model][key].values.setdefault(column.attname, owner)
