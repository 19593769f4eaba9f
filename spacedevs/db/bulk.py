"""Efficient reading and writing of many rows, for each database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import cache, lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from uuid import UUID

from django.db import connection, connections, models

from .connections import reading
from .footprints.recording import note, note_statement
from .paths import column_name

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.utils import CursorWrapper

    from .paths import Column, Key

if connection.vendor == "postgresql":  # SQLite does without the driver, which takes 8 MB of memory
    import psycopg
    from psycopg.adapt import Transformer
    from psycopg.pq import ExecStatus, Format

    class PostgresCursor(psycopg.Cursor[tuple[Any, ...]]):
        """Prepares the statement on the server, and uses the binary format in both directions."""

        def execute(self, query: Any, params: Any = None, **options: Any) -> PostgresCursor:
            return super().execute(query, params, prepare=True, binary=True)


Row: TypeAlias = Sequence[Any]  # the values of one row, in the order of the columns that were asked for
Convert: TypeAlias = Callable[[Any], Any]  # one value into another, for a column
# A SELECT whose only condition is `any_key`, and the keys that it is asked for, as the driver takes them.
Statement: TypeAlias = tuple[str, Collection[Any]]


PREPARED_AT_MOST = 256  # statements of a connection; a plan takes about 50 kB of the server's memory
NUMBERS = count()  # names are never used again: a statement stays prepared even if its first execution fails


class Lookup(NamedTuple):
    """A look-up: the columns to read, of the rows with given values in one column."""

    key: Column
    columns: Sequence[Column]
    values: Iterable[Any]


class SqliteCursor(sqlite3.Cursor):
    """Avoids Django's cursor wrapper, which searches for placeholders with a regular expression each time."""

    def execute(self, statement: str, parameters: Any = ()) -> SqliteCursor:
        return super().execute(statement.replace("%s", "?").replace("%%", "%"), parameters)


def prepared(connection: BaseDatabaseWrapper, cursor: object) -> CursorWrapper:
    """A driver's cursor in Django's wrapper, which logs statements and converts exceptions."""
    return connection._prepare_cursor(cursor)  # type: ignore[attr-defined, no-any-return]  # in no stub


def read_all(statements: Sequence[Statement]) -> list[list[tuple[Any, ...]]]:
    """The rows of several statements, in the same order, from the database that this thread reads.

    PostgreSQL gets all of them in one pipeline. Django's wrappers and logs see each statement."""
    connection = connections[reading.alias]
    connection.ensure_connection()
    if connection.vendor != "postgresql":
        with prepared(connection, connection.connection.cursor(factory=SqliteCursor)) as cursor:
            return [cursor.execute(sql, [json.dumps(list(keys))]).fetchall() for sql, keys in statements]
    raw = connection.connection
    if reading.prepared is not None and not connection.queries_logged and connection.execute_wrappers in ([], [note]):
        for sql, _ in statements:
            note_statement(sql)
        with connection.wrap_database_errors:
            return read_prepared(raw, reading.prepared, statements)
    with connection.wrap_database_errors, raw.pipeline() if len(statements) > 1 else nullcontext():
        cursors = [prepared(connection, PostgresCursor(raw)) for _ in statements]
        for cursor, (sql, keys) in zip(cursors, statements, strict=True):
            cursor.execute(sql, [as_array(keys)])
        return [cursor.fetchall() for cursor in cursors]


def read_prepared(raw: Any, names: dict[str, bytes], statements: Sequence[Statement]) -> list[list[tuple[Any, ...]]]:
    """The rows of statements in one round trip, below psycopg's cursors, which cost more than most of the statements.

    `names` are those of the prepared statements, least recently used first; new ones are added."""
    server, new = raw.pgconn, []
    try:
        server.enter_pipeline_mode()
        for sql, keys in statements:
            if (name := names.pop(sql, None)) is None:
                name = b"softdock_%d" % next(NUMBERS)
                new.append(sql)
                server.send_prepare(name, sql.replace("%s", "$1").replace("%%", "%").encode())
            names[sql] = name
            server.send_query_prepared(name, [as_array(keys).encode()], result_format=Format.BINARY)
        while len(names) > PREPARED_AT_MOST + len(statements):
            server.send_query_params(b"DEALLOCATE " + names.pop(next(iter(names))), None)
        server.pipeline_sync()
        results = list(results_of(server))
        server.exit_pipeline_mode()
    except BaseException:  # the connection is in a state that nobody knows
        server.finish()
        raise
    if failed := [each for each in results if each.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)]:
        for sql in new:
            names.pop(sql, None)
        raise psycopg.errors.error_from_result(failed[0], raw.info.encoding)
    return [rows_in(raw, result) for result in results if result.status == ExecStatus.TUPLES_OK]


def results_of(server: Any) -> Iterator[Any]:
    """The results of a pipeline, up to its end. After those of each statement, libpq returns None."""
    while True:
        if (result := server.get_result()) is None and (result := server.get_result()) is None:
            raise psycopg.OperationalError(server.error_message.decode(errors="replace"))
        if result.status == ExecStatus.PIPELINE_SYNC:
            return
        yield result


def rows_in(raw: Any, result: Any) -> list[tuple[Any, ...]]:
    transformer = Transformer(raw)
    transformer.set_pgresult(result)
    return transformer.load_rows(0, result.ntuples, tuple)


def as_array(keys: Iterable[Any]) -> str:
    """Keys as an array of PostgreSQL in text, which costs a tenth of a list."""
    return f"{{{','.join(map(str, keys))}}}"


def keys_as_parameter(keys: Iterable[Key]) -> str:
    """Many keys as the single parameter of `any_key`."""
    if connection.vendor == "postgresql":
        return as_array(keys)
    return json.dumps([key.hex if isinstance(key, UUID) else key for key in keys])


def any_key(column: str, key: Column) -> str:
    """The condition that a column has one of many keys, with one parameter, so the statement is the same for any
    number."""
    if connection.vendor == "postgresql":
        many = f"{key.rel_db_type(connection)}[]"
        # The subselect hides the number of keys: otherwise PostgreSQL would plan each time, which takes longer than
        # the query.
        return f"{column} = ANY((SELECT %s::{many})::{many})"
    return f"{column} IN ({given_keys(key)})"


def given_keys(key: Column) -> str:
    """The SELECT of the keys in that parameter, for a statement that Django makes."""
    if connection.vendor == "postgresql":
        return f"SELECT unnest(%s::{key.rel_db_type(connection)}[])"
    return "SELECT value FROM json_each(%s)"


def read_columns(lookups: Sequence[Lookup]) -> list[Sequence[Row]]:
    """The rows of each lookup, unordered, with values as in models."""
    answers = read_all([statement(*each) for each in lookups])
    return [converted(each.columns, rows) for each, rows in zip(lookups, answers, strict=True)]


def statement(key: Column, columns: Iterable[Column], values: Iterable[Any]) -> Statement:
    quote = connection.ops.quote_name
    names = ", ".join(quote(column_name(each)) for each in columns)
    wanted = any_key(quote(column_name(key)), key)
    sql = f"SELECT {names} FROM {quote(key.model._meta.db_table)} WHERE {wanted}"  # noqa: S608
    return sql, set(for_driver(key, values))


def converted(columns: Iterable[Column], rows: Sequence[tuple[Any, ...]]) -> Sequence[Row]:
    conversions = [(place, convert) for place, column in enumerate(columns) if (convert := conversion(column))]
    if not conversions:
        return rows
    changed = list(map(list, rows))
    for place, convert in conversions:
        for row in changed:
            row[place] = convert(row[place])
    return changed


@cache
def conversion(column: Column) -> Convert | None:
    """The conversion from the driver's value to the model's; None if there is none."""
    steps = database_conversions(column)
    return chained(steps) if steps else None


def database_conversions(column: Column | models.Expression) -> list[Convert]:
    """Django's conversion of this column's values for this database."""
    col = column if isinstance(column, models.Expression) else column.get_col(column.model._meta.db_table)
    converters = (*connection.ops.get_db_converters(col), *column.get_db_converters(connection))
    return [bound_to(col, convert) for convert in converters]


def bound_to(col: models.Expression, convert: Callable[..., Any]) -> Convert:
    return lambda value: convert(value, col, connection)


def chained(steps: Iterable[Convert]) -> Convert:
    def convert(value: Any) -> Any:
        for step in steps:
            value = step(value)
        return value

    return convert


AS_THEY_ARE = models.CharField, models.TextField, models.IntegerField, models.FloatField, models.BooleanField


@cache
def preparation(column: Column) -> Convert | None:
    """The conversion from the model's value to the driver's; None if there is none."""
    while isinstance(column, models.ForeignKey):
        column = column.target_field
    if isinstance(column, AS_THEY_ARE):
        return None

    @lru_cache(maxsize=8192)  # keys repeat in m2m links
    def prepare(value: Any) -> Any:
        return column.get_db_prep_save(value, connection)

    return prepare


def for_driver(column: Column, values: Iterable[Any]) -> Iterable[Any]:
    """The model's values of a column, as the driver takes them."""
    prepare = preparation(column)
    return map(prepare, values) if prepare else values


def insert(model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows, given as dicts by attribute name; missing columns get their defaults.

    This avoids model instances, which are half the cost of bulk_create."""
    columns, by_column = model._meta.concrete_fields, list[Iterable[Any]]()
    for column in columns:
        name, default = column.attname, column.get_default
        by_column.append(for_driver(column, [row[name] if name in row else default() for row in rows]))
    values = list(zip(*by_column, strict=True))
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(connection.ops.quote_name(column_name(each)) for each in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # one statement, so that statement triggers run once
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for each in values:
                    copy.write_row(each)
        else:
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", values)  # noqa: S608


def update(model: type[models.Model], columns: Sequence[Column], rows: Mapping[Key, Mapping[str, Any]]) -> None:
    """Sets these columns of rows, given as dicts by attribute name, which have all of them."""
    quote, key = connection.ops.quote_name, model._meta.pk
    by_column = [for_driver(each, [row[each.attname] for row in rows.values()]) for each in columns]
    by_column.append(for_driver(key, rows))
    names, table = [quote(column_name(each)) for each in (*columns, key)], quote(model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # one statement, so that statement triggers run once
            values = ", ".join(f"{name} = given.{name}" for name in names[:-1])
            arrays = ", ".join(f"%s::{type_of(each)}[]" for each in (*columns, key))
            given_rows = (
                f"unnest({arrays}) AS given ({', '.join(names)}) WHERE {table}.{names[-1]} = given.{names[-1]}"
            )
            cursor.execute(f"UPDATE {table} SET {values} FROM {given_rows}", list(map(list, by_column)))  # noqa: S608
        else:
            values = ", ".join(f"{name} = %s" for name in names[:-1])
            statement = f"UPDATE {table} SET {values} WHERE {names[-1]} = %s"  # noqa: S608 - names of our own columns
            cursor.executemany(statement, list(zip(*by_column, strict=True)))


def upsert(unique: Sequence[Column], others: Sequence[Column], rows: Sequence[Row]) -> None:
    """Inserts rows of a table whose key is automatic, or sets the other columns of those that have the same unique
    ones. No two rows have the same."""
    columns, quote = [*unique, *others], connection.ops.quote_name
    table = quote(unique[0].model._meta.db_table)
    named, same = (", ".join(quote(column_name(each)) for each in some) for some in (columns, unique))
    values = ", ".join(f"{name} = excluded.{name}" for name in map(quote, map(column_name, others)))
    conflict = f"ON CONFLICT ({same}) DO UPDATE SET {values}"
    if not rows:
        return
    by_column = [list(for_driver(each, given)) for each, given in zip(columns, zip(*rows, strict=True), strict=True)]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            arrays = ", ".join(f"%s::{type_of(each)}[]" for each in columns)
            cursor.execute(f"INSERT INTO {table} ({named}) SELECT * FROM unnest({arrays}) {conflict}", by_column)  # noqa: S608
        else:
            places = ", ".join(["%s"] * len(columns))
            statement = f"INSERT INTO {table} ({named}) VALUES ({places}) {conflict}"  # noqa: S608 - names of ours
            cursor.executemany(statement, list(zip(*by_column, strict=True)))


def type_of(column: Column) -> str:
    """The type of a column in PostgreSQL without its length: a cast to a length would cut texts off."""
    return str(column.rel_db_type(connection)).partition("(")[0]


def next_keys(model: type[models.Model], number: int) -> list[int]:
    """Reserves keys for new rows of a table with automatic keys."""
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
        # SQLite has a single writer, so nobody else can take them meanwhile.
        cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s RETURNING seq", [number, table])
        if not (moved := cursor.fetchone()):
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s) RETURNING seq", [table, number])
            moved = cursor.fetchone()
        return list(range(moved[0] - number + 1, moved[0] + 1))
