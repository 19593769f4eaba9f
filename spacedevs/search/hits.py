"""How a resource is found by its name: what its view declares as `hit`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models.expressions import Combinable


@dataclass(frozen=True)
class Hit:
    """The names of a row, and what a hit shows besides the first of them.

    All paths are of columns of the row or at the end of to-one relations."""

    names: tuple[str | Combinable, ...] = ("name",)  # by which hits are ranked; the first one is shown
    texts: tuple[str, ...] = ()  # other texts with words of a query; a stored search text has its own
    picture: str = "image"  # the path of the image; empty for none
    line: tuple[str, ...] = ()  # the columns of the line below the name
    has_initials: bool = False  # whether people know it by the initials of its name, as ISS; of short tables only
    order: str = "pk"  # which of equal hits comes first: the most used or the latest one


def wording(value: object) -> str:
    """A value in a line: a moment in UTC, a date or a text."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return value.isoformat() if isinstance(value, date) else str(value)
