"""Scripts in processes of their own, which commit: to a copy of the database of the tests."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection

BEGINNING = """
import os, signal
import django
django.setup()
from threading import Barrier, Thread
from uuid import uuid4
from django.core.management import CommandError, call_command
from django.core.signals import request_started
from django.db import connection, connections
from django.db.models.signals import pre_save
from agencies.models import Agency
from launches.models import Launch, LaunchStatus
from spacedevs.db import pending
from spacedevs.db.connections import bound_statements
from spacedevs.operations import updates
from spacedevs.statistics import registry
from tests.support import factories

def launch(agency, status=3, **values):
    return factories.launch(id=uuid4(), launch_service_provider=agency, status_id=status, **values)

def count(agency):
    return Agency.objects.get(pk=agency.pk).total_launch_count

def check():
    call_command("recompute_statistics", check=True)

statuses = LaunchStatus(id=3, name="Success"), LaunchStatus(id=4, name="Failure")
LaunchStatus.objects.bulk_create(statuses, ignore_conflicts=True)
agency, other = factories.agency(), factories.agency()
launch(agency)
"""


@contextmanager
def copied_database(folder):
    """The address of a database of its own, which has the tables and no rows."""
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with closing(sqlite3.connect(folder / "copy.sqlite3")) as copy:
            connection.connection.backup(copy)
        yield f"sqlite:///{folder / 'copy.sqlite3'}"
        return
    name, source = f"copy_{os.getpid()}", connection.settings_dict["NAME"]
    connection.close()  # PostgreSQL copies no database that is in use
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {source}")
        try:
            yield urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def script(tmp_path_factory, django_db_setup, django_db_blocker):
    """Runs a script behind that beginning; returns the lines that it prints."""
    environment = {"DJANGO_SETTINGS_MODULE": "spacedevs.settings", "STATISTICS": ""}

    def run(text):
        done = subprocess.run(
            [sys.executable, "-c", BEGINNING + text],
            cwd=settings.BASE_DIR,
            env=os.environ | environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return [*done.stdout.splitlines(), *done.stderr.splitlines()]

    with django_db_blocker.unblock(), copied_database(tmp_path_factory.mktemp("copy")) as url:
        environment["DATABASE_URL"] = url
        yield run
