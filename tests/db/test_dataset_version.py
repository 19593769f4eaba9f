"""The dataset version moves with every commit that touches the data, and with nothing else."""

import json
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.checks import Error, Warning
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.db.models import CharField
from django.test.utils import CaptureQueriesContext

from agencies.models import Agency, AgencyType, Country
from spacedevs.db import dataset_version
from spacedevs.db.dataset_version import check_triggers, current, data_tables, keep_triggers, repairs
from spacedevs.db.search.triggers import install
from tests.support import factories

pytestmark = pytest.mark.django_db(transaction=True)
on_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="is PostgreSQL's own")


def sql(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


# Every write -------------------------------------------------------------------------------------


@pytest.fixture
def agency():
    return factories.agency(name="ESA", type=AgencyType.objects.create(id=900, name="Multinational"))


def load(directory):
    fixture = directory / "types.json"
    fixture.write_text(json.dumps([{"model": "agencies.agencytype", "pk": 2, "fields": {"name": "Private"}}]))
    call_command("loaddata", fixture, verbosity=0)


WRITES = {
    "a save": lambda agency, tmp: agency.save(),
    "a new row": lambda agency, tmp: AgencyType.objects.create(name="Private"),
    "an update": lambda agency, tmp: Agency.objects.update(name="NASA"),
    "many new rows": lambda agency, tmp: AgencyType.objects.bulk_create([AgencyType(name="A"), AgencyType(name="B")]),
    "new rows if they are new": lambda agency, tmp: AgencyType.objects.bulk_create(
        [AgencyType(id=900, name="A"), AgencyType(id=901, name="B")], ignore_conflicts=True
    ),
    "rows new or not": lambda agency, tmp: AgencyType.objects.bulk_create(
        [AgencyType(id=900, name="A")], update_conflicts=True, unique_fields=["id"], update_fields=["name"]
    ),
    "a bulk update": lambda agency, tmp: Agency.objects.bulk_update([agency], ["name"]),
    "a delete": lambda agency, tmp: agency.delete(),
    "a new link": lambda agency, tmp: agency.country.add(factories.row(Country)),
    "SQL": lambda agency, tmp: sql("UPDATE agencies_agency SET name = 'NASA'"),
    "a fixture": lambda agency, tmp: load(tmp),
    "a flush": lambda agency, tmp: call_command("flush", verbosity=0, interactive=False),
}


@pytest.mark.parametrize("write", WRITES)
def test_every_write_raises_the_version(write, agency, tmp_path):
    before = current()
    WRITES[write](agency, tmp_path)
    assert None not in (before, current())
    assert current() != before


@on_postgresql
def test_emptying_a_table_raises_the_version(agency):
    before = current()
    sql("TRUNCATE agencies_agency CASCADE")
    assert current() != before


def test_a_link_alone_raises_the_version(agency):
    country = factories.row(Country)
    before = current()
    agency.country.add(country)
    between = current()
    agency.country.remove(country)
    assert len({before, between, current()}) == 3


def test_every_data_table_is_watched():
    nouns = tuple(f"{noun}_" for noun in settings.NOUNS)
    assert data_tables() == {table for table in connection.introspection.table_names() if table.startswith(nouns)}
    with connection.cursor() as cursor:
        assert repairs(cursor) == []


def test_sessions_and_users_are_no_data(client):
    before = current()
    client.force_login(User.objects.create(username="editor"))
    assert current() == before


def test_reading_does_not_raise_the_version(agency, get):
    before = current()
    get("agencies/")
    assert current() == before


def test_what_is_rolled_back_does_not_raise_the_version(agency):
    before = current()
    with transaction.atomic():
        agency.save()
        transaction.set_rollback(True)
    assert current() == before


def test_a_write_after_a_savepoint_was_rolled_back_raises_the_version(agency):
    before = current()
    with transaction.atomic():
        with transaction.atomic():
            agency.save()
            transaction.set_rollback(True)
        assert current() == before
        agency.save()
    assert current() != before


@on_postgresql
def test_a_transaction_raises_the_version_once(agency):
    with transaction.atomic():
        agency.save()
        before = current()
        agency.delete()
        AgencyType.objects.bulk_create(AgencyType(name=str(n)) for n in range(100))
        assert current() == before


@on_postgresql
@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_a_write_under_strict_isolation_raises_the_version_and_does_not_fail(level, agency):
    before = current()
    with transaction.atomic():
        sql(f"SET TRANSACTION ISOLATION LEVEL {level}")
        assert AgencyType.objects.count() == 1
        with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
            other.execute("UPDATE agencies_agencytype SET name = 'Private'")
        agency.save()
    assert current() != before


# Writers beside each other -----------------------------------------------------------------------

ROWS = range(1, 4)
STATE = """
    SELECT (SELECT {join} FROM dataset_version), (SELECT {join_names} FROM (
        SELECT name FROM agencies_agencytype ORDER BY id) AS names)
"""


@pytest.fixture
def connect(tmp_path):
    """Opens connections of its own to a database with a few rows; on SQLite to a copy in a file."""
    AgencyType.objects.bulk_create(AgencyType(id=row, name="0") for row in ROWS)
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(tmp_path / "db")) as copy:
            connection.connection.backup(copy)
            copy.execute("PRAGMA journal_mode = WAL")
    with ExitStack() as stack:

        def open_one():
            if connection.vendor == "sqlite":
                opened = sqlite3.connect(tmp_path / "db", isolation_level=None, check_same_thread=False)
            else:
                opened = psycopg.connect(**connection.get_connection_params(), autocommit=True)
                opened.execute("SET lock_timeout = '3s'")
            return stack.enter_context(closing(opened))

        yield open_one


def state(reader):
    """The version and the data, read in one statement."""
    if connection.vendor == "sqlite":
        parts = {"join": "token", "join_names": "group_concat(name)"}
    else:
        parts = {"join": "string_agg(token::text, ',' ORDER BY token)", "join_names": "string_agg(name, ',')"}
    return reader.execute(STATE.format(**parts)).fetchone()


def write(writer, row, name="1"):
    writer.execute(f"UPDATE agencies_agencytype SET name = '{name}' WHERE id = {row}")  # noqa: S608


def test_others_see_the_version_move_when_they_see_the_data(connect):
    reader, writer = connect(), connect()
    before = state(reader)
    writer.execute("BEGIN")
    for row in ROWS:
        write(writer, row)
        assert state(reader) == before
    writer.execute("COMMIT")
    after = state(reader)
    assert (before[1], after[1]) == ("0,0,0", "1,1,1")
    assert after[0] != before[0]


@on_postgresql
def test_a_writer_never_waits_for_the_version_that_another_holds(connect):
    """With one row that both must update, the second would wait for the first, and the first for the second."""
    reader, first, second = connect(), connect(), connect()
    seen = [state(reader)]
    first.execute("BEGIN")
    second.execute("BEGIN")
    write(first, 1)
    write(second, 2)
    second.execute("COMMIT")
    seen.append(state(reader))
    write(first, 2, "2")
    first.execute("COMMIT")
    seen.append(state(reader))
    assert [data for _, data in seen] == ["0,0,0", "0,1,0", "1,2,0"]
    assert len({version for version, _ in seen}) == 3
    write(first, 3)
    assert [version.count(",") for version in (seen[-1][0], state(reader)[0])] == [1, 0]


@on_postgresql
def test_a_writer_that_waits_for_a_row_at_its_commit_does_not_hold_up_the_other(connect):
    """Foreign keys are looked at when a transaction commits: were the version raised only then, two could wait."""
    first, second = connect(), connect()
    first.execute("BEGIN")
    second.execute("BEGIN")
    write(second, 3)
    second.execute("DELETE FROM agencies_agencytype WHERE id = 1")
    columns = {field.column: f"'{field.get_default()}'" for field in Agency._meta.fields if field.has_default()}
    columns |= {field.column: "''" for field in Agency._meta.fields if isinstance(field, CharField) and not field.null}
    columns |= {"id": "1", "type_id": "1"}
    first.execute(f"INSERT INTO agencies_agency ({', '.join(columns)}) VALUES ({', '.join(columns.values())})")  # noqa: S608
    with ThreadPoolExecutor() as pool:
        commit = pool.submit(first.execute, "COMMIT")
        second.execute("COMMIT")
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            commit.result(timeout=10)


def test_a_version_never_stands_for_two_states_of_the_data(connect):
    def count(row):
        with closing(connect()) as writer:
            for n in range(1, 41):
                writer.execute("BEGIN IMMEDIATE" if connection.vendor == "sqlite" else "BEGIN")
                write(writer, row, n)
                writer.execute("ROLLBACK" if n % 5 == 0 else "COMMIT")

    reader, seen = connect(), set()
    with ThreadPoolExecutor() as pool:
        writers = [pool.submit(count, row) for row in ROWS]
        while not all(writer.done() for writer in writers):
            seen.add(state(reader))
    assert [writer.result() for writer in writers] == [None] * len(ROWS)
    seen.add(state(reader))
    assert "39,39,39" in {data for _, data in seen}
    assert len({version for version, _ in seen}) == len({data for _, data in seen}) == len(seen)


WRITER = """
import sqlite3, sys, psycopg
kind, address, *statements = sys.argv[1:]
if kind == "sqlite":
    writer = sqlite3.connect(address, isolation_level=None)
else:
    writer = psycopg.connect(address, autocommit=True)
for statement in statements:
    writer.execute(statement)
print("done", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(("end", "data"), [([], "0,0,0"), (["COMMIT"], "1,1,1")], ids=["uncommitted", "committed"])
def test_a_writer_that_is_killed_leaves_version_and_data_together(end, data, connect, tmp_path):
    reader = connect()
    before = state(reader)
    address = str(tmp_path / "db") if connection.vendor == "sqlite" else reader.info.dsn
    statements = ["BEGIN", "UPDATE agencies_agencytype SET name = '1'", *end]
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, connection.vendor, address, *statements],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with writer:
        assert writer.stdout.readline() == "done\n"
        writer.kill()
    after = state(reader)
    assert after[1] == data
    assert (after[0] == before[0]) == (after[1] == before[1])


# Keeping the triggers ----------------------------------------------------------------------------


def drop_a_trigger():
    if connection.vendor == "sqlite":
        sql("DROP TRIGGER dataset_version_agencies_agency_country_insert")
    else:
        sql("DROP TRIGGER dataset_version ON agencies_agency_country")


def disable_the_triggers():
    sql("ALTER TABLE agencies_agency_country DISABLE TRIGGER ALL")


@pytest.fixture
def triggers_back():
    yield
    keep_triggers("default")


@pytest.mark.usefixtures("triggers_back")
@pytest.mark.parametrize("spoil", [drop_a_trigger, pytest.param(disable_the_triggers, marks=on_postgresql)])
def test_a_table_without_its_trigger_is_complained_of_until_migrate(spoil):
    assert check_triggers() == []
    spoil()
    (complaint,) = check_triggers()
    assert (type(complaint), complaint.msg) == (
        Error,
        "Triggers are missing, so changes of these tables do not change the dataset version: agencies_agency_country.",
    )
    assert [type(complaint) for complaint in check_triggers(databases=["default"])] == [Warning]
    call_command("migrate", verbosity=0)
    assert check_triggers() == []


@pytest.mark.usefixtures("triggers_back")
def test_a_table_that_was_altered_has_its_trigger_after_migrate(agency):
    field, longer = AgencyType._meta.get_field("name"), CharField(max_length=256)
    longer.set_attributes_from_name("name")
    with connection.schema_editor() as editor:
        editor.alter_field(AgencyType, field, longer, strict=True)
        editor.alter_field(AgencyType, longer, field, strict=True)
    call_command("migrate", verbosity=0)
    before = current()
    AgencyType.objects.update(name="Private")
    assert current() != before


def test_what_stands_is_only_looked_at():
    """A start must not wait for whoever is writing just then."""
    with CaptureQueriesContext(connection) as captured:
        keep_triggers("default")
        install("default")
    assert [query["sql"] for query in captured if not query["sql"].lstrip().startswith("SELECT")] == []


def empty_the_version():
    sql("DELETE FROM dataset_version")


def change_the_function():
    sql(
        "CREATE OR REPLACE FUNCTION raise_dataset_version() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NULL; END'"
    )


@pytest.mark.usefixtures("triggers_back")
@pytest.mark.parametrize("spoil", [empty_the_version, pytest.param(change_the_function, marks=on_postgresql)])
def test_a_version_that_nothing_raises_is_complained_of_until_migrate(spoil):
    spoil()
    (complaint,) = check_triggers()
    assert (type(complaint), complaint.id) == (Error, "api.E002")
    call_command("migrate", verbosity=0)
    assert check_triggers() == []
    before = current()
    AgencyType.objects.create(name="Private")
    assert None not in (before, current())
    assert current() != before


def test_a_migration_that_was_applied_raises_the_version():
    before = current()
    keep_triggers("default")
    assert current() == before
    keep_triggers("default", plan=["a migration"])
    assert current() != before


def test_a_database_that_is_down_is_no_error_of_the_check(monkeypatch):
    def down(cursor):
        raise OperationalError("connection refused")

    monkeypatch.setattr(dataset_version, "repairs", down)
    (complaint,) = check_triggers()
    assert (type(complaint), complaint.msg) == (Warning, "The triggers could not be checked: connection refused")


# Reading -----------------------------------------------------------------------------------------


def test_a_database_that_is_down_has_no_version(monkeypatch):
    def down():
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "ensure_connection", down)
    assert current() is None


def test_a_database_that_was_not_migrated_has_no_version():
    with transaction.atomic():
        sql("ALTER TABLE dataset_version RENAME TO elsewhere")
        version = current()
        transaction.set_rollback(True)
    assert version is None


@on_postgresql
def test_a_connection_that_broke_is_opened_anew():
    before = current()
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    assert current() == before


@on_postgresql
def test_a_connection_that_was_rolled_back_is_read_from_as_before(agency):
    before = current()
    for _ in range(3):
        with transaction.atomic():
            agency.save()
            transaction.set_rollback(True)
        assert current() == before
