"""Reading many rows by their keys, as cheaply as each database allows."""

import json
from contextlib import contextmanager

from django.db import connection, models

try:
    from psycopg import Cursor
except ImportError:  # on SQLite alone
    Cursor = object


class PreparedCursor(Cursor):
    """Lets the server keep the statement, and sends values in binary both ways."""

    def execute(self, query, params=None, **options):
        return super().execute(query, params, prepare=True, binary=True)


@contextmanager
def cursor():
    """A cursor for statements that are asked again and again; Django's wrappers and logs see it."""
    if connection.vendor != "postgresql":
        with connection.cursor() as opened:
            yield opened
        return
    connection.ensure_connection()
    with PreparedCursor(connection.connection) as opened:
        yield connection._prepare_cursor(opened)


def read(statement: str, keys) -> list[tuple]:
    """The rows of a statement that asks for `any_key` of these."""
    keys = list(keys) if connection.vendor == "postgresql" else json.dumps(list(keys))
    with cursor() as opened:
        opened.execute(statement, [keys])
        return opened.fetchall()


def any_key(column: str, key: models.Field) -> str:
    """The condition that a column is one of many keys: one parameter, so one statement for any number."""
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s::{key.rel_db_type(connection)}[])"
    return f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608 - names of our own columns
