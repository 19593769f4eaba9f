"""Subsets of the rows of a table: named conditions for output and filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db import models
from django.db.models import Min, Q
from django.db.models.functions import Now


@dataclass(frozen=True, eq=False)  # compared by identity, like constants
class Subset:
    """The rows that meet a condition.

    If it depends on the clock, `edges` are the time columns that it compares with now, each with an offset:
    {"net": a day} for rows that are upcoming until a day after `net`."""

    where: Q
    edges: Mapping[str, timedelta] = field(default_factory=dict)

    def __deepcopy__(self, memo: dict[int, Any]) -> Subset:  # Django copies fields with their arguments
        return self

    def of(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return rows.filter(self.where)

    def changes_at(self, rows: models.QuerySet[Any]) -> datetime | None:
        """The next moment at which a row enters or leaves the subset without any write; None for never."""
        ahead = {column: Q(**{f"{column}__gt": Now() - after}) for column, after in self.edges.items()}
        if not ahead:
            return None
        next_of = {f"next_{column}": Min(column, filter=is_ahead) for column, is_ahead in ahead.items()}
        first = rows.order_by().filter(reduce(or_, ahead.values())).aggregate(**next_of)
        moments = [(first[f"next_{column}"], after) for column, after in self.edges.items()]
        return min((moment + after for moment, after in moments if moment), default=None)


NOW, DAY = timedelta(), timedelta(days=1)


def upcoming(column: str) -> Subset:
    """Rows in the future or within the last day."""
    return Subset(Q(**{f"{column}__gte": Now() - DAY}), {column: DAY})


def previous(column: str) -> Subset:
    """Rows in the past."""
    return Subset(Q(**{f"{column}__lte": Now()}), {column: NOW})
