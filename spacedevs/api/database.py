"""Reading many rows by their keys, as cheaply as each database allows."""

import json
import sqlite3
from contextlib import nullcontext

from django.conf import settings
from django.db import connection, models
from django.db.backends.signals import connection_created

try:
    import psycopg
except ImportError:  # SQLite needs no driver of PostgreSQL
    psycopg = None


class SqliteCursor(sqlite3.Cursor):
    """Django's own looks for placeholders with a regular expression, each time."""

    def execute(self, statement, parameters=()):
        return super().execute(statement.replace("%s", "?").replace("%%", "%"), parameters)


if psycopg:

    class PostgresCursor(psycopg.Cursor):
        """Lets the server keep the statement, and sends values in binary both ways."""

        def execute(self, statement, parameters=None):
            return super().execute(statement, parameters, prepare=True, binary=True)


def bound_statements():
    """Lets no statement of a request take longer than the setting says, where the database can be told so."""
    connection_created.connect(bound)


def bound(connection, **kwargs):
    if connection.vendor == "postgresql" and settings.STATEMENT_TIMEOUT:
        connection.connection.execute(f"SET statement_timeout = {settings.STATEMENT_TIMEOUT * 1000:.0f}")


def read_all(asked: list[tuple[str, set]]) -> list[list[tuple]]:
    """The rows of several statements, each of which asks for `any_key` of some keys.

    PostgreSQL is sent all of them at once. Django's wrappers and logs see each."""
    connection.ensure_connection()
    if connection.vendor != "postgresql":
        with connection._prepare_cursor(connection.connection.cursor(factory=SqliteCursor)) as cursor:
            return [cursor.execute(statement, [json.dumps(list(keys))]).fetchall() for statement, keys in asked]
    raw = connection.connection
    with connection.wrap_database_errors, raw.pipeline() if len(asked) > 1 else nullcontext():
        cursors = [connection._prepare_cursor(PostgresCursor(raw)) for _ in asked]
        for cursor, (statement, keys) in zip(cursors, asked, strict=True):
            # Written out, an array costs a tenth of what it costs as a list.
            cursor.execute(statement, [f"{{{','.join(map(str, keys))}}}"])
        return [cursor.fetchall() for cursor in cursors]


def any_key(column: str, key: models.Field) -> str:
    """The condition that a column is one of many keys: one parameter, so one statement for any number."""
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s::{key.rel_db_type(connection)}[])"
    return f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608 - names of our own columns
