"""Whoever follows the changes over HTTP loses none, whatever is killed or replaced meanwhile."""

import json
import random
import sqlite3
import threading
from contextlib import ExitStack, closing, suppress
from http.client import HTTPException
from urllib.parse import urlencode, urlsplit

import psycopg
import pytest

from tests.postgres import path_for
from tests.support.sample import new_database

from .parts import Web, ended, get, manage

pytestmark = pytest.mark.production

PATH, TABLE = "config/agency_types", "agencies_agencytype"
ROWS, WRITES, KILLS = 40, 1_000, 5


def connected(url):
    """A connection of a writer that knows nothing of Django."""
    if url.startswith("sqlite"):
        return sqlite3.connect(urlsplit(url).path, timeout=60, isolation_level=None)
    return psycopg.connect(url, autocommit=True)


class Writer(threading.Thread):
    """Inserts, renames and deletes rows at random."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self.url, self.error = url, None

    def run(self):
        choose = random.Random(7)  # noqa: S311
        mark = "?" if self.url.startswith("sqlite") else "%s"
        upsert = f"VALUES ({mark}, {mark}) ON CONFLICT (id) DO UPDATE SET name = excluded.name"
        insert = f"INSERT INTO {TABLE} (id, name) {upsert}"
        delete = f"DELETE FROM {TABLE} WHERE id = {mark}"  # noqa: S608
        try:
            with closing(connected(self.url)) as connection:
                for _ in range(WRITES):
                    key = choose.randint(1000, 1000 + ROWS)
                    if choose.random() < 0.3:
                        connection.execute(delete, [key])
                    else:
                        connection.execute(insert, [key, str(choose.random())])
        except Exception as error:
            self.error = error


class Follower:
    """A copy of the agency types, as a client keeps it."""

    def __init__(self, port):
        self.port, self.begun = port, 0
        self.begin()

    def ask(self, path, **parameters):
        status, _, body = get(self.port, f"/2.3.0/{path}/?{urlencode(parameters)}")
        return status, json.loads(body)

    def begin(self):
        """The cursor of now, then the whole list."""
        self.begun += 1
        self.cursor = self.ask("changes")[1]["cursor"]
        found = self.ask(PATH, limit=100)[1]
        assert found["next"] is None
        self.rows = {each["id"]: each["name"] for each in found["results"]}

    def follow(self) -> bool:
        """Applies a page of changes; whether there are more."""
        status, page = self.ask("changes", since=self.cursor, endpoints=PATH, include="record", limit=20)
        if status == 410:
            self.begin()
            return True
        assert status == 200, page
        for change in page["results"]:
            self.rows.pop(int(change["id"]), None)
            if change["action"] != "deleted":
                self.rows[int(change["id"])] = change["record"]["name"]
        self.cursor = page["cursor"]
        return page["has_more"]


def stored(url):
    with closing(connected(url)) as connection:
        return dict(connection.execute(f"SELECT id, name FROM {TABLE}").fetchall())  # noqa: S608


@pytest.fixture
def url(tmp_path):
    with new_database(tmp_path, migrated=True) as url:
        yield url


def test_a_follower_of_a_server_that_is_killed_again_and_again_has_everything(url):
    environment = {"DATABASE_URL": url}
    with ExitStack() as running:
        [web] = running.enter_context(ended(Web(environment, workers=1)))
        web.until_ready()
        follower, writer = Follower(web.port), Writer(url)
        writer.start()
        for _ in range(KILLS):
            for _ in range(10):
                with suppress(OSError, HTTPException):
                    follower.follow()
            web.kill()
            with suppress(OSError, HTTPException):
                follower.follow()
            [web] = running.enter_context(ended(Web(environment, workers=1, port=web.port)))
            web.until_ready()
        writer.join()
        if writer.error:
            raise writer.error
        while follower.follow():
            pass
        assert (follower.rows, follower.begun) == (stored(url), 1)


def test_a_restored_database_makes_a_follower_begin_again(url, tmp_path, monkeypatch):
    if not url.startswith("sqlite"):
        monkeypatch.setenv("PATH", path_for(url))
    environment = {"DATABASE_URL": url, "SPACEDEVS_MEDIA_DIR": str(tmp_path / "media")}
    writer = Writer(url)
    manage("backup", tmp_path / "backup.tar.gz", **environment)
    with ended(Web(environment, workers=1)) as (web,):
        web.until_ready()
        writer.run()
        follower = Follower(web.port)
        assert follower.rows
        port = web.port
    manage("restore", tmp_path / "backup.tar.gz", "--replace", **environment)
    with ended(Web(environment, workers=1, port=port)) as (web,):
        web.until_ready()
        while follower.follow():
            pass
        assert (follower.rows, follower.begun) == (stored(url), 2)


def test_a_cursor_of_one_server_means_nothing_to_another(url, tmp_path):
    with (
        new_database(tmp_path, migrated=True) as other,
        ended(Web({"DATABASE_URL": url}, workers=1), Web({"DATABASE_URL": other}, workers=1)) as (one, two),
    ):
        cursors = []
        for web in (one, two):
            web.until_ready()
            cursors.append(Follower(web.port).cursor)
        assert get(two.port, f"/2.3.0/changes/?since={cursors[0]}")[0] == 410
        assert get(one.port, f"/2.3.0/changes/?since={cursors[0]}")[0] == 200
