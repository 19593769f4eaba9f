"""When something beneath the server breaks it says so, is back by itself, and leaves nothing half-written."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from threading import Thread

import pytest
from django.conf import settings as django_settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.db import OperationalError, connection
from django.db.backends.signals import connection_created
from django.db.models.signals import post_save
from django.urls import reverse

from agencies.models import AgencyType
from spacedevs.db.bulk import read_all
from spacedevs.db.connections import DEADLINE, SESSION, begin_session, bound, bound_statements
from tests.bench.servers import free_port, started
from tests.support import templates
from tests.support.sample import run

UNAVAILABLE = {"detail": "The database is not available; try again in a moment."}
TOO_LONG = {"detail": "The database took too long; request less data, or try again in a moment."}
postgres = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="is about PostgreSQL")
sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="is about SQLite")


# A database that goes away -----------------------------------------------------------------------


class Cable:
    """Carries bytes to a database as long as it is plugged in."""

    def __init__(self, host, port):
        self.end = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

    def plug_in(self):
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", self.port))
        Thread(target=self.accept, args=[self.listener], daemon=True).start()

    def pull_out(self):
        for each in (self.listener, *self.sockets):
            for close in (lambda each=each: each.shutdown(socket.SHUT_RDWR), each.close):
                try:
                    close()
                except OSError:
                    continue

    def accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX if isinstance(self.end, str) else socket.AF_INET)
            far.connect(self.end)
            self.sockets += [near, far]
            for source, sink in ((near, far), (far, near)):
                Thread(target=self.carry, args=[source, sink], daemon=True).start()

    def carry(self, source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            return


def ask(port, path):
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as server:
        server.request("GET", path)
        response = server.getresponse()
        return response.status, response.getheader("Retry-After"), json.loads(response.read())


@contextmanager
def serving(**environment):
    """A server of its own process, and its port; without static files, which a fresh checkout takes a minute for."""
    port = free_port()
    command = [sys.executable, "manage.py", "serve", "--no-prepare", "--port", str(port)]
    with started(command, port, "/livez", os.environ | environment):
        yield port


@postgres
@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_is_told_and_found_again_when_it_is_back():
    connection.ensure_connection()
    at = connection.connection.info
    cable = Cable(at.host, at.port)
    cable.plug_in()
    credentials = f"{at.user}:{at.password}".rstrip(":")
    url = f"postgres://{credentials}@127.0.0.1:{cable.port}/{at.dbname}"
    paths = ["/2.3.0/config/orbits/", "/2.3.0/launches/?mode=detailed", "/2.3.0/agencies/?format=json&search=x"]
    with serving(DATABASE_URL=url) as port:
        before = [ask(port, path)[0] for path in paths]
        cable.pull_out()
        down = [ask(port, path) for path in (*paths, *paths)]
        cable.plug_in()
        after = [ask(port, path)[0] for path in paths]
    cable.pull_out()
    assert (before, down, after) == ([200] * 3, [(503, "5", UNAVAILABLE)] * 6, [200] * 3)


# Writers at the same time ------------------------------------------------------------------------

COUNT = """
from django.db import transaction
from agencies.models import Agency
for _ in range(30):
    with transaction.atomic():
        agency = Agency.objects.get()
        agency.founding_year += 1
        agency.save()
"""


def test_of_ninety_increments_by_three_writers_none_is_lost(tmp_path):
    path = shutil.copy(templates.sqlite_template(), tmp_path)
    environment = os.environ | {"DATABASE_URL": f"sqlite:///{path}", "STATISTICS": "imported"}
    manage = [sys.executable, django_settings.BASE_DIR / "manage.py"]
    make = "from agencies.models import Agency; Agency.objects.create(id=1, name='NASA', founding_year=0)"
    subprocess.run([*manage, "shell", "-v0", "-c", make], env=environment, check=True)
    writers = [subprocess.Popen([*manage, "shell", "-v0", "-c", COUNT], env=environment) for _ in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT founding_year FROM agencies_agency").fetchall() == [(90,)]


ASK_BESIDE_A_WRITER = """
import sqlite3
from time import monotonic
from django.db import connection
from spacedevs.throttling.authentication import KEYS
from spacedevs.throttling.models import Key
key = Key(owner="A reader")
token = key.renew()
key.save()
writer = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
writer.execute("BEGIN IMMEDIATE")
began = monotonic()
known = KEYS.get(token) == key
waited = monotonic() - began > 2
writer.execute("ROLLBACK")
KEYS.forget()
KEYS.get(token)
key.refresh_from_db()
with connection.cursor() as cursor:
    patience = cursor.execute("PRAGMA busy_timeout").fetchone()
print(known, waited, key.last_used is not None, *patience)
"""


def test_who_has_a_key_does_not_wait_for_a_writer(tmp_path):
    environment = {"DATABASE_URL": f"sqlite:///{shutil.copy(templates.sqlite_template(), tmp_path)}"}
    manage = [sys.executable, django_settings.BASE_DIR / "manage.py"]
    assert run(*manage, "shell", "-v0", "-c", ASK_BESIDE_A_WRITER, **environment) == "True False True 5000\n"


# A statement that takes too long -----------------------------------------------------------------


SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(30)",
}


@pytest.fixture
def impatient(settings):
    """Statements may take a twentieth of a second."""
    settings.STATEMENT_TIMEOUT = 0.05
    bound_statements()
    connection.ensure_connection()
    bound(connection)
    begin_session(connection)
    yield
    connection_created.disconnect(bound)
    SESSION.pop("statement_timeout")
    request_started.disconnect(DEADLINE.begin)
    request_finished.disconnect(DEADLINE.end)
    if connection.vendor == "sqlite":
        connection.connection.set_progress_handler(None, 0)
    else:
        connection.cursor().execute("RESET statement_timeout")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["docking_events/", "docking_events/?format=api"])
def test_a_statement_that_takes_too_long_is_ended_and_told(path, impatient, client, monkeypatch):
    def slow(self):
        with connection.cursor() as cursor:
            cursor.execute(SLOW[connection.vendor])

    monkeypatch.setattr("docking.views.DockingEvent.get_queryset", slow)
    response = client.get(f"/2.3.0/{path}")
    assert (response.status_code, response["Retry-After"], response.json()) == (503, "5", TOO_LONG)
    monkeypatch.undo()
    assert client.get(f"/2.3.0/{path}").status_code == 200


@postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [1, 3])
def test_statements_sent_together_fail_as_single_ones_do(number, impatient):
    asked = [("SELECT pg_sleep(30) WHERE 1 = ANY(%s::int[])", {1})] * number
    with pytest.raises(OperationalError, match="statement timeout"):
        read_all(asked)


# A database that cannot be written ---------------------------------------------------------------


@pytest.fixture
def editor(client):
    client.raise_request_exception = False
    client.force_login(User.objects.create(username="editor", is_staff=True, is_superuser=True))
    return client


@contextmanager
def read_only():
    """The database as it is for who may only read it."""
    states = {
        "sqlite": ("PRAGMA query_only = {}", "1", "0"),
        "postgresql": ("SET default_transaction_read_only = {}", "on", "off"),
    }
    statement, on, off = states[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(statement.format(on))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(statement.format(off))


@pytest.mark.django_db(transaction=True)
def test_a_database_that_can_only_be_read_is_read_and_tells_editors(editor, get):
    kind = AgencyType.objects.create(name="before")
    with read_only():
        page = reverse("admin:agencies_agencytype_change", args=[kind.pk])
        answer = editor.post(page, {"name": "after"})
        shown = get(f"config/agency_types/{kind.pk}/")
    said = "The database is read-only; nothing was saved."
    assert (answer.status_code, answer["Retry-After"], answer.content.decode()) == (503, "5", said)
    assert (shown["name"], LogEntry.objects.count()) == ("before", 0)


@sqlite
@pytest.mark.django_db(transaction=True)
def test_a_full_disk_is_told_and_leaves_nothing_half_written(editor):
    kind = AgencyType.objects.create(name="before")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # what earlier tests left free is no room either
        cursor.execute("PRAGMA page_count")
        ((pages,),) = cursor.fetchall()
        cursor.execute(f"PRAGMA max_page_count = {pages}")
    try:
        page = reverse("admin:agencies_agencytype_change", args=[kind.pk])
        answers = [editor.post(page, {"name": "x" * 255}) for _ in range(100)]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    full = [answer for answer in answers if answer.status_code == 503]
    assert {answer.content.decode() for answer in full} == {"The disk of the database is full; nothing was saved."}
    assert LogEntry.objects.count() == 100 - len(full)


@pytest.mark.django_db(transaction=True)
def test_what_fails_half_way_is_not_there_at_all(editor):
    """The row was written, and what belongs to it was not."""

    def fail(instance, **kwargs):
        raise OperationalError("database or disk is full")

    post_save.connect(fail, sender=LogEntry)
    try:
        answer = editor.post(reverse("admin:agencies_agencytype_add"), {"name": "half"})
    finally:
        post_save.disconnect(fail, sender=LogEntry)
    assert (answer.status_code, AgencyType.objects.count()) == (503, 0)


# What nobody reads -------------------------------------------------------------------------------


@pytest.mark.parametrize(("length", "status"), [(65536, 405), (65537, 413), ("9" * 30, 413), ("x", 405)])
def test_a_body_that_nobody_reads_is_refused_by_its_size(length, status, client):
    response = client.generic("POST", "/2.3.0/launches/", b"", CONTENT_LENGTH=str(length))
    assert (response.status_code, list(response.json())) == (status, ["detail"])
