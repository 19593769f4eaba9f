"""Copies of the database are read when they are as new as it is, and passed over when they are not."""

from contextlib import contextmanager

import pytest
from django.db import DEFAULT_DB_ALIAS, OperationalError

from agencies.models import Agency
from spacedevs.db import dataset_version
from spacedevs.db.connections import reading
from spacedevs.http.response_cache import ResponseCache
from spacedevs.operations import replicas
from spacedevs.operations.replicas import Replicas, Router
from tests.support.wsgi import BODY, Application, Asker


class Reader(Application):
    """An application that notes which database it would read."""

    def __init__(self):
        super().__init__()
        self.read, self.fails_on = [], ()

    def __call__(self, environ, start_response):
        self.read.append(Router().db_for_read(Agency))
        self.status = "503 Service Unavailable" if self.read[-1] in self.fails_on else "200 OK"
        return super().__call__(environ, start_response)


class Copy:
    """Stands for the connection to a copy: what version it shows, and what becomes of it."""

    def __init__(self):
        self.version, self.is_down = "1", False
        self.closed = 0

    def close(self):
        self.closed += 1


@pytest.fixture
def copies(settings, monkeypatch):
    """Two copies, which show the version that there is."""
    settings.REPLICAS = {"replica1": {}, "replica2": {}}
    found = {"replica1": Copy(), "replica2": Copy()}

    @contextmanager
    def snapshot(alias):
        if found[alias].is_down:
            raise OperationalError("connection refused")
        yield found[alias].version

    monkeypatch.setattr(replicas, "connections", found)
    monkeypatch.setattr(replicas, "snapshot", snapshot)
    return found


@pytest.fixture
def clock(monkeypatch):
    moment = [1000.0]
    monkeypatch.setattr(replicas, "monotonic", lambda: moment[0])
    return moment


@pytest.fixture
def application():
    return Reader()


@pytest.fixture
def ask(copies, application, clock):
    """Asks for an answer of a version, and returns the databases that were read for it."""
    asker = Asker(Replicas(application))

    def asked(version="1"):
        application.read.clear()
        status, _, body = asker(**{dataset_version.ASKED: version} if version else {})
        assert (status, body) == ("200 OK", BODY)
        assert reading.alias == DEFAULT_DB_ALIAS
        return application.read.copy()

    return asked


def test_copies_that_show_the_version_are_read_in_turn(ask):
    assert [ask() for _ in range(3)] == [["replica1"], ["replica2"], ["replica1"]]


def test_a_copy_that_is_behind_is_passed_over(ask, copies):
    copies["replica1"].version = "0"
    assert [ask() for _ in range(2)] == [["replica2"], ["replica2"]]


def test_a_copy_that_is_ahead_is_passed_over_too(ask, copies):
    """Nobody can tell which of two versions came first: the next request asks for that one."""
    for copy in copies.values():
        copy.version = "2"
    assert (ask("1"), ask("2")) == (["default"], ["replica2"])


def test_what_has_no_version_is_read_from_the_database_itself(ask):
    assert ask(version=None) == ["default"]


def test_a_copy_that_is_down_is_left_alone_for_a_while(ask, copies, clock):
    copies["replica1"].is_down = True
    first = [ask() for _ in range(2)]
    copies["replica1"].is_down = False
    still = [ask() for _ in range(2)]
    clock[0] += 5
    assert (first, still) == ([["replica2"], ["replica2"]], [["replica2"], ["replica2"]])
    assert [ask() for _ in range(2)] == [["replica1"], ["replica2"]]
    assert copies["replica1"].closed == 1


def test_what_goes_wrong_on_the_way_is_read_again_elsewhere(ask, application):
    application.fails_on = ["replica1", "replica2"]
    assert ask() == ["replica1", "replica2", "default"]
    assert application.closed == 3


def test_the_response_cache_tells_the_version_that_it_asked_for(application, copies):
    ask = Asker(ResponseCache(Replicas(application), lambda: "1"))
    ask(HTTP_HOST="testserver")
    ask(HTTP_HOST="testserver", HTTP_COOKIE="sessionid=x")  # an editor, who must see what they have just saved
    assert application.read == ["replica1", "default"]


class Streamed(Reader):
    """An application that reads while it sends."""

    streaming = True

    def __iter__(self):
        for _ in range(2):
            yield Router().db_for_read(Agency).encode()


def test_what_is_read_while_it_is_sent_is_read_from_one_copy_to_its_end(copies, clock):
    application = Streamed()
    ask = Asker(Replicas(application))
    assert ask(**{dataset_version.ASKED: "1"})[2] == b"replica1replica1"
    assert (reading.alias, application.closed) == (DEFAULT_DB_ALIAS, 1)


def test_nothing_is_written_to_a_copy_nor_migrated_there():
    reading.alias = "replica1"
    try:
        router = Router()
        assert (router.db_for_read(Agency), router.db_for_write(Agency)) == ("replica1", "default")
        assert [router.allow_migrate(alias, "agencies") for alias in ("default", "replica1")] == [True, False]
        assert router.allow_relation(Agency(), Agency())
    finally:
        reading.alias = DEFAULT_DB_ALIAS
