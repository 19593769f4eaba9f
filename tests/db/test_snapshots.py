"""An answer is of one moment, whatever is committed while it is made, and so is the version that it is known by."""

import gzip
import re
import sqlite3
from contextlib import closing, nullcontext
from io import StringIO
from wsgiref.util import setup_testing_defaults

import orjson
import psycopg
import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import DataError, InternalError, OperationalError, ProgrammingError, connection, transaction
from django.http import StreamingHttpResponse
from django.urls import path, resolve, reverse

from agencies.models import Agency, AgencyType
from docking.models import DockingEvent, DockingLocation
from launches.models import Launch
from spacedevs import urls
from spacedevs.db import bulk, dataset_version
from spacedevs.db.bulk import any_key, read_all
from spacedevs.db.connections import reading
from spacedevs.db.snapshots import snapshot
from spacedevs.http.response_cache import ResponseCache
from spacedevs.http.snapshots import APART
from spacedevs.sync.exporting import dump_views, jsonl
from spacedevs.sync.management.commands import export as command
from spacedevs.throttling.authentication import KEYS
from spacedevs.throttling.models import Key
from stations.models import SpaceStation
from tests.support import factories
from tests.support.wsgi import Asker
from vehicles.models import Spacecraft, SpacecraftConfig

pytestmark = pytest.mark.django_db(transaction=True)
on_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="is PostgreSQL's own")


# Whatever is committed meanwhile -----------------------------------------------------------------


@pytest.fixture
def database_for_two(transactional_db, tmp_path):
    """The test database, which others see; on SQLite a copy in a file, for memory is one connection's."""
    if connection.vendor == "postgresql":
        yield
        return
    ours, name = connection.connection, connection.settings_dict["NAME"]
    with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as copy:
        ours.backup(copy)
    connection.connection, connection.settings_dict["NAME"] = None, str(tmp_path / "db.sqlite3")
    yield
    connection.close()
    connection.connection, connection.settings_dict["NAME"] = ours, name


class Writer:
    """Another connection, which gives rows of several tables another name in each commit, and knows the versions."""

    named = Agency, DockingLocation, Launch, SpaceStation, Spacecraft, SpacecraftConfig

    def __init__(self, other):
        self.other, self.number, self.versions = other, 0, {}
        self.commit()

    def commit(self, *statement):
        self.number += 1
        with self.other.cursor() as cursor:
            cursor.execute("BEGIN")
            for model in self.named:
                table, key = model._meta.db_table, model._meta.pk.column
                cursor.execute(f"UPDATE {table} SET name = 'state {self.number} of ' || {key}")  # noqa: S608
            cursor.execute("COMMIT")
            cursor.execute(dataset_version.TOKENS)
            self.versions[self.number] = ",".join(sorted(str(token) for (token,) in cursor.fetchall()))

    def before_each(self, execute, *statement):
        """A wrapper of statements, as Django has them."""
        self.commit()
        return execute(*statement)


@pytest.fixture
def writer(database_for_two):
    station = factories.space_station(status__name="Active")
    factories.full_docking_event(departure=None, space_station_target=station)
    starship = factories.program(name="Starship")
    for year in (1969, 2169):
        factories.launch(program=[starship], net=factories.LAUNCHED.replace(year=year))
    with closing(connection.copy()) as other:
        yield Writer(other)


def shown_by(body) -> set[int]:
    """The states that are shown somewhere in a text."""
    return set(map(int, re.findall(r"state (\d+) of", body)))


EVENT, STATION, SHIP = ("docking_events/{event}/", "space_stations/{station}/", "spacecraft/{ship}/")
ANSWERS = {
    "a list": ("/2.3.0/docking_events/?mode=detailed", {}),
    "a list that is searched and ordered": ("/2.3.0/docking_events/?search=state&ordering=-docking&limit=1", {}),
    "a row": (f"/2.3.0/{EVENT}", {}),
    "a row by plain DRF": (f"/2.3.0/{EVENT}", {"HTTP_ACCEPT": "application/json; indent=2"}),
    "a list by plain DRF": ("/2.3.0/launches/?mode=detailed", {"HTTP_ACCEPT": "application/json; indent=2"}),
    "a list as a page": ("/2.3.0/docking_events/?format=api", {}),
    "a row as a page": (f"/2.3.0/{STATION}", {"HTTP_ACCEPT": "text/html"}),
    "a table": ("/2.3.0/docking_events/?format=csv", {}),
    "lines of JSON": ("/2.3.0/docking_events/?format=jsonl", {}),
    "a calendar": ("/2.3.0/docking_events/?format=ics", {}),
    "news": ("/2.3.0/launches/?format=atom", {}),
    "who is at a station now": (f"/2.3.0/{STATION}now/", {}),
    "who is at a station now, by plain DRF": (f"/2.3.0/{STATION}now/", {"HTTP_ACCEPT": "application/json; indent=2"}),
    "a dashboard": ("/2.3.0/dashboard/starship/?mode=detailed", {}),
    "the page of all stations": ("/stations/", {}),
    "the page of a station": ("/stations/{station}/", {}),
    "the picture of a station": ("/stations/{station}/timeline.svg", {}),
    "the page of a ship": ("/spacecraft/{ship}/", {}),
    "the picture of a ship": ("/spacecraft/{ship}/timeline.svg", {}),
}


IN_ONE_STATEMENT = {"a calendar", "a table", "news"}  # all names, though not the number of rows


@pytest.fixture
def ask(writer, django):
    """Asks the server while somebody else commits before each statement: the states that are shown, and the version
    that was read."""
    event = DockingEvent.objects.get()
    keys = {
        "event": event.pk,
        "station": event.space_station_target_id,
        "ship": event.flight_vehicle_chaser.spacecraft_id,
    }
    read = []

    def noting(environ, start_response):
        parts = django(environ, start_response)
        read.append(environ.get(dataset_version.READ))
        return parts

    server = Asker(ResponseCache(noting))

    def asking(name):
        address, headers = ANSWERS[name]
        place, _, query = address.format(**keys).partition("?")
        with connection.execute_wrapper(writer.before_each):
            status, _, body = server(place, query, HTTP_HOST="testserver", **headers)
        assert status == "200 OK"
        return shown_by(body.decode()), read[-1]

    return asking


def test_every_answer_shows_one_commit_and_is_kept_under_its_version(ask, writer):
    shown = {name: ask(name) for name in ANSWERS}
    assert {name: len(states) for name, (states, _) in shown.items()} == dict.fromkeys(ANSWERS, 1)
    read = {name: [writer.versions[state] for state in states] for name, (states, _) in shown.items()}
    assert read == {name: [version] for name, (_, version) in shown.items()}


IN_ONE_STATEMENT = {"a calendar", "a table", "news"}  # all names, though not the number of rows


def test_without_a_snapshot_answers_of_several_statements_would_mix_commits(ask, monkeypatch):
    monkeypatch.setattr("spacedevs.http.snapshots.snapshot", nullcontext)
    assert {name for name in ANSWERS if len(ask(name)[0]) < 2} == IN_ONE_STATEMENT


CHOSEN = {"agencies", "launches", "space_stations"}


@pytest.fixture
def export_amid_commits(writer, settings, tmp_path, monkeypatch):
    """Writes files while somebody commits before each statement: the states that all of them show."""
    settings.DUMP_ROOT = tmp_path / "dump"
    monkeypatch.setattr(dump_views, "export", lambda folder, packed: jsonl.export(folder, CHOSEN, packed))

    def exporting():
        with connection.execute_wrapper(writer.before_each):
            call_command("export", tmp_path / "export", endpoints=CHOSEN, gzip=True, stdout=StringIO())
            dump_views.make()
        folders = tmp_path / "export", dump_views.offered()
        return [shown_by("".join(map(unpacked, folder.rglob("*.jsonl.gz")))) for folder in folders]

    return exporting


def unpacked(file) -> str:
    return gzip.decompress(file.read_bytes()).decode()


def test_the_files_of_an_export_show_one_commit(export_amid_commits, writer):
    ((_,), (state,)) = export_amid_commits()
    assert orjson.loads((dump_views.offered() / "index.json").read_bytes())["version"] == writer.versions[state]


def test_without_a_snapshot_the_files_would_mix_commits(export_amid_commits, monkeypatch):
    for module in (dump_views, command):
        monkeypatch.setattr(module, "snapshot", nullcontext)
    assert min(map(len, export_amid_commits())) > 1


# A snapshot --------------------------------------------------------------------------------------


@pytest.fixture
def kind():
    return AgencyType.objects.create(name="Government")


def test_nothing_can_be_written_in_a_snapshot(kind):
    with pytest.raises((InternalError, RuntimeError), match="read-only"), snapshot():
        AgencyType.objects.update(name="Private")
    assert AgencyType.objects.get().name == "Government"
    assert AgencyType.objects.update(name="Private") == 1


def test_a_snapshot_knows_its_version():
    with snapshot() as version:
        assert version == dataset_version.current() is not None


@pytest.mark.django_db
def test_a_snapshot_within_a_transaction_is_that_transaction(kind):
    with snapshot() as version:
        assert version == dataset_version.current()
        kind.delete()
    assert AgencyType.objects.count() == 0


def test_a_transaction_within_a_snapshot_leaves_it_as_it_was(kind):
    with snapshot():
        with transaction.atomic():
            assert AgencyType.objects.count() == 1
        assert connection.in_atomic_block
    assert not connection.in_atomic_block


def test_a_database_without_a_version_is_read_in_a_snapshot_all_the_same(monkeypatch, kind):
    monkeypatch.setattr(dataset_version, "TOKENS", "SELECT token FROM dataset_version WHERE token IS NULL")
    with snapshot() as version:
        assert (version, connection.in_atomic_block, AgencyType.objects.count()) == (None, True, 1)


def hang_up():
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])


@on_postgresql
def test_a_connection_that_broke_before_a_snapshot_is_opened_anew(kind):
    hang_up()
    with snapshot():
        assert AgencyType.objects.count() == 1


@on_postgresql
def test_a_connection_that_breaks_within_a_snapshot_is_not_opened_anew(kind, client):
    client.raise_request_exception = False

    def hang_up_before(execute, *statement):
        hang_up()
        return execute(*statement)

    with connection.execute_wrapper(hang_up_before):
        broken = client.get("/2.3.0/config/agency_types/")
    whole = client.get("/2.3.0/config/agency_types/")
    assert (broken.status_code, whole.status_code, whole.json()["count"]) == (503, 200, 1)


@on_postgresql
def test_a_snapshot_leaves_statements_prepared(kind, client):
    """Otherwise each would be planned anew for each answer, which takes longer than to read the rows."""

    def prepared():
        client.get(f"/2.3.0/config/agency_types/{kind.pk}/")
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, prepare_time FROM pg_prepared_statements")
            return set(cursor.fetchall())

    first = prepared()
    assert first
    assert first <= prepared()


@pytest.fixture
def names():
    """Reads the names of some types of agencies in a snapshot, in one pipeline, each statement by itself."""
    first, second = (AgencyType.objects.create(name=name) for name in ("first", "second"))
    condition = any_key("id", AgencyType._meta.pk)
    statements = [
        (f"SELECT name, {number} FROM agencies_agencytype WHERE {condition}", {first.pk, second.pk})  # noqa: S608
        for number in range(3)
    ]

    def read(*others):
        dataset_version.current()
        with snapshot():
            assert reading.prepared is not None
            return [sorted(rows) for rows in read_all([*statements, *others])]

    read.right = [[("first", number), ("second", number)] for number in range(3)]
    return read


@on_postgresql
def test_statements_of_a_snapshot_are_prepared_once_until_they_are_discarded(names):
    def prepared():
        with connection.cursor() as cursor:
            cursor.execute("SELECT name FROM pg_prepared_statements WHERE name LIKE 'softdock%'")
            return {name for (name,) in cursor}

    assert names() == names() == names.right
    first = prepared()
    assert len(first) == 3
    connection.cursor().execute("DEALLOCATE ALL")  # as psycopg does after a rollback
    assert names() == names() == names.right
    assert len(prepared()) == 3
    assert not first & prepared()


@on_postgresql
def test_the_least_recently_used_statements_are_discarded(names, monkeypatch):
    monkeypatch.setattr(bulk, "PREPARED_AT_MOST", 0)
    condition = any_key("id", AgencyType._meta.pk)
    for number in range(10):
        other = f"SELECT {number} FROM agencies_agencytype WHERE {condition}", {0}  # noqa: S608
        assert names(other) == [*names.right, []]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'softdock%'")
        assert cursor.fetchone() == (4,)


@on_postgresql
def test_a_statement_that_fails_is_an_error_of_django_and_the_connection_goes_on(names):
    condition = any_key("1 / (id - id)", AgencyType._meta.pk)
    for _ in range(2):  # when it is prepared, and once it is
        with pytest.raises(DataError, match="division by zero"):
            names((f"SELECT id FROM agencies_agencytype WHERE {condition}", {1}))  # noqa: S608
    with pytest.raises(ProgrammingError, match="does not exist"):
        names(("SELECT id FROM nowhere WHERE id = ANY(%s)", {1}))
    assert names() == names.right


@on_postgresql
def test_a_connection_that_breaks_in_a_snapshot_is_opened_anew_for_the_next(names):
    condition = any_key("id", AgencyType._meta.pk)

    def read_broken():
        dataset_version.current()
        with snapshot(), psycopg.connect(connection.connection.info.dsn) as server:
            server.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
            read_all([(f"SELECT id FROM agencies_agencytype WHERE {condition}", {1})])  # noqa: S608

    with pytest.raises(OperationalError):
        read_broken()
    assert names() == names.right


@on_postgresql
def test_a_snapshot_that_cannot_begin_leaves_nothing_behind(names, monkeypatch):
    assert names() == names.right

    def fail(kind, state):
        raise OperationalError("gone")

    def begin():
        with snapshot():
            raise AssertionError("it began")

    with monkeypatch.context() as patch:
        patch.setattr("spacedevs.db.snapshots.PostgreSQL.expect", fail)
        with pytest.raises(OperationalError):
            begin()
    assert reading.prepared is None
    connection.close()
    assert names() == names.right


# Requests ----------------------------------------------------------------------------------------


def stream(request):
    return StreamingHttpResponse(str(connection.in_atomic_block) for _ in range(2))


urlpatterns = [*urls.urlpatterns, path("stream/", stream)]


@pytest.mark.urls(__name__)
def test_the_snapshot_of_a_streamed_answer_ends_with_it(django):
    environ = {"PATH_INFO": "/stream/", "HTTP_HOST": "testserver"}
    setup_testing_defaults(environ)
    for body in ([b"True", b"True"], []):  # read to its end, and not read at all
        parts = django(environ, lambda *said: None)
        assert connection.in_atomic_block
        assert [part for part, _ in zip(parts, body, strict=False)] == body
        parts.close()
        assert not connection.in_atomic_block


def test_who_changed_their_password_elsewhere_is_logged_out_by_a_page(editor):
    user = User.objects.get()
    user.set_password("another")
    user.save()
    assert editor.get("/2.3.0/agencies/?format=api").status_code == 200
    assert Session.objects.count() == 0


def test_that_somebody_asked_what_they_have_left_is_noted(client):
    key = Key(owner="A reader")
    token = key.renew()
    key.save()
    KEYS.forget()
    answer = client.get(reverse("api-throttle-list"), headers={"Authorization": f"Token {token}"})
    key.refresh_from_db()
    assert (answer.json()["ident"], key.last_used is None) == ("A reader", False)


WITHOUT_ROWS = {
    "/spacecraft/": 302,
    "/favicon.ico": 302,
    "/media/nothing.jpg": 404,
    "/2.3.0/schema/": 200,
    "/2.3.0/docs/": 200,
    "/2.3.0/dump/nothing": 404,
    "/2.3.0/api-throttle/": 200,
    "/2.3.0/changes/stream/": 404,
    "/docs/": 200,
    "/docs/filters/": 200,
    "/docs/reference/": 200,
    "/docs/reference/launches/": 200,
    "/docs/reference/components/LaunchBasic/": 200,
}


@pytest.mark.django_db
def test_pages_without_rows_are_there_without_a_database(client, monkeypatch):
    def down():
        raise OperationalError("connection refused")

    client.raise_request_exception = False
    monkeypatch.setattr("spacedevs.http.snapshots.snapshot", down)
    assert {resolve(address).view_name for address in WITHOUT_ROWS} == APART
    assert {address: client.get(address).status_code for address in WITHOUT_ROWS} == WITHOUT_ROWS
    with_rows = "/", "/launches/", "/people/", "/2.3.0/", "/2.3.0/agencies/", "/2.3.0/dataset/", "/stations/"
    assert {client.get(address).status_code for address in with_rows} == {503}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="is SQLite's own")
def test_a_snapshot_that_fails_to_begin_leaves_no_transaction_open(monkeypatch):
    def locked(connection):
        raise sqlite3.OperationalError("database table is locked")

    with monkeypatch.context() as patched:
        patched.setattr(dataset_version.SQLite, "tokens", staticmethod(locked))
        with pytest.raises(OperationalError, match="table is locked"), snapshot():
            pass
    with snapshot() as version:
        assert version == dataset_version.current()
