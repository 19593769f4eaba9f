"""A look tells all that was committed since the look before, in whatever order; or that it does not know."""

from contextlib import closing, contextmanager

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import F

from agencies.models import Agency, AgencyType, Country
from spacedevs.changes.apps import keep_log
from spacedevs.db import dataset_version
from spacedevs.db.change_log import upkeep
from spacedevs.db.change_log.reading import prune
from spacedevs.db.footprints import committed
from spacedevs.db.footprints.committed import look
from tests.support import factories

pytestmark = pytest.mark.django_db(transaction=True)
on_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="is PostgreSQL's own")
on_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="is SQLite's own")
TYPE, AGENCY = "agencies_agencytype", "agencies_agency"


def sql(statement, using=connection):
    with using.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def another_session():
    """A connection of another program."""
    with closing(connection.copy(DEFAULT_DB_ALIAS)) as other:
        yield other


@pytest.fixture
def types():
    return AgencyType.objects.bulk_create(AgencyType(id=900 + n, name=str(n)) for n in range(3))


@pytest.fixture
def before(types):
    return looked(look(None))


def looked(first):
    """The look after the first one, which can tell of nothing."""
    assert first.changes is None
    return look(first)


def told(found):
    """The changes of a look, in the order of their keys."""
    return sorted((table, action, key, *sorted(columns - {""})) for table, action, key, columns in found.changes)


def rename(number, name, using=connection):
    sql(f"UPDATE agencies_agencytype SET name = '{name}' WHERE id = {900 + number}", using)  # noqa: S608


def test_a_look_is_of_the_version_of_its_snapshot(before):
    assert (before.version, before.changes) == (dataset_version.current(), ())
    rename(0, "a")
    assert look(before).version == dataset_version.current() != before.version


WRITES = {
    "an update": (lambda: rename(0, "a"), [(TYPE, "u", "900", "name")]),
    "a new row": (lambda: sql("INSERT INTO agencies_agencytype (id, name) VALUES (7, 'A')"), [(TYPE, "i", "7")]),
    "a delete": (lambda: AgencyType.objects.filter(id=902).delete(), [(TYPE, "d", "902")]),
    "another key": (
        lambda: sql("UPDATE agencies_agencytype SET id = 8 WHERE id = 901"),
        [(TYPE, "d", "901"), (TYPE, "i", "8")],
    ),
    "all rows": (
        lambda: AgencyType.objects.filter(id__gte=900).update(name="x"),
        [(TYPE, "u", str(key), "name") for key in (900, 901, 902)],
    ),
    "nothing": (lambda: AgencyType.objects.update(name=F("name")), []),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_look_tells_what_was_committed_since(write, before):
    work, expected = WRITES[write]
    work()
    after = look(before)
    assert told(after) == expected
    assert look(after).changes == ()


def test_a_link_is_a_row(before):
    agency, country = factories.agency(), factories.row(Country)
    before = look(before)
    agency.country.add(country)
    assert [(table, action) for table, action, *_ in look(before).changes] == [("agencies_agency_country", "i")]


@on_sqlite
def test_a_row_that_may_have_replaced_another_is_any_row(before):
    """INSERT OR REPLACE deletes what has the same value in a unique column, and no trigger tells."""
    table = min(committed.replaceable())
    assert committed.change("sqlite", table, "i", 1, None).key is None
    assert committed.change("postgresql", table, "i", 1, None).key == "1"
    assert committed.change("sqlite", TYPE, "i", 1, None).key == "1"


@on_postgresql
def test_who_began_first_and_commits_last_is_not_missed(before):
    """And who is still open holds nothing back."""
    with another_session() as first, another_session() as second:
        for each in (first, second):
            sql("BEGIN", each)
        rename(0, "of the first", first)
        rename(1, "of the second", second)
        rename(2, "of a third")
        looks = [before, look(before)]
        sql("COMMIT", second)
        looks.append(look(looks[-1]))
        sql("COMMIT", first)
        looks.append(look(looks[-1]))
    assert [told(each) for each in looks[1:]] == [[(TYPE, "u", str(key), "name")] for key in (902, 901, 900)]
    assert len({each.version for each in looks}) == 4


@on_postgresql
def test_what_is_rolled_back_was_never_there(before):
    with another_session() as other:
        sql("BEGIN", other)
        rename(0, "a", other)
        sql("SAVEPOINT here", other)
        rename(1, "b", other)
        sql("ROLLBACK TO here", other)
        middle = look(before)
        sql("COMMIT", other)
        after = look(middle)
    assert (told(middle), told(after)) == ([], [(TYPE, "u", "900", "name")])


# When it is unclear ------------------------------------------------------------------------------


def replace_triggers():
    upkeep.remove(DEFAULT_DB_ALIAS)
    rename(0, "unlogged")
    keep_log()


def migrate_something():
    sql("INSERT INTO django_migrations (app, name, applied) VALUES ('agencies', 'x', '2026-01-01')")
    rename(0, "a")


def write_too_much():
    AgencyType.objects.bulk_create(AgencyType(id=10_000 + n, name="x") for n in range(committed.CHANGES + 1))


def prune_all():
    rename(0, "a")
    rename(1, "b")
    list(prune(4e9))


UNCLEAR = {
    "another log": lambda: upkeep.begin_anew(DEFAULT_DB_ALIAS),
    "missing triggers, which were repaired": replace_triggers,
    "a migration": migrate_something,
    "too much": write_too_much,
    "entries that were deleted": prune_all,
}


@pytest.mark.parametrize("what", UNCLEAR)
def test_it_is_unclear_what_came_with(what, before):
    UNCLEAR[what]()
    try:
        after = look(before)
        assert (after.version, after.changes) == (dataset_version.current(), None)
        assert look(after).changes == ()
    finally:
        sql("DELETE FROM django_migrations WHERE name = 'x'")


def test_without_its_triggers_nothing_is_clear(before):
    upkeep.remove(DEFAULT_DB_ALIAS)
    try:
        assert look(before) is None
        assert look(None) is None
    finally:
        keep_log()
    assert look(None) is not None


@on_postgresql
def test_a_trigger_that_was_off_for_a_while_makes_it_unclear(before):
    sql("ALTER TABLE agencies_agencytype DISABLE TRIGGER change_log_update")
    rename(0, "a")
    sql("ALTER TABLE agencies_agencytype ENABLE TRIGGER change_log_update")
    assert look(before).changes is None


@on_sqlite
def test_an_older_state_of_the_file_makes_it_unclear(before):
    """Its numbers recur."""
    rename(0, "a")
    rename(1, "b")
    after = look(before)
    sql("DELETE FROM change_log WHERE number = (SELECT max(number) FROM change_log)")
    rename(2, "c")
    rename(1, "d")
    assert look(after).changes is None


def test_inside_of_a_transaction_nothing_is_clear(before):
    with transaction.atomic():
        Agency.objects.update(name="x")
        assert look(before) is None


def test_without_a_database_nothing_is_clear(before, monkeypatch):
    monkeypatch.setattr(committed.KINDS[connection.vendor], "PLACE", "SELECT 1 FROM nowhere")
    assert look(before) is None
    monkeypatch.undo()
    assert look(before).changes == ()


def test_without_its_file_nothing_is_clear(before, monkeypatch):
    def gone(connection):
        raise FileNotFoundError(connection.settings_dict["NAME"])

    monkeypatch.setattr(upkeep, "place_of_file", gone)
    assert look(before) is None
