"""Reading and writing many rows, as cheaply as each database allows."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from django.db import connection, connections, models

from .connections import reading

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


def read_all(asked: list[tuple[str, set]]) -> list[list[tuple]]:
    """The rows of several statements, each of which asks for `any_key` of some keys.

    PostgreSQL is sent all of them at once. Django's wrappers and logs see each."""
    connection = connections[reading.alias]
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
        many = f"{key.rel_db_type(connection)}[]"
        # Where it saw how few the keys are, it would plan anew each time, which takes longer than to read the rows.
        return f"{column} = ANY((SELECT %s::{many})::{many})"
    return f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608 - names of our own columns


Asked = tuple[models.Field, list[models.Field], Iterable]


def read_columns(asked: list[Asked]) -> list[list[Sequence]]:
    """For each (key, columns, values): these columns of the rows that have one of the values as key, as in models."""
    found = read_all([statement(*each) for each in asked])
    return [converted(columns, rows) for (_, columns, _), rows in zip(asked, found, strict=True)]


def statement(key, columns, values) -> tuple[str, set]:
    quote, prepare = connection.ops.quote_name, preparation(key)
    names, table = ", ".join(quote(each.column) for each in columns), quote(key.model._meta.db_table)
    wanted = any_key(quote(key.column), key)
    return f"SELECT {names} FROM {table} WHERE {wanted}", set(map(prepare, values) if prepare else values)  # noqa: S608


def converted(columns, rows) -> list[Sequence]:
    conversions = [(place, convert) for place, column in enumerate(columns) if (convert := conversion(column))]
    rows = list(map(list, rows)) if conversions else rows
    for place, convert in conversions:
        for row in rows:
            row[place] = convert(row[place])
    return rows


@cache
def conversion(column: models.Field) -> Callable | None:
    """From a value of the driver to one of a model; None where they are the same."""
    steps = database_conversions(column)
    return chained(steps) if steps else None


def database_conversions(column) -> list:
    """What Django does to this column's values as they come from this database."""
    col = column if isinstance(column, models.Expression) else column.get_col(column.model._meta.db_table)
    converters = (*connection.ops.get_db_converters(col), *column.get_db_converters(connection))
    return [lambda value, convert=convert: convert(value, col, connection) for convert in converters]


def chained(steps: Iterable[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        for step in steps:
            value = step(value)
        return value

    return convert


AS_THEY_ARE = models.CharField, models.TextField, models.IntegerField, models.FloatField, models.BooleanField


@cache
def preparation(column: models.Field) -> Callable | None:
    """From a value of a model to one that the driver takes; None where they are the same."""
    while column.is_relation:
        column = column.target_field
    if isinstance(column, AS_THEY_ARE):
        return None

    @lru_cache(maxsize=8192)  # each link of a launch names it again
    def prepare(value):
        return column.get_db_prep_save(value, connection)

    return prepare


def insert(model: type[models.Model], rows: list[dict]):
    """Puts in rows, given by the attributes of their columns; what a row does not name takes its default.

    Far cheaper than making a model instance of each, which is half of what a bulk_create takes."""
    columns, values = model._meta.concrete_fields, []
    for column in columns:
        name, default, prepare = column.attname, column.get_default, preparation(column)
        given = [row[name] if name in row else default() for row in rows]
        values.append(map(prepare, given) if prepare else given)
    values = list(zip(*values, strict=True))
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
