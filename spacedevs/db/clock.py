"""What depends on the clock, computed in the query: one definition for what is shown, filtered and ordered by.

A row keeps what its figure was until something began that may still go on, and when that began and ends: `since`
and `until`. Where nothing began, the figure is as it was recorded. Lengths of time that grow do so by the minute,
so that an answer, and its ETag, hold for as long; what comes or goes does so at its second.

No expression has parameters, for the render plan puts them into statements that are the same for every page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import F, Min
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler

    from .paths import Sql

# The moment that it is, by the clock of the database.
NOW = {"postgresql": "statement_timestamp()", "sqlite": "datetime('now')"}
MINUTE = {"postgresql": "date_trunc('minute', {now})", "sqlite": "substr({now}, 1, 17) || '00'"}


class Clocked(models.Func):
    """An expression of columns and of the time, in the words of each database."""

    postgresql = sqlite = ""

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *args: Any, **context: Any) -> Sql:
        compiled = [compiler.compile(each) for each in self.source_expressions]
        now = NOW[connection.vendor]
        minute = MINUTE[connection.vendor].format(now=now)
        template = getattr(self, connection.vendor)
        return f"({template.format(*(sql for sql, _ in compiled), now=now, minute=minute)})", ()


GOES_ON = "{1} <= {now} AND ({2} IS NULL OR {2} > {now})"


class GoesOn(Clocked):
    """Whether it is now between `since` and `until`; as recorded where nothing began."""

    arity = 3
    output_field = models.BooleanField()
    postgresql = sqlite = f"CASE WHEN {{1}} IS NULL THEN {{0}} ELSE {GOES_ON} END"


class Lasting(Clocked):
    """A length of time that was recorded, and the time since then up to the minute, or until the end."""

    arity = 3
    output_field = models.DurationField()
    postgresql = "CASE WHEN {1} IS NULL THEN {0} ELSE {0} + GREATEST(LEAST({2}, {minute}) - {1}, interval '0') END"
    sqlite = (
        "CASE WHEN {1} IS NULL THEN {0} ELSE {0} + MAX(0, CAST(round("
        "(julianday(MIN(COALESCE({2}, {minute}), {minute})) - julianday({1})) * 86400) AS integer) * 1000000) END"
    )


class Ended(Clocked):
    """A number of things that have an end, the last of which may be still to come."""

    arity = 2
    output_field = models.IntegerField()
    postgresql = sqlite = "{0} - CASE WHEN {1} > {now} THEN 1 ELSE 0 END"


class Change(Clocked):
    """When what began at `since` changes next, in seconds since 1970: at the minute as long as it goes on."""

    arity = 3  # the first for the sake of GOES_ON
    output_field = models.BigIntegerField()
    postgresql = (
        f"CASE WHEN {GOES_ON} THEN floor(extract(epoch FROM LEAST({{2}}, {{minute}} + interval '1 minute')))::bigint"
        " WHEN {1} > {now} THEN floor(extract(epoch FROM {1}))::bigint END"
    )
    sqlite = (
        f"CASE WHEN {GOES_ON} THEN CAST(round((julianday(MIN(COALESCE({{2}}, datetime({{minute}}, '+1 minute')),"
        " datetime({minute}, '+1 minute'))) - 2440587.5) * 86400) AS integer)"
        " WHEN {1} > {now} THEN CAST(round((julianday({1}) - 2440587.5) * 86400) AS integer) END"
    )


class Ahead(Clocked):
    """A moment that is still to come, in seconds since 1970."""

    arity = 1
    output_field = models.BigIntegerField()
    postgresql = "CASE WHEN {0} > {now} THEN floor(extract(epoch FROM {0}))::bigint END"
    sqlite = "CASE WHEN {0} > {now} THEN CAST(round((julianday({0}) - 2440587.5) * 86400) AS integer) END"


class First(models.Func):
    """The least of several numbers, of those that are there."""

    output_field = models.BigIntegerField()
    function = "LEAST"

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Sql:
        never = "9223372036854775807"
        parts = ", ".join(f"COALESCE({compiler.compile(each)[0]}, {never})" for each in self.source_expressions)
        return f"NULLIF(MIN({parts}), {never})", ()


def change(since: str, until: str) -> Change:
    """When what is between these two columns of time changes next."""
    return Change(F(since), F(since), F(until))


class ClockManager(models.Manager[Any]):
    """Rows with the figures that depend on the clock, and the moment at which the first of them changes."""

    figures: ClassVar[
        Mapping[str, models.Expression | str]
    ] = {}  # expressions by what the contract calls them; those of a higher app by their names
    next_change: ClassVar[models.Expression | str | None] = (
        None  # likewise, when one of them changes though nothing is written, in seconds since 1970
    )

    def contribute_to_class(self, cls: type[models.Model], name: str) -> None:
        super().contribute_to_class(cls, name)
        for figure in self.figures:
            setattr(cls, figure, None)  # what a row has that was not read from the database

    def get_queryset(self) -> models.QuerySet[Any]:
        declared = {**self.figures, "changes_at": self.next_change}
        computed = {name: import_string(each)() if isinstance(each, str) else each for name, each in declared.items()}
        rows: models.QuerySet[Any] = super().get_queryset().annotate(**computed)
        return rows

    def changes_at(self) -> datetime | None:
        """When the first figure of any row changes; None for never."""
        moment = self.aggregate(first=Min("changes_at"))["first"]
        return moment and datetime.fromtimestamp(moment, UTC)
