"""Whose a row is, where the records of two claim it: nothing is taken from the first.

A column leads from each row to its owner: a flight's to its launch, a launch's to its rocket. The record of a row
tells what its columns hold; that of an owner shows the rows that are its own. A row that an owner has, by this import
or since long ago, stays with it until a record lets it go: that of the owner shows others in its place, or that of the
row tells another. Where a column is one to one, the same holds for what it leads to."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from django.db import models


class Contested(NamedTuple):
    """A claim that comes second: its place, the row that it claims, and the one that has it."""

    place: str
    model: type[models.Model]
    key: object
    holder_model: type[models.Model]
    holder: object

    def __str__(self):
        model = self.holder_model
        named = any(column.name == "name" for column in model._meta.concrete_fields)
        names = model._base_manager.filter(pk=self.holder).values_list("name", flat=True) if named else ()
        holder = " ".join([model.__name__, str(self.holder), *names])
        return f"{self.model.__name__} {self.key} belongs to {holder}; it moves once a record shows that without it."


BY_COLUMN = partial(defaultdict, dict)


@dataclass
class Claims:
    """Who claims which rows, by column, in the order in which it was said."""

    shown: dict = field(default_factory=BY_COLUMN)  # {owner: the rows that its record shows}
    owners: dict = field(default_factory=BY_COLUMN)  # {row: {owner: the place where its record shows it}}
    rows: dict = field(default_factory=BY_COLUMN)  # {owner: {row: place}}, where a column is one to one
    told: dict = field(default_factory=BY_COLUMN)  # {row: the owner that its own record tells}
    gates: dict = field(default_factory=dict)  # {column: that of its owner without which the owner shows no row}
    gone: Collection = ()  # (model, key) of rows that are no more where the records come from: they hold nothing

    def tell(self, column, row, owner, place):
        """Notes what the record of a row tells; owners that showed it before were right until now."""
        self.told[column][row] = owner
        self.owners[column].pop(row, None)
        self.lead(column, row, owner, place)

    def show(self, column, owner, places):
        """Notes what the record of an owner shows: rows, and their places."""
        self.shown[column][owner] = places
        for row, place in places.items():
            self.owners[column].setdefault(row, {}).setdefault(owner, place)
            self.lead(column, row, owner, place)

    def lead(self, column, row, owner, place):
        if column.one_to_one and owner is not None:
            self.rows[column].setdefault(owner, {}).setdefault(row, place)


def settle(claims, rows, there) -> Iterator[Contested]:
    """Gives rows to those who claim them first, and yields the claims that come second.

    `rows` and `there` are, by model and key, what a batch carries and what the database has of it."""
    for column in claims.owners:
        yield from settle_rows(claims, column, rows, there.get(column.model, {}))
    for column, owners in claims.rows.items():
        yield from settle_owners(column, owners, rows[column.model], there.get(column.model, {}), claims.gone)


def settle_rows(claims, column, rows, there) -> Iterator[Contested]:
    name, shown = column.attname, claims.shown[column]
    for key, claimed in claims.owners[column].items():
        places = {owner: place for owner, place in claimed.items() if key in shown[owner]} or dict.fromkeys(claimed)
        holder = claims.told[column].get(key)
        if holder is None:
            holder = there.get(key, {}).get(name)
            if holder not in places and has_let_go(claims, column, holder, key, rows):
                holder = None
        holder = next(iter(places)) if holder is None else holder
        rows[column.model][key].values[name] = holder
        for owner, place in places.items():
            if owner != holder and place:
                yield Contested(place, column.model, key, column.related_model, holder)


def has_let_go(claims, column, holder, key, rows) -> bool:
    """Whether an owner shows a row no longer; a launch without a rocket shows nothing of what flew in it."""
    if holder in claims.shown[column]:
        return key not in claims.shown[column][holder]
    if holder is None or (column.related_model, holder) in claims.gone:
        return True
    gate = claims.gates.get(column)
    if not gate:
        return False
    owner = rows[gate.model].get(holder)
    if owner and gate.attname in owner.values:
        return owner.values[gate.attname] is None
    return gate.model._base_manager.filter(pk=holder, **{gate.name: None}).exists()


def settle_owners(column, owners, rows, there, gone) -> Iterator[Contested]:
    name, model = column.attname, column.model
    claimed = {
        owner: {row: place for row, place in places.items() if rows[row].values[name] == owner}
        for owner, places in owners.items()
    }
    new = [owner for owner, places in claimed.items() if any(there.get(row, {}).get(name) != owner for row in places)]
    holders = dict(model._default_manager.filter(**{f"{name}__in": new}).values_list(name, "pk")) if new else {}
    free = {
        owner: row
        for owner, row in holders.items()
        if (row in rows and rows[row].values.get(name, owner) != owner) or (model, row) in gone
    }
    # At once, and not with the rows' other values: of two that change places, neither could be written first.
    model._default_manager.filter(pk__in=free.values()).update(**{name: None})
    for owner in new:
        holder = holders[owner] if owner in holders.keys() - free.keys() else next(iter(claimed[owner]))
        for row, place in claimed[owner].items():
            if row != holder:
                yield Contested(place, column.related_model, owner, model, holder)
