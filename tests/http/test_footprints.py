"""It is known what a response was made of: all else may change, and the response does not."""

import sqlite3
from contextlib import contextmanager
from random import Random
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import Error, connection, models, transaction

from spacedevs.api.views import Resource
from spacedevs.db.dataset_version import data_models
from spacedevs.db.footprints.recording import OF_ROWS, Footprint, digest, recording
from spacedevs.db.footprints.statements import Reads
from spacedevs.db.paths import column_name, is_column
from tests.api.test_field_selection import leaves
from tests.api.test_hostile import ODD, cases
from tests.support.routes import ROUTERS
from tests.support.wsgi import Asker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sample")]
TABLES = data_models()
LISTED = {
    f"/{version or settings.CURRENT_VERSION}/{prefix}/": resource
    for version, router in ROUTERS.items()
    for prefix, resource, _ in router.registry
    if issubclass(resource, Resource)
}
PAGES = [(root, mode) for root, resource in LISTED.items() for mode in resource.modes or [""]]
DEEPEST = {root: mode for root, mode in PAGES}  # noqa: C416 - the last mode of each
CURRENT = [root for root in LISTED if root.startswith(f"/{settings.CURRENT_VERSION}/")]


class Reader:
    """Asks as the response cache does, and says what was recorded."""

    def __init__(self, django):
        self.django, self.ask = django, Asker(self)

    def __call__(self, environ, start_response):
        self.told = environ
        return self.django(environ, start_response)

    def read(self, address):
        """The status, the body and the footprint."""
        path, _, query = address.partition("?")
        with recording() as recorded:
            status, _, body = self.ask(path, query, HTTP_HOST="testserver")
        return status, body, recorded.footprint() if OF_ROWS in self.told else None


@pytest.fixture
def reader(django):
    return Reader(django)


def named_in(footprint):
    """By table, the columns that count in all rows, and those that count in the rows shown."""
    whole, shown = {}, {}
    for each in footprint.statements:
        for found, part in ((whole, each.whole), (shown, each.shown)):
            for table, columns in part.items():
                found[table] = found.get(table, set()) | columns
    return whole, shown


def detail(root) -> str:
    """The address of the newest row of an endpoint."""
    return f"{root}{LISTED[root].rows(detail=True).order_by('-pk').values_list('pk', flat=True)[0]}/"


# What SQLite itself says that a statement reads --------------------------------------------------


@contextmanager
def told_by_sqlite():
    """The tables and columns that statements read in this context."""
    found = set()

    def note(action, table, column, *place):
        if action == sqlite3.SQLITE_READ:
            found.add((table, column))
        return sqlite3.SQLITE_OK

    connection.connection.set_authorizer(note)  # after which every statement is prepared anew
    try:
        yield found
    finally:
        connection.connection.set_authorizer(None)


def unnamed(reader, address):
    """What was read and is not in the footprint, and whether there is one."""
    with told_by_sqlite() as told:
        status, _, footprint = reader.read(address)
    if footprint is None or not status.startswith("200"):
        return set(), False
    named = {
        (table, column)
        for part in named_in(footprint)
        for table, columns in part.items()
        for column in ("", *columns, column_name(TABLES[table]._meta.pk))
    }
    return {each for each in told if each[0] not in PASSING and each not in named}, True


PASSING = {"sqlite_master", "json_each", "dataset_version"}  # the version is read for the snapshot
only_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL does not tell")


@only_sqlite
@pytest.mark.parametrize(("root", "mode"), PAGES)
def test_every_column_that_a_page_reads_is_in_its_footprint(root, mode, reader):
    assert unnamed(reader, f"{root}?limit=100&mode={mode}") == (set(), True)


@only_sqlite
@pytest.mark.parametrize("root", LISTED)
def test_every_column_that_a_record_reads_is_in_its_footprint(root, reader):
    assert unnamed(reader, detail(root)) == (set(), True)


def some_fields(root) -> str:
    """The query for a few fields of all depths."""
    listed = sorted(leaves(LISTED[root].ladder[-1]))
    return f"fields={','.join(Random(root).sample(listed, min(len(listed), 4)))}"  # noqa: S311


@only_sqlite
@pytest.mark.parametrize("root", LISTED)
def test_every_column_that_some_fields_read_is_in_their_footprint(root, reader):
    assert unnamed(reader, f"{root}?limit=100&{some_fields(root)}") == (set(), True)


def asked(resource):
    """Every filter, one with each request, and every order."""
    for case in cases(ODD, resource):
        yield from ({name: value} for name, value in case.items() if len(value) < 1000)
        break
    yield from ({"ordering": f"-{name}"} for name in resource.ordering_fields)


@only_sqlite
@pytest.mark.parametrize("root", CURRENT)
def test_every_column_that_a_filter_reads_is_in_its_footprint(root, reader):
    for parameters in asked(LISTED[root]):
        address = f"{root}?limit=1&mode=list&{urlencode(parameters)}"
        assert (address, unnamed(reader, address)[0]) == (address, set())


@only_sqlite
def test_a_search_in_stored_texts_has_no_footprint(reader):
    """Their changes are not logged."""
    assert unnamed(reader, "/2.3.0/launches/?search=a") == (set(), False)


@only_sqlite
@pytest.mark.parametrize("address", ["/2.3.0/launches/?changed_since=x", "/2.3.0/", "/2.3.0/dataset/", "/stations/"])
def test_what_depends_on_more_than_rows_has_no_footprint(address, reader):
    assert unnamed(reader, address) == (set(), False)


# When all else changes ---------------------------------------------------------------------------


def other_value(field):
    """SQL for another value of a column; None if there is no other one."""
    name = connection.ops.quote_name(column_name(field))
    if field.is_relation:
        return "NULL" if field.null else None
    if isinstance(field, models.BooleanField):
        return f"NOT {name}"
    if isinstance(field, models.CharField | models.TextField) and not field.unique:
        return "'x'"
    if isinstance(field, models.IntegerField | models.FloatField) and not field.unique:
        return f"{name} + 1"
    return "NULL" if field.null else None


def change_all_else(footprint) -> int:
    """Deletes the rows and changes the columns that a footprint does not name; the number of both."""
    changed, (in_all, in_shown) = 0, named_in(footprint)
    with connection.cursor() as cursor:
        for table, model in TABLES.items():
            name, key = (connection.ops.quote_name(each) for each in (table, column_name(model._meta.pk)))
            rows = [key for (key,) in cursor.execute(f"SELECT {key} FROM {name}").fetchall()]  # noqa: S608
            others = [each for each in rows if not footprint.has(digest(table, each))]
            shown = [each for each in rows if each not in others]
            whole = in_all.get(table, set())
            fields = [each for each in model._meta.get_fields() if is_column(each) and not each.primary_key]
            for keys, named in ((shown, {*whole, *in_shown.get(table, ())}), (others, whole)):
                for field in fields:
                    value = other_value(field)
                    if keys and value and column_name(field) not in named:
                        changed += execute(f"UPDATE {name} SET {quoted(field)} = {value}", key, keys)  # noqa: S608
            if table not in in_all and others:
                changed += execute(f"DELETE FROM {name}", key, others)  # noqa: S608
    return changed


def quoted(field):
    return connection.ops.quote_name(column_name(field))


def execute(statement, key, keys) -> int:
    """The number of rows that a statement changes; 0 if a constraint refuses it."""
    places = ", ".join(["%s"] * len(keys))
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{statement} WHERE {key} IN ({places})", keys)
            return cursor.rowcount
    except Error:
        return 0


def after_all_else(reader, address, footprint):
    """The body after all else changed, and how much that was."""
    with transaction.atomic():
        changed = change_all_else(footprint)
        body = reader.read(address)[1]
        transaction.set_rollback(True)
    return body, changed


@pytest.mark.parametrize(("root", "mode"), DEEPEST.items())
def test_a_page_is_the_same_whatever_else_changes(root, mode, reader):
    address = f"{root}?limit=2&mode={mode}"
    status, body, footprint = reader.read(address)
    found, changed = after_all_else(reader, address, footprint)
    assert (status, found) == ("200 OK", body)
    assert changed > 100


@pytest.mark.parametrize("root", CURRENT)
def test_some_fields_are_the_same_whatever_else_changes(root, reader):
    address = f"{root}?limit=2&{some_fields(root)}"
    status, body, footprint = reader.read(address)
    found, changed = after_all_else(reader, address, footprint)
    assert (status, found) == ("200 OK", body)
    assert changed > 100


@pytest.mark.parametrize("root", CURRENT)
def test_a_record_is_the_same_whatever_else_changes(root, reader):
    address = detail(root)
    status, body, footprint = reader.read(address)
    found, changed = after_all_else(reader, address, footprint)
    assert (status, found) == ("200 OK", body)
    assert changed > 100


def test_a_footprint_with_an_omission_is_noticed(reader):
    """The control: of each table that a record shows, one after the other, nothing is said."""
    address = detail("/2.3.0/docking_events/")
    _, body, footprint = reader.read(address)
    noticed = {
        table: after_all_else(reader, address, without(footprint, table))[0] != body
        for table in {table for part in named_in(footprint) for table in part}
    }
    assert sum(noticed.values()) > len(noticed) / 2


def without(footprint, table):
    parts = [
        ({name: columns for name, columns in part.items() if name != table} for part in (each.whole, each.shown))
        for each in footprint.statements
    ]
    return Footprint(tuple(Reads(*each) for each in parts), footprint.rows)
