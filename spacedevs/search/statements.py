"""The statement for the rows of one endpoint that a search looks at; they are ranked in Python (ranking.py).

Only the first rows in the declared order are read. So a frequent word costs no more than a rare one as a table grows,
and both databases give the same hits, with and without extensions."""

from __future__ import annotations

from functools import reduce
from operator import and_, or_
from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet

from spacedevs.db.ordering import total
from spacedevs.db.search.text import SearchText

from .asked import Asked
from .hits import Hit, wording

CANDIDATES = 500  # rows of a kind that have all words and are ranked
SPELT = 1_000  # rows of a kind whose names are compared with a text that nothing has


class Row(NamedTuple):
    """A row that may be a hit; the first of its names is shown."""

    kind: str
    key: object
    place: int  # in the declared order
    names: tuple[str, ...]
    picture: str | None
    line: str | None


def with_words(kind: str, rows: QuerySet, hit: Hit, asked: Asked) -> list[Row]:
    """The first rows that have all words."""
    stored = SearchText.of(rows.model)
    named = rows.alias(**expressions(hit))
    texts = [stored.name] if stored else [*paths(hit), *hit.texts]
    words = (reduce(or_, (Q(**{f"{text}__holds": word}) for text in texts)) for word in asked.words)
    wanted = reduce(and_, words)
    if hit.has_initials and asked.as_initials:
        wanted |= Q(**{f"{paths(hit)[0]}__iregex": asked.as_initials})
    return read(kind, named.filter(wanted), hit, CANDIDATES)


def first(kind: str, rows: QuerySet, hit: Hit) -> list[Row]:
    """The first rows, whatever their names."""
    return read(kind, rows, hit, SPELT)


def read(kind: str, rows: QuerySet[Any], hit: Hit, most: int) -> list[Row]:
    columns = [*expressions(hit).values(), *map(F, (name for name in hit.names if isinstance(name, str)))]
    picture = [f"{hit.picture}__thumbnail_url"] if hit.picture else []
    # In one direction, as an index has both columns.
    direction, key = "-" * hit.order.startswith("-"), rows.model._meta.pk.name
    ordered = rows.order_by(*total(rows.model, [hit.order, f"{direction}{key}"]))
    found = ordered.values_list("pk", *columns, *picture, *hit.line)[:most]
    after_names, after_picture = 1 + len(columns), 1 + len(columns) + len(picture)
    return [
        Row(
            kind,
            values[0],
            place,
            tuple(name or "" for name in values[1:after_names]),
            next(iter(values[after_names:after_picture]), None) or None,
            ", ".join(wording(value) for value in values[after_picture:] if value not in (None, "")) or None,
        )
        for place, values in enumerate(found)
    ]


def expressions(hit: Hit) -> dict[str, Any]:
    """The names that are no columns, by the name of their annotation; at most the first one is."""
    return {f"hit_name_{place}": name for place, name in enumerate(hit.names) if not isinstance(name, str)}


def paths(hit: Hit) -> list[str]:
    return [name if isinstance(name, str) else f"hit_name_{place}" for place, name in enumerate(hit.names)]
