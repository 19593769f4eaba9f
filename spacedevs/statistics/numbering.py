"""Numbers of rows in their order, recomputed for the part of the order that a change moves.

A row has a number in each of several groups, such as the launches of its pad. If a row moves within a group, the
numbers between where it was and where it is change; if it comes or leaves, all later ones do. Such spans are noted,
not the rows in them: who recomputes a span finds all rows that have been committed by then. A span is made from
columns of the row itself, which is locked; what else leads to its group is looked up when the span is recomputed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

from django.db import connection, models

from .dialect import SqlDialect

if TYPE_CHECKING:
    from spacedevs.db.paths import Key
    from spacedevs.db.pending import Keys

MAX_SPANS = 50  # of a group of notes; with more, all rows are recomputed
MAX_ROWS = 100  # rows that change in a transaction; with more, all rows are recomputed
LAST = datetime.max.replace(tzinfo=UTC)

Figures: TypeAlias = dict[str, Any]  # by name, as the driver takes them
Parameters: TypeAlias = dict[str, Any]


class Kind(NamedTuple):
    """A kind of groups: the column of a row that leads to its group, and the figures of rows in it."""

    name: str
    column: str
    figures: tuple[str, ...]
    is_one: bool  # whether all groups are one, though the column tells which rows are in it
    # The SELECT of `id` and of these figures for the rows of a group from `since` until `until`, both of which count;
    # its parameters are those, `group`, and the year of `since` as `began` and `ends`.
    in_span: Callable[[SqlDialect], str]
    # The same for those of given rows that are in no group or have no moment; its parameters are their keys.
    in_none: Callable[[SqlDialect], str]


class Span(NamedTuple):
    """A part of a group."""

    kind: str
    group: str
    since: datetime
    until: datetime

    def __str__(self) -> str:
        return " ".join([self.kind, self.group, self.since.isoformat(), self.until.isoformat()])

    @classmethod
    def of(cls, text: str) -> Span:
        kind, group, since, until = text.split(" ")
        return cls(kind, group, datetime.fromisoformat(since), datetime.fromisoformat(until))


class Before(NamedTuple):
    """A row that changes, and where it was: the columns of all kinds and its moment; None if it is new."""

    key: Key
    place: tuple[Any, ...] | None


@dataclass(frozen=True)
class Numbering:
    """The order of the rows of a table by a moment."""

    moment: str
    kinds: tuple[Kind, ...]

    def places(self, model: type[models.Model], keys: Iterable[Key]) -> dict[Key, tuple[Any, ...]]:
        """Where rows are, which are locked until the end of the transaction."""
        rows = model._base_manager.select_for_update(no_key=True).filter(pk__in=list(keys)).order_by("pk")
        names = [kind.column for kind in self.kinds]
        return {key: tuple(place) for key, *place in rows.values_list("pk", *names, self.moment)}

    def noted(self, model: type[models.Model], before: Collection[Before]) -> Keys:
        """What to note after these rows have changed: spans, and the rows themselves."""
        now, noted = self.places(model, [row.key for row in before]), set[Any]()
        for row in before:
            place = now.get(row.key)
            if place is not None:  # its own numbers may be those of when it was read, if it was saved whole
                noted.add(f"= {row.key}")
            for number, kind in enumerate(self.kinds):
                was, became = ((each[number], each[-1]) if each else (None, None) for each in (row.place, place))
                noted.update(map(str, (*spans(kind, was, became), *spans_of_one(kind, became))))
        return noted

    def right(self, model: type[models.Model], noted: Collection[str]) -> dict[Key, Figures] | None:
        """The correct figures of the rows that these notes concern, by key; None if there are too many spans."""
        keys = [model._meta.pk.to_python(each.removeprefix("= ")) for each in noted if each.startswith("= ")]
        parts = merged(Span.of(each) for each in noted if not each.startswith("= "))
        if len(parts) > MAX_SPANS:
            return None
        found: dict[Key, Figures] = defaultdict(dict)
        dialect = SqlDialect(keys)
        for kind in self.kinds:
            statement = kind.in_none(dialect)
            self.take(found, kind, statement, dialect.parameters(statement))
            for part in parts:
                if part.kind == kind.name:
                    self.take(found, kind, kind.in_span(dialect), parameters(model, kind, part))
        return found

    @staticmethod
    def take(found: dict[Key, Figures], kind: Kind, statement: str, given: Sequence[Any] | Parameters) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, given)
            for key, *figures in cursor.fetchall():
                found[key].update(zip(kind.figures, figures, strict=True))


def spans(kind: Kind, was: tuple[Any, datetime | None], became: tuple[Any, datetime | None]) -> Iterator[Span]:
    """The spans in which numbers change if a row with one group and moment gets others."""
    if was == became:
        return
    dated = [(group, moment.astimezone(UTC)) for group, moment in (was, became) if moment is not None]
    is_same = len(dated) == 2 and dated[0][0] == dated[1][0]
    if is_same:
        since, until = sorted(moment for _, moment in dated)
        yield Span(kind.name, named(kind, dated[0][0]), since, until)
        if since.year == until.year:
            return
    for group, moment in dated:  # numbers of a year change until its end
        yield Span(kind.name, named(kind, group), moment, end_of_year(moment) if is_same else LAST)


def spans_of_one(kind: Kind, place: tuple[Any, datetime | None]) -> Iterator[Span]:
    """The span of a row alone, and those of its moment."""
    group, moment = place
    if moment is not None:
        yield Span(kind.name, named(kind, group), moment.astimezone(UTC), moment.astimezone(UTC))


def named(kind: Kind, group: Any) -> str:
    return "None" if kind.is_one else str(group)


def end_of_year(moment: datetime) -> datetime:
    return LAST.replace(year=moment.year)


def merged(parts: Iterable[Span]) -> list[Span]:
    """The same spans without overlaps."""
    found: list[Span] = []
    for part in sorted(parts):
        last = found[-1] if found else None
        if last and last[:2] == part[:2] and part.since <= last.until:
            found[-1] = last._replace(until=max(last.until, part.until))
        else:
            found.append(part)
    return found


def parameters(model: type[models.Model], kind: Kind, part: Span) -> Parameters:
    """The parameters of a span's statement, as the driver takes them."""
    column = cast("models.Field[Any, Any]", model._meta.get_field(kind.column))
    moments = {
        "since": part.since,
        "until": part.until,
        "began": part.since.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0),
        "ends": end_of_year(part.since),
    }
    given = {name: connection.ops.adapt_datetimefield_value(moment) for name, moment in moments.items()}
    group = None if part.group == "None" else column.get_db_prep_value(column.to_python(part.group), connection)
    return {"group": group, **given}
