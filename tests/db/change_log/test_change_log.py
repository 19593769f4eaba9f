"""The change log has each row that changed, by whatever writer, and nothing else."""

import shutil
import sqlite3
from contextlib import closing
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.models import F

from agencies.models import Agency, AgencyType, Country
from launches.models import Launch
from spacedevs.changes.apps import check_log, keep_log, logged
from spacedevs.changes.models import ValueChange
from spacedevs.db.change_log import upkeep
from spacedevs.db.change_log.reading import Expired, Log, Position, prune
from spacedevs.db.dataset_version import data_tables
from tests.support import factories

pytestmark = pytest.mark.django_db(transaction=True)
on_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="is PostgreSQL's own")
on_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="is SQLite's own")


def sql(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def esa():
    return factories.agency(
        id=27, name="ESA", abbrev="ESA", type=AgencyType.objects.create(id=900, name="Multinational")
    )


@pytest.fixture
def since(esa):
    """The position after the rows of a test."""
    return Log.read().now


def told(entry):
    return entry.table, entry.action, entry.key, entry.columns


def written(since):
    """What the log has had since, in order."""
    return [told(entry) for entry in Log.read().batch(since)]


TYPE, AGENCY = "agencies_agencytype", "agencies_agency"
WRITES = {
    "a save": (lambda esa: Agency(pk=27, name="CNES").save(update_fields=["name"]), [(AGENCY, "u", "27", ("name",))]),
    "a new row": (lambda esa: AgencyType.objects.create(id=7, name="A"), [(TYPE, "i", "7", ())]),
    "an update": (lambda esa: Agency.objects.update(name="NASA"), [(AGENCY, "u", "27", ("name",))]),
    "many new rows": (
        lambda esa: AgencyType.objects.bulk_create([AgencyType(id=7, name="A"), AgencyType(id=8, name="B")]),
        [(TYPE, "i", "7", ()), (TYPE, "i", "8", ())],
    ),
    "rows new or not": (
        lambda esa: AgencyType.objects.bulk_create(
            [AgencyType(id=900, name="A"), AgencyType(id=901, name="B")],
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["name"],
        ),
        [(TYPE, "i", "901", ()), (TYPE, "u", "900", ("name",))],
    ),
    "a delete": (lambda esa: esa.delete(), [(AGENCY, "d", "27", ())]),
    "SQL": (
        lambda esa: sql("UPDATE agencies_agency SET name = 'NASA', abbrev = 'N'"),
        [(AGENCY, "u", "27", ("abbrev", "name"))],
    ),
    "another key": (
        lambda esa: (
            sql("INSERT INTO agencies_agencytype (id, name) VALUES (7, 'A')")
            or sql("UPDATE agencies_agencytype SET id = 8 WHERE id = 7")
        ),
        [(TYPE, "d", "7", ()), (TYPE, "i", "7", ()), (TYPE, "i", "8", ())],
    ),
    "a save without a change": (lambda esa: esa.save(), []),
    "an update without a change": (lambda esa: Agency.objects.update(name=F("name")), []),
}


@pytest.mark.parametrize("write", WRITES)
def test_every_writer_is_logged_and_only_what_changed(write, esa, since):
    work, expected = WRITES[write]
    work(esa)
    shown = [(table, action, key, tuple(sorted(columns))) for table, action, key, columns in written(since)]
    assert sorted(shown) == expected


@on_postgresql
def test_truncate_is_the_end_of_every_row(esa, since):
    sql("TRUNCATE agencies_agency CASCADE")
    assert (AGENCY, "d", "27", ()) in written(since)


def test_what_is_rolled_back_was_never_written(esa, since):
    with transaction.atomic():
        Agency.objects.update(name="NASA")
        try:
            with transaction.atomic():
                Agency.objects.update(abbrev="N")
                raise ValueError
        except ValueError:
            pass
    assert written(since) == [(AGENCY, "u", "27", ("name",))]


def test_a_stored_search_text_is_no_change_of_its_row(esa):
    launch = factories.launch(launch_service_provider=esa)
    since = Log.read().now
    Agency.objects.update(name="NASA")
    assert {entry.table for entry in Log.read().batch(since)} == {AGENCY}
    assert "NASA" in Launch.objects.get(pk=launch.pk).search_text


def test_a_link_names_its_owner_before_and_after(esa, since):
    other = factories.agency(id=28, type=esa.type)
    france = factories.row(Country, id=5)
    since = Log.read().now
    esa.country.add(france)
    sql("UPDATE agencies_agency_country SET agency_id = 28")
    other.country.clear()
    owners = [set(entry.owners) for entry in Log.read().batch(since)]
    assert owners == [{(AGENCY, "27")}, {(AGENCY, "27"), (AGENCY, "28")}, {(AGENCY, "28")}]


def test_values_of_tracked_columns_are_kept_by_whoever_changes_them():
    launch = factories.launch(net="2026-03-01T12:00:00Z")
    Launch.objects.filter(pk=launch.pk).update(net="2026-03-04T12:30:00Z", name="Another")
    Launch.objects.filter(pk=launch.pk).update(net=None)
    Launch.objects.filter(pk=launch.pk).update(net=None)
    kept = [(each.table_name, each.before, each.after) for each in ValueChange.objects.order_by("id")]
    assert kept == [
        ("launches_launch", {"net": "2026-03-01T12:00:00+00:00"}, {"net": "2026-03-04T12:30:00+00:00"}),
        ("launches_launch", {"net": "2026-03-04T12:30:00+00:00"}, {"net": None}),
    ]


def test_every_data_table_is_logged():
    assert {table.table for table in logged()} == data_tables()
    with connection.cursor() as cursor:
        assert upkeep.wrong(cursor, logged()) == []


# Order -------------------------------------------------------------------------------------------


@on_postgresql
@pytest.mark.as_served
def test_what_is_read_is_complete_although_transactions_overlap(esa, since):
    """A transaction that began to write earlier commits later: its lower number must not be passed over."""
    other = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("INSERT INTO agencies_agencytype (id, name) VALUES (7, 'A')")
            AgencyType.objects.create(id=8, name="B")
            waiting = Log.read()
            first = waiting.batch(since)
            with connection.cursor() as visible:
                visible.execute("SELECT key FROM change_log WHERE number > %s ORDER BY number", [last_number(since)])
                by_number = [key for (key,) in visible.fetchall()]
            cursor.execute("COMMIT")
        complete = next(log for log in iter(Log.read, None) if log.is_whole)
        second = complete.batch(waiting.now)
    finally:
        other.close()
    assert (first, waiting.is_whole) == ([], False)
    assert by_number[-1:] == ["8"]  # whoever orders by number alone goes on from here, past 7
    assert ([entry.key for entry in second], complete.is_whole) == (["7", "8"], True)


@on_postgresql
@pytest.mark.as_served
def test_a_transaction_of_another_database_of_the_cluster_holds_nothing_back(esa, since):
    url = urlsplit(settings.DATABASE_URL)._replace(path="/template1").geturl()
    with psycopg.connect(url) as other:
        other.execute("SELECT pg_current_xact_id()")  # it has begun to write
        AgencyType.objects.create(id=7, name="A")
        log = next(log for log in iter(Log.read, None) if log.is_whole)
        assert ([entry.key for entry in log.batch(since)], log.is_whole) == (["7"], True)


def last_number(position):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(number), 0) FROM change_log WHERE transaction < %s", [position.transaction]
        )
        return cursor.fetchone()[0]


# Retention -------------------------------------------------------------------------------------------


def test_old_entries_are_deleted_and_their_cursors_expire(esa, since):
    log = Log.read()
    early = log.cursor(since)
    AgencyType.objects.create(id=7, name="A")
    AgencyType.objects.create(id=8, name="B")
    first = Log.read().batch(since)[0]
    sql(f"UPDATE change_log SET moment = moment - 1000 WHERE number <= {first.position.number}")  # noqa: S608
    assert sum(prune(first.moment - 500)) > 0
    log = Log.read()
    with pytest.raises(Expired):
        log.position(early)
    assert log.position(log.cursor(first.position)) == first.position
    assert [told(entry) for entry in log.batch(first.position)] == [(TYPE, "i", "8", ())]


def test_the_newest_entry_stays_so_that_numbers_do_not_recur(esa, since):
    AgencyType.objects.create(id=7, name="A")
    before = Log.read()
    sum(prune(2**40))
    AgencyType.objects.create(id=8, name="B")
    assert [entry.key for entry in Log.read().batch(before.now)] == ["8"]


def test_a_batch_is_bounded(monkeypatch, esa):
    monkeypatch.setattr("spacedevs.db.change_log.reading.BATCH", 10)
    AgencyType.objects.bulk_create([AgencyType(name=str(number)) for number in range(35)])
    numbers = list(prune(2**40))
    assert numbers[:3] == [10, 10, 10]
    assert all(number <= 10 for number in numbers)


# Cursors, and where they are valid ---------------------------------------------------------------------


def test_a_cursor_is_read_back():
    log = Log.read()
    position = Position(max(1, log.pruned.transaction), log.pruned.number + 10**6)
    assert log.position(log.cursor(position)) == position


@pytest.mark.parametrize("cursor", ["", "x", "a-1-2", "0123456789ab-1", "0123456789ab--1-2", "0123456789ab-1-\u0661"])
def test_what_is_no_cursor_is_refused(cursor):
    with pytest.raises(ValueError, match=r"^"):
        Log.read().position(cursor)


def test_a_cursor_of_another_database_has_expired():
    with pytest.raises(Expired):
        Log.read().position("0123456789ab-1-2")


def test_a_new_beginning_ends_all_cursors(esa, since):
    before = Log.read()
    upkeep.begin_anew(DEFAULT_DB_ALIAS)
    with pytest.raises(Expired):
        Log.read().position(before.cursor(since))


@on_sqlite
def test_a_copy_of_the_file_is_another_database(tmp_path, esa):
    source, copy = tmp_path / "one.sqlite3", tmp_path / "two.sqlite3"
    connection.ensure_connection()
    with closing(sqlite3.connect(source)) as target:
        connection.connection.backup(target)
    shutil.copy(source, copy)
    ids = []
    for path in (source, copy):
        there = connection.copy()
        there.settings_dict = {**there.settings_dict, "NAME": str(path)}
        before = connections[DEFAULT_DB_ALIAS]
        connections[DEFAULT_DB_ALIAS] = there
        try:
            ids.append(Log.read().id)
        finally:
            there.close()
            connections[DEFAULT_DB_ALIAS] = before
    assert ids[0] != ids[1]


# Upkeep --------------------------------------------------------------------------------------------


def drop_one():
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DROP TRIGGER change_log_update ON agencies_agency")
        else:
            name = upkeep.KINDS["sqlite"].present(cursor)[AGENCY]
            cursor.execute(f"DROP TRIGGER {name}_1")


def test_a_missing_trigger_is_reported_and_repaired_and_the_log_begins_anew(esa):
    before = Log.read()
    drop_one()
    [complaint] = check_log()
    assert complaint.msg == "Triggers are missing, so changes of these tables are not logged: agencies_agency."
    keep_log()
    assert check_log() == []
    assert Log.read().id != before.id
    since = Log.read().now
    Agency.objects.update(name="NASA")
    assert written(since) == [(AGENCY, "u", "27", ("name",))]


def test_a_right_log_is_not_touched():
    before = Log.read()
    keep_log()
    assert Log.read().id == before.id


def test_triggers_of_another_release_are_replaced_and_the_log_goes_on(monkeypatch, esa, since):
    before = Log.read()
    monkeypatch.setattr(AgencyType, "tracked", ("name",), raising=False)
    keep_log()
    assert Log.read().id == before.id
    AgencyType.objects.filter(pk=900).update(name="Private")
    assert [(each.table_name, each.after) for each in ValueChange.objects.all()] == [(TYPE, {"name": "Private"})]
    monkeypatch.undo()
    keep_log()
    assert written(since) == [(TYPE, "u", "900", ("name",))]


def test_the_command_deletes_what_is_old(capsys, esa):
    sql("UPDATE change_log SET moment = moment - 3000000")
    AgencyType.objects.create(id=7, name="A")
    call_command("prune_changes")
    assert capsys.readouterr().out.endswith(" entries of the change log and 0 deliveries.\n")
    assert [entry.key for entry in Log.read().batch(Log.read().pruned)][-1:] == ["7"]
