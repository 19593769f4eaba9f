"""A server with the sample data, in processes and with a database of its own."""

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
    """What a command says, which must not fail."""
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
    """The address of an empty database, of the kind that the tests run on: with tables where it is migrated."""
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        path = folder / "sample.sqlite3"
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
    """The sample data behind the server that an installation has, but without files for pages."""
    with new_database(folder, migrated=True) as url:
        manage = [sys.executable, settings.BASE_DIR / "manage.py"]
        run(*manage, "loaddata", "--verbosity=0", *sorted(settings.NOUNS), DATABASE_URL=url)
        with granian("spacedevs.wsgi:application", "/2.3.0/", workers=1, DATABASE_URL=url) as server:
            yield server
