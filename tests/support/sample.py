"""A server with the sample data, in its own processes and with its own database."""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from itertools import count
from urllib.parse import urlsplit

import psycopg
from django.conf import settings

from tests.bench.servers import granian

from . import templates

NUMBERS = count(1)


def run(*command, folder=settings.BASE_DIR, **environment):
    """The output of a command, which must succeed."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@contextmanager
def new_database(folder, migrated=False):
    """The URL of a new database of the same kind as the tests', migrated or empty."""
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        path = folder / f"sample_{next(NUMBERS)}.sqlite3"  # one folder may hold several
        if migrated:
            shutil.copy(templates.sqlite_template(), path)
        yield f"sqlite:///{path}"
        return
    name = f"sample_{os.getpid()}_{next(NUMBERS)}"
    template = templates.postgres_template(settings.DATABASE_URL) if migrated else "template1"
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def sample_server(folder):
    """The real server with the sample data, without static files."""
    with new_database(folder, migrated=True) as url:
        manage = [sys.executable, settings.BASE_DIR / "manage.py"]
        run(*manage, "loaddata", "--verbosity=0", *sorted(settings.NOUNS), DATABASE_URL=url)
        with granian("spacedevs.wsgi:application", "/2.3.0/", workers=1, DATABASE_URL=url) as server:
            yield server
