"""What answers say of rows, gathered before anything is written."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from .ownership import Claims, Contested

EMPTY = MappingProxyType({})

MAX_PROBLEMS = 20  # of one call; more of them tell nothing new


class Problem(NamedTuple):
    """What is wrong with a record, and where in the answer that is (a JSON pointer)."""

    place: str
    text: str
    contested: Contested | None = None  # where another has what it claims

    def __str__(self):
        return f"{self.place}: {self.text}"


class Refused(Exception):
    """Nothing was written, and why; what each record was taken for, by its place."""

    def __init__(self, problems: list[Problem], kinds=EMPTY):
        super().__init__("\n".join(map(str, problems[:MAX_PROBLEMS])))
        self.problems, self.kinds = problems, kinds


@dataclass
class Row:
    """What the answers say of one row, the place that said it first, and where they lack what a new row needs."""

    place: str
    values: dict = field(default_factory=dict)
    lacks: dict = field(default_factory=dict)  # column: place


@dataclass
class Batch:
    """All that the answers of one call say, before any of it is written."""

    rows: dict = field(default_factory=lambda: defaultdict(dict))  # model: {key: Row}
    names: dict = field(default_factory=lambda: defaultdict(dict))  # model: {name: place}
    named: list = field(default_factory=list)  # (Row, column, model, name)
    many_to_many: dict = field(default_factory=lambda: defaultdict(dict))  # many-to-many relation: {owner: [key]}
    keyless_children: dict = field(default_factory=lambda: defaultdict(dict))  # relation to many: {owner: [Row]}
    replaced_tables: dict = field(default_factory=dict)  # model without a key in answers: all the Rows that it has
    children: dict = field(default_factory=lambda: defaultdict(dict))  # foreign key: {owner: [key]}
    one_to_one: dict = field(default_factory=lambda: defaultdict(dict))  # one-to-one field: {owner: key or None}
    claims: Claims = field(default_factory=Claims)
    seen: dict = field(default_factory=lambda: defaultdict(dict))  # (model, key): {component: what was taken last}
    kinds: dict = field(default_factory=dict)  # the place of a record: what it was taken for
    unknown: Counter = field(default_factory=Counter)  # (component, field): how often it was left out
    problems: list = field(default_factory=list)

    def refuse(self, place, text):
        self.problems.append(Problem(place, text))

    def row(self, model, key, place) -> Row:
        return self.rows[model].setdefault(key, Row(place))

    def show(self, column, owner, places):
        """Notes which rows the record of an owner shows as its own, with their places."""
        self.claims.show(column, owner, places)
        for key in places:
            self.rows[column.model][key].values.setdefault(column.attname, owner)
