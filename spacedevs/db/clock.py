"""Time-dependent values as SQL expressions: one definition for output, filters and ordering.

A row stores the value before something began that may still last, and its beginning and end: `since` and `until`.
Without a beginning, the stored value is complete. Growing durations change every minute, so that a response and its
ETag are valid for a minute; other values change at the exact second.

The expressions have no parameters, because the render plan uses them in statements that are the same for every
page."""

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

# Now, by the clock of the database.
NOW = {"postgresql": "statement_timestamp()", "sqlite": "datetime('now')"}
MINUTE = {"postgresql": "date_trunc('minute', {now})", "sqlite": "substr({now}, 1, 17) || '00'"}


class Clocked(models.Func):
    """An expression of columns and the current time, in the SQL of each database."""

    postgresql = sqlite = ""

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *args: Any, **context: Any) -> Sql:
        compiled = [compiler.compile(each) for each in self.source_expressions]
        now = NOW[connection.vendor]
        minute = MINUTE[connection.vendor].format(now=now)
        template = getattr(self, connection.vendor)
        return f"({template.format(*(sql for sql, _ in compiled), now=now, minute=minute)})", ()


GOES_ON = "{1} <= {now} AND ({2} IS NULL OR {2} > {now})"


class GoesOn(Clocked):
    """Whether now is between `since` and `until`; the stored value if `since` is null."""

    arity = 3
    output_field = models.BooleanField()
    postgresql = sqlite = f"CASE WHEN {{1}} IS NULL THEN {{0}} ELSE {GOES_ON} END"


class Lasting(Clocked):
    """A stored duration plus the time from `since` to `until` or to the current minute."""

    arity = 3
    output_field = models.DurationField()
    postgresql = "CASE WHEN {1} IS NULL THEN {0} ELSE {0} + GREATEST(LEAST({2}, {minute}) - {1}, interval '0') END"
    sqlite = (
        "CASE WHEN {1} IS NULL THEN {0} ELSE {0} + MAX(0, CAST(round("
        "(julianday(MIN(COALESCE({2}, {minute}), {minute})) - julianday({1})) * 86400) AS integer) * 1000000) END"
    )


class Ended(Clocked):
    """A count of ended things, without the last one if its end is in the future."""

    arity = 2
    output_field = models.IntegerField()
    postgresql = sqlite = "{0} - CASE WHEN {1} > {now} THEN 1 ELSE 0 END"


class Change(Clocked):
    """The next change of a duration since `since`, in seconds since 1970: the next minute while it lasts."""

    arity = 3  # the first argument matches GOES_ON
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
    """A moment in the future, in seconds since 1970; null otherwise."""

    arity = 1
    output_field = models.BigIntegerField()
    postgresql = "CASE WHEN {0} > {now} THEN floor(extract(epoch FROM {0}))::bigint END"
    sqlite = "CASE WHEN {0} > {now} THEN CAST(round((julianday({0}) - 2440587.5) * 86400) AS integer) END"


class First(models.Func):
    """The smallest of several numbers, ignoring nulls."""

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
    """A queryset with time-dependent values, and the moment of their next change."""

    figures: ClassVar[
        Mapping[str, models.Expression | str]
    ] = {}  # expressions by the contract's names; those of a higher app as dotted names
    next_change: ClassVar[models.Expression | str | None] = (
        None  # likewise: the next change without any write, in seconds since 1970
    )

    def contribute_to_class(self, cls: type[models.Model], name: str) -> None:
        super().contribute_to_class(cls, name)
        for figure in self.figures:
            setattr(cls, figure, None)  # defaults for rows that were not read from the database

    def get_queryset(self) -> models.QuerySet[Any]:
        declared = {**self.figures, "changes_at": self.next_change}
        computed = {name: import_string(each)() if isinstance(each, str) else each for name, each in declared.items()}
        rows: models.QuerySet[Any] = super().get_queryset().annotate(**computed)
        return rows

    def changes_at(self) -> datetime | None:
        """The next change of any value of any row; None for never."""
        moment = self.aggregate(first=Min("changes_at"))["first"]
        return moment and datetime.fromtimestamp(moment, UTC)
