"""Whoever balances servers is told which one lives, and which one may be sent requests."""

import json

import pytest
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder

from spacedevs.operations import health
from spacedevs.operations.health import Health
from spacedevs.throttling import file_counter
from tests.support.wsgi import BODY, Application, Asker


@pytest.fixture
def ask(settings):
    """Asks a server without a Redis."""
    settings.REDIS_URL, settings.RELEASE = "", "1.2.3"
    asker = Asker(Health(Application()))

    def told(path, **environ):
        status, headers, body = asker(path, **environ)
        assert (headers["Content-Type"], headers["Cache-Control"]) == ("application/json", "no-store")
        return status, json.loads(body)

    return told


def test_a_server_lives_whatever_became_of_the_database(ask):
    assert ask("/livez", HTTP_HOST="10.0.0.7:8000") == ("200 OK", {"live": True})


def test_all_else_is_asked_of_the_application():
    ask = Asker(Health(Application()))
    assert ask("/2.3.0/launches/")[2] == BODY
    assert ask("/livez", method="POST")[2] == BODY


@pytest.mark.django_db
def test_a_server_with_database_and_tables_is_ready(ask):
    told = {"ready": True, "release": "1.2.3", "database": "ok", "migrations": "ok"}
    assert ask("/readyz") == ("200 OK", told)


@pytest.mark.django_db
def test_one_that_is_asked_for_its_head_says_no_more(settings):
    status, headers, body = Asker(Health(Application()))("/readyz", method="HEAD")
    assert (status, body, int(headers["Content-Length"]) > 50) == ("200 OK", b"", True)


def test_a_server_without_its_database_is_not_ready(ask, monkeypatch):
    monkeypatch.setattr(health.dataset_version, "current", lambda: None)
    told = {"ready": False, "release": "1.2.3", "database": "down", "migrations": "unknown"}
    assert ask("/readyz") == ("503 Service Unavailable", told)


@pytest.mark.django_db
def test_a_server_is_ready_once_its_tables_are_there(ask):
    MigrationRecorder(connection).record_unapplied("limits", "0001_key")
    missing = {"ready": False, "release": "1.2.3", "database": "ok", "migrations": "missing"}
    assert ask("/readyz") == ("503 Service Unavailable", missing)
    MigrationRecorder(connection).record_applied("limits", "0001_key")
    assert ask("/readyz")[1] == missing | {"ready": True, "migrations": "ok"}


@pytest.mark.django_db
def test_a_database_that_fails_while_tables_are_looked_for_keeps_it_waiting(ask, monkeypatch):
    def fail(connection):
        raise DatabaseError

    monkeypatch.setattr(health, "MigrationRecorder", fail)
    assert ask("/readyz")[0] == "503 Service Unavailable"


@pytest.mark.django_db
def test_a_redis_that_is_down_is_told_and_keeps_nobody_out(ask, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    file_counter.counter.cache_clear()
    status, told = ask("/readyz")
    file_counter.counter.cache_clear()
    assert (status, told["ready"], told["redis"]) == ("200 OK", True, "down")
