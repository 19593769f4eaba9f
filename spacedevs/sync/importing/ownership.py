"""Resolves conflicts if the records of two owners claim the same row: the first owner keeps it.

A column refers from each row to its owner: from a flight to its launch, from a launch to its rocket. The record of a
row sets its columns; the record of an owner shows the rows that it owns. An owner keeps a row, from this import or
from before, until a record releases it: either the owner's record shows other rows instead, or the row's own record
names another owner. For one-to-one columns the same holds in the other direction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from django.db import models

from spacedevs.db.paths import target_of

if TYPE_CHECKING:
    from spacedevs.db.paths import Column, Key
    from spacedevs.statistics.imports import Affected

    from .batch import Model, Places, RowsByKey, Values

Owner: TypeAlias = "Key | None"


class Contested(NamedTuple):
    """A conflicting claim: its place, the claimed row, and the present owner."""

    place: str
    model: type[models.Model]
    key: Key
    holder_model: type[models.Model]
    holder: Key

    def __str__(self) -> str:
        model = self.holder_model
        named = any(column.name == "name" for column in model._meta.concrete_fields)
        names = model._base_manager.filter(pk=self.holder).values_list("name", flat=True) if named else ()
        holder = " ".join([model.__name__, str(self.holder), *names])
        return (
            f"{self.model.__name__} {self.key} belongs to {holder}; it can move after a record shows that without it."
        )


@dataclass
class Claims:
    """The claims of rows by column, in the order of the records."""

    # {owner: rows in its record}
    shown: dict[Column, dict[Key, Places]] = field(default_factory=lambda: defaultdict(dict))
    # {row: {owner: place in the owner's record}}
    owners: dict[Column, dict[Key, Places]] = field(default_factory=lambda: defaultdict(dict))
    # {owner: {row: place}} for one-to-one columns
    rows: dict[Column, dict[Key, Places]] = field(default_factory=lambda: defaultdict(dict))
    # {row: owner in the row's own record}
    stated: dict[Column, dict[Key, Owner]] = field(default_factory=lambda: defaultdict(dict))
    gates: dict[Column, Column] = field(
        default_factory=dict
    )  # the owner's column that must be set for the owner to show rows
    gone: Collection[tuple[Model, Key]] = ()  # rows that were deleted at the source: they own nothing

    def tell(self, column: Column, row: Key, owner: Owner, place: str) -> None:
        """Records the owner from a row's own record; earlier claims become obsolete."""
        self.stated[column][row] = owner
        self.owners[column].pop(row, None)
        self.lead(column, row, owner, place)

    def show(self, column: Column, owner: Key, places: Places) -> None:
        """Records the rows in an owner's record, with their places."""
        self.shown[column][owner] = places
        for row, place in places.items():
            self.owners[column].setdefault(row, {}).setdefault(owner, place)
            self.lead(column, row, owner, place)

    def lead(self, column: Column, row: Key, owner: Owner, place: str) -> None:
        if column.one_to_one and owner is not None:
            self.rows[column].setdefault(owner, {}).setdefault(row, place)


def settle(
    claims: Claims, rows: Mapping[Model, RowsByKey], there: Mapping[Model, Mapping[Key, Values]], affected: Affected
) -> Iterator[Contested]:
    """Assigns rows to the first owner that claims them, and yields the conflicting claims.

    `rows` and `there` have the rows of the batch and of the database, by model and key."""
    for column in claims.owners:
        yield from settle_rows(claims, column, rows, there.get(column.model, {}))
    for column, owners in claims.rows.items():
        standing = there.get(column.model, {})
        yield from settle_owners(column, owners, rows[column.model], standing, claims.gone, affected)


def settle_rows(
    claims: Claims, column: Column, rows: Mapping[Model, RowsByKey], there: Mapping[Key, Values]
) -> Iterator[Contested]:
    name, shown = column.attname, claims.shown[column]
    for key, claimed in claims.owners[column].items():
        places = {owner: place for owner, place in claimed.items() if key in shown[owner]} or dict.fromkeys(claimed)
        holder = claims.stated[column].get(key)
        if holder is None:
            holder = there.get(key, {}).get(name)
            if holder not in places and has_let_go(claims, column, holder, key, rows):
                holder = None
        holder = next(iter(places)) if holder is None else holder
        rows[column.model][key].values[name] = holder
        for owner, place in places.items():
            if owner != holder and place:
                yield Contested(place, column.model, key, target_of(column), holder)


def has_let_go(claims: Claims, column: Column, holder: Owner, key: Key, rows: Mapping[Model, RowsByKey]) -> bool:
    """Whether an owner has released a row; a launch without a rocket does not show its flights, so it releases
    none."""
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


def settle_owners(
    column: Column,
    owners: Mapping[Key, Places],
    rows: RowsByKey,
    there: Mapping[Key, Values],
    gone: Collection[tuple[Model, Key]],
    affected: Affected,
) -> Iterator[Contested]:
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
    # In one statement, separate from other values: if two rows swap owners, neither could be written first.
    with affected.by_column(model, name, free.values()):
        model._default_manager.filter(pk__in=free.values()).update(**{name: None})
    for owner in new:
        holder = holders[owner] if owner in holders.keys() - free.keys() else next(iter(claimed[owner]))
        for row, place in claimed[owner].items():
            if row != holder:
                yield Contested(place, target_of(column), owner, model, holder)
