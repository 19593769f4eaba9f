"""Reading many rows by their keys, as cheaply as each database allows."""

import fcntl
import json
import os
import sqlite3
from contextlib import contextmanager, nullcontext
from hashlib import blake2b
from pathlib import Path
from uuid import UUID

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


def keys_as_parameter(keys) -> str:
    """Many keys as the one parameter of `any_key`."""
    if connection.vendor == "postgresql":
        return f"{{{','.join(map(str, keys))}}}"
    return json.dumps([key.hex if isinstance(key, UUID) else key for key in keys])


def any_key(column: str, key: models.Field) -> str:
    """The condition that a column is one of many keys: one parameter, so one statement for any number."""
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s::{key.rel_db_type(connection)}[])"
    return f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608 - names of our own columns


AS_THEY_ARE = models.CharField, models.TextField, models.IntegerField, models.FloatField, models.BooleanField


def insert(model: type[models.Model], rows: list[dict]):
    """Puts in rows, given by the attributes of their columns; what a row does not name takes its default.

    Far cheaper than making a model instance of each, which is half of what a bulk_create takes."""
    columns = model._meta.concrete_fields
    preparing = [(each.attname, each.get_default, preparation(each)) for each in columns]
    values = [
        [prepare(row[name] if name in row else default()) for name, default, prepare in preparing] for row in rows
    ]
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(connection.ops.quote_name(each.column) for each in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # where triggers for whole statements should run once
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for each in values:
                    copy.write_row(each)
        else:
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", values)  # noqa: S608


def preparation(column):
    """From a value of Python to one that the driver takes."""
    while column.is_relation:
        column = column.target_field
    if isinstance(column, AS_THEY_ARE):
        return lambda value: value
    return lambda value: column.get_db_prep_save(value, connection)


def next_keys(model: type[models.Model], number: int) -> list[int]:
    """Keys for new rows of a table that numbers its rows, which nobody else is given."""
    if not number:
        return []
    table, key = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            quoted = connection.ops.quote_name(table)
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)", [quoted, key, number]
            )
            return [value for (value,) in cursor]
        # There is but one writer, so nobody else takes them meanwhile.
        cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s RETURNING seq", [number, table])
        if not (moved := cursor.fetchone()):
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s) RETURNING seq", [table, number])
            moved = cursor.fetchone()
        return list(range(moved[0] - number + 1, moved[0] + 1))


class Taken(Exception):
    """Another process holds what only one may hold."""


@contextmanager
def held(purpose: str):
    """Lets one process at a time do something with this database, and ends with it however it ends."""
    if connection.vendor == "postgresql":
        holder = connection.copy()
        try:
            with holder.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [f"spacedevs {purpose}"])
                if not cursor.fetchone()[0]:
                    raise Taken
                yield
        finally:
            holder.close()
    else:
        name = str(connection.settings_dict["NAME"])
        about = f"{purpose} {name}" if Path(name).is_absolute() else f"{purpose} {name} of {os.getpid()}"  # in memory
        with file_lock(settings.VAR_DIR / f"{blake2b(about.encode(), digest_size=8).hexdigest()}.lock"):
            yield


@contextmanager
def file_lock(path: Path):
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Taken from None
        yield


@contextmanager
def snapshot():
    """Lets several statements read the data as they are at one moment, while others write."""
    if connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(BEGIN_SNAPSHOT[connection.vendor])
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


BEGIN_SNAPSHOT = {
    "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "sqlite": "BEGIN DEFERRED",  # which takes no lock that writers wait for
}
