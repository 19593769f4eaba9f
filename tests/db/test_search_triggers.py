"""How the triggers that keep the search texts get there, and stay."""

import json
import logging
from threading import Thread

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction
from django.test import TestCase

from docking.models import SEARCHED, DockingEvent
from spacedevs.db import pending
from spacedevs.db.models import PendingUpdate
from spacedevs.db.search import sources, triggers
from spacedevs.db.search.text import SearchText
from spacedevs.sync.importing.records import ingest, records
from stations.models import SpaceStation
from tests.support import factories

KIND = triggers.KINDS[connection.vendor]
postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="is of PostgreSQL alone")


def installed():
    with connection.cursor() as cursor:
        cursor.execute(KIND.listing)
        return {name for (name,) in cursor.fetchall()}


def made_for(*models):
    return {name for model in models for name, _ in KIND(SearchText.of(model), connection)}


SEARCHED_TABLES = [model for model in apps.get_models() if SearchText.of(model)]


def install():
    triggers.install(connection.alias)


def remove():
    triggers.remove(connection.alias, plan=["a change of tables"])


def found(word):
    return list(DockingEvent.objects.filter(search_text__holds=word).values_list("pk", flat=True))


@pytest.mark.django_db
def test_they_are_there_after_migrate_and_are_not_made_twice(django_assert_max_num_queries):
    names = installed()
    assert names == made_for(*SEARCHED_TABLES)
    with django_assert_max_num_queries(10) as captured:
        install()
    assert installed() == names
    assert [query["sql"] for query in captured if "TRIGGER" in query["sql"]] == []


@pytest.mark.django_db
def test_what_was_written_without_them_is_put_right_when_they_come():
    remove()
    assert installed() == set()
    event = factories.docking_event(space_station_target__name="Mir")
    assert found("mir") == []
    install()
    assert found("mir") == [event.pk]


@pytest.mark.django_db
def test_those_of_another_make_are_replaced(monkeypatch):
    names = installed()
    monkeypatch.setattr(SearchText.of(DockingEvent), "paths", SEARCHED[:1])
    install()
    assert len(installed()) < len(names)
    assert installed() & names != names
    event = factories.docking_event(docking_location__name="aft", space_station_target__name="Mir")
    assert (found("aft"), found("mir")) == ([event.pk], [])
    monkeypatch.undo()
    install()
    assert installed() == names
    assert found("mir") == [event.pk]


@pytest.mark.django_db(transaction=True)
def test_migrations_back_and_forth_lose_nothing():
    event = factories.docking_event(space_station_target__name="Mir")
    call_command("migrate", "docking", "0001", verbosity=0)
    assert installed() == made_for(*(model for model in SEARCHED_TABLES if model is not DockingEvent))
    SpaceStation.objects.update(name="Salyut")
    call_command("migrate", verbosity=0)
    assert (found("mir"), found("salyut")) == ([], [event.pk])
    SpaceStation.objects.update(name="Almaz")
    assert (found("salyut"), found("almaz")) == ([], [event.pk])


@postgresql
@pytest.mark.django_db
def test_a_search_without_the_index_is_right_and_said_to_be_slow(caplog):
    event = factories.docking_event(space_station_target__name="Mir")
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX IF EXISTS docking_dockingevent_search_text")
        cursor.execute("CREATE ROLE may_not_create_extensions")
        cursor.execute("SET LOCAL ROLE may_not_create_extensions")
        with caplog.at_level(logging.WARNING):
            KIND(SearchText.of(DockingEvent), connection).prepare()
        cursor.execute("RESET ROLE")
    assert [record.message.partition(" without")[0] for record in caplog.records] == [
        'Searches of "docking_dockingevent" will be slow'
    ]
    assert found("mir") == [event.pk]


@postgresql
@pytest.mark.django_db
def test_a_word_is_looked_up_in_an_index():
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_extension WHERE extname = 'pg_trgm'")
        if not cursor.rowcount:
            pytest.skip("this server has no pg_trgm")
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
    plan = DockingEvent.objects.filter(search_text__holds="Zvezda").order_by().explain()
    assert "Bitmap Index Scan on docking_dockingevent_search_text" in plan


@postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["the event is written first", "the station is renamed first"])
def test_a_station_that_is_renamed_while_an_event_at_it_is_written_has_one_name(first):
    station = factories.space_station(name="Mir")
    flight, port = factories.spacecraft_flight(), factories.docking_location(spacestation=station)
    writes = [
        lambda: factories.docking_event(
            space_station_target=station, flight_vehicle_chaser=flight, docking_location=port
        ),
        lambda: SpaceStation.objects.update(name="Salyut"),
    ]
    if first == "the station is renamed first":
        writes.reverse()

    def second():
        writes[1]()
        connection.close()

    with transaction.atomic():
        writes[0]()
        other = Thread(target=second)
        other.start()
        other.join(timeout=0.5)  # it waits for us, or has committed what we cannot see
    other.join()
    assert (len(found("mir")), len(found("salyut"))) == (0, 1)


# Very many rows ------------------------------------------------------------------------------------


@pytest.fixture
def no_more_than_two(monkeypatch):
    """Triggers that change two rows at once, and note what is more."""
    for module in ("sources", "sqlite", "postgresql"):
        monkeypatch.setattr(f"spacedevs.db.search.{module}.AT_ONCE", 2)
    monkeypatch.setattr(sources, "IN_NOTE", 2)
    install()
    yield
    monkeypatch.undo()
    install()


def noted():
    """How many rows each note of a search text names."""
    return [len(json.loads(note.keys)) for note in PendingUpdate.objects.filter(kind__endswith="search_text")]


@pytest.mark.django_db
def test_what_very_many_rows_show_is_renamed_without_writing_them(no_more_than_two):
    station = factories.space_station(name="Mir")
    events = [factories.docking_event(space_station_target=station).pk for _ in range(5)]
    other = factories.docking_event(space_station_target__name="Skylab").pk
    SpaceStation.objects.filter(name="Skylab").update(name="Almaz")
    assert (found("almaz"), noted()) == ([other], [])
    SpaceStation.objects.filter(pk=station.pk).update(name="Salyut")
    assert (found("mir"), found("salyut"), sorted(noted())) == (events, [], [1, 2, 2])
    assert pending.settle()
    assert (found("mir"), found("salyut"), noted()) == ([], events, [])


@pytest.mark.django_db
def test_who_saves_a_row_that_very_many_show_has_them_written_after_the_commit(no_more_than_two):
    station = factories.space_station(name="Mir")
    events = [factories.docking_event(space_station_target=station).pk for _ in range(5)]
    with TestCase.captureOnCommitCallbacks(execute=True):
        station.name = "Salyut"
        station.save()
        assert found("salyut") == []
    assert (found("mir"), found("salyut"), pending.count()) == ([], events, 0)


@pytest.mark.django_db
def test_an_import_that_renames_what_very_many_show_has_them_written_after_its_commit(no_more_than_two, get):
    station = factories.space_station(name="Mir")
    events = [factories.docking_event(space_station_target=station).pk for _ in range(5)]
    answer = get(f"space_stations/{station.pk}/")
    with TestCase.captureOnCommitCallbacks(execute=True):
        ingest(records("renamed", answer | {"name": "Salyut"}))
    assert (found("mir"), found("salyut"), pending.count()) == ([], events, 0)
