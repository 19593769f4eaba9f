"""Total orderings that are the same on every database: nulls last ascending, first descending, as in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import total_ordering
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import models
from django.db.models import F, Max, OuterRef, Subquery

from .paths import column_of, leads_to_many, may_be_null

if TYPE_CHECKING:
    from .paths import Column

Term: TypeAlias = "str | models.expressions.OrderBy"  # what `order_by` takes: a path, with - before it if it falls


def total(model: type[models.Model], terms: Sequence[str]) -> list[Term]:
    """The ordering by these terms, made total and the same on every database."""
    key = model._meta.pk.name
    terms = [term for term in terms if term.lstrip("-") != "pk"]
    if key not in (term.lstrip("-") for term in terms):
        terms.append(key)
    return [order(model, term) for term in terms]


def order(model: type[models.Model], term: str) -> Term:
    """A term of an ordering, with the position of nulls if the column can be null."""
    path = term.lstrip("-")
    if not may_be_null(model, path):
        return term
    value = latest(model, path) if leads_to_many(model, path) else F(path)
    return value.desc(nulls_first=True) if term.startswith("-") else value.asc(nulls_last=True)


def latest(model: type[models.Model], path: str) -> Subquery:
    """The highest value of a to-many path: an ordering by all of them would repeat rows."""
    rows = model._base_manager.filter(pk=OuterRef("pk")).order_by().values("pk")
    return Subquery(rows.annotate(highest=Max(path)).values("highest"))


def own_order(model: type[models.Model]) -> list[tuple[Column, bool]]:
    """The columns of a model's default ordering in its own table, and whether each is descending."""
    declared: Sequence[str] = model._meta.ordering or ()  # type: ignore[assignment]  # ours are names of columns
    terms = [*declared, model._meta.pk.name]
    columns = {column_of(model, term.lstrip("-")): term.startswith("-") for term in reversed(terms)}
    return list(reversed(columns.items()))


def place_of(model: type[models.Model]) -> Callable[[models.Model], list[Place]]:
    """The sort key for loaded rows, as the database would order them."""
    columns = own_order(model)
    return lambda row: [Place(getattr(row, column.attname), falls) for column, falls in columns]


@total_ordering
class Place:
    """A value for sorting."""

    def __init__(self, value: object, falls: bool):
        self.value, self.falls = value, falls

    def __eq__(self, other: Any) -> bool:
        return bool(self.value == other.value)

    def __lt__(self, other: Place) -> bool:
        first, second = (other.value, self.value) if self.falls else (self.value, other.value)
        # The values of one column compare with each other.
        return first is not None and (second is None or first < second)  # type: ignore[operator]
