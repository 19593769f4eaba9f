"""The words of SQL that differ between SQLite and PostgreSQL."""

from django.db import connection

from spacedevs.db.bulk import any_key, keys_as_parameter


class SqlDialect:
    """The words in which a database says what both mean, and the keys that a statement is about."""

    def __init__(self, keys=None):
        self.keys = keys
        self.is_postgres = connection.vendor == "postgresql"
        self.nothing = "interval '0'" if self.is_postgres else "0"  # of time
        # Computed once: PostgreSQL may guess that few rows will come, and compute all anew for each of them.
        self.once = "AS MATERIALIZED" if self.is_postgres else "AS"

    def among(self, column, model) -> str:
        """The condition that this column holds one of the keys."""
        if self.keys is None:
            return "TRUE"
        return any_key(column, model._meta.pk)

    def parameters(self, statement) -> list:
        """Those of a statement, which are all the same."""
        return [keys_as_parameter(self.keys)] * statement.count("%s") if self.keys is not None else []

    def between(self, start, end) -> str:
        """The time from one moment to another, in whole seconds on SQLite."""
        if self.is_postgres:
            return f"({end} - {start})"
        return f"(CAST(round((julianday({end}) - julianday({start})) * 86400) AS integer) * 1000000)"

    def year(self, moment) -> str:
        """The year of a moment, UTC."""
        if self.is_postgres:
            return f"extract(year FROM {moment} AT TIME ZONE 'UTC')"
        return f"substr({moment}, 1, 4)"

    def none_of(self, kind) -> str:
        """Nothing, of a kind of column."""
        return f"CAST(NULL AS {kind().db_type(connection)})"
