"""SQL fragments that differ between SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.db import connection, models

from spacedevs.db.bulk import any_key, keys_as_parameter

if TYPE_CHECKING:
    from spacedevs.db.paths import Key


class SqlDialect:
    """SQL fragments for the database in use, and the keys that limit a statement (None: all)."""

    def __init__(self, keys: Collection[Key] | None = None):
        self.keys = keys
        self.is_postgres = connection.vendor == "postgresql"
        self.nothing = "interval '0'" if self.is_postgres else "0"  # a duration of 0
        # Computed once: PostgreSQL may expect few rows and recompute everything for each of them.
        self.once = "AS MATERIALIZED" if self.is_postgres else "AS"

    def among(self, column: str, model: type[models.Model]) -> str:
        """The condition that limits this column to the keys."""
        if self.keys is None:
            return "TRUE"
        return any_key(column, model._meta.pk)

    def parameters(self, statement: str) -> list[str]:
        """The parameters of a statement, which are all the same."""
        return [keys_as_parameter(self.keys)] * statement.count("%s") if self.keys is not None else []

    def between(self, start: str, end: str) -> str:
        """The duration between two moments: an interval; on SQLite microseconds, rounded to whole seconds."""
        if self.is_postgres:
            return f"({end} - {start})"
        return f"(CAST(round((julianday({end}) - julianday({start})) * 86400) AS integer) * 1000000)"

    def year(self, moment: str) -> str:
        """The year (UTC) of a moment."""
        if self.is_postgres:
            return f"extract(year FROM {moment} AT TIME ZONE 'UTC')"
        return f"substr({moment}, 1, 4)"

    def none_of(self, kind: type[models.Field[Any, Any]]) -> str:
        """NULL with the type of these columns."""
        return f"CAST(NULL AS {kind().db_type(connection)})"
