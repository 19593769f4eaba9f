"""A mirror that follows the changes of another server, of which every part fails meanwhile.

The server, the mirror and an editor are processes of their own, and each database is the server's or the mirror's."""

import json
import os
import re
import subprocess
import sys
from contextlib import ExitStack, closing
from time import monotonic
from uuid import UUID

from tests.bench.stale import connected

from . import ROOT
from .parts import Running, Web, free_port, get, until

EDITS, KILL_MIRROR, KILL_SERVER, START_SERVER = 1000, 100, 300, 500  # numbers of edits
SLIP = """
    UPDATE launches_launch SET net = '2099-01-01 00:00:00'
    WHERE id = (SELECT id FROM launches_launch ORDER BY net, id LIMIT 1) RETURNING id
"""


class Follower(Running):
    """A mirror that watches; what it says goes to a file."""

    def __init__(self, origin, database, log):
        command = [sys.executable, "manage.py", "mirror", "--watch", "--from", origin, "--budget", "0", "--delete"]
        super().__init__(command, None, {"DATABASE_URL": database}, log)


class Pair:
    """A server and its mirror, with what the server was asked and what the mirror said."""

    def __init__(self, stack: ExitStack, folder, origin, copy):
        self.origin, self.copy, self.port = origin, copy, free_port()
        self.asked, self.said = folder / "asked.log", folder / "said.log"
        self.logs = [stack.enter_context(path.open("ab")) for path in (self.asked, self.said)]
        self.start_server()
        self.start_mirror()
        stack.callback(lambda: self.server.end())
        stack.callback(lambda: self.mirror.end())

    def start_server(self):
        environment = {
            "DATABASE_URL": self.origin,
            "SPACEDEVS_LOG_FORMAT": "json",
            "SPACEDEVS_LOG_REQUESTS": "true",
        }
        self.server = Web(environment, self.logs[0], workers=1, port=self.port).until_ready()

    def start_mirror(self):
        self.mirror = Follower(f"http://127.0.0.1:{self.port}/2.3.0", self.copy, self.logs[1])

    def has_said(self, text, times=1) -> bool:
        return self.said.read_text().count(text) >= times

    def requests(self) -> list[str]:
        """The paths that the server was asked for."""
        lines = [json.loads(line) for line in self.asked.read_text().splitlines() if line.startswith("{")]
        return [line["message"].removeprefix("GET ") for line in lines if line.get("logger") == "spacedevs.requests"]

    def position(self) -> tuple[int, ...]:
        return numbers(json.loads(get(self.port, "/2.3.0/changes/")[2])["cursor"])

    def is_current(self, position) -> bool:
        """Whether the mirror has all changes up to a position, and waits for no record."""
        with closing(connected(self.copy)) as connection:
            ((cursor,),) = connection.execute("SELECT cursor FROM api_mirror").fetchall()
            ((wanted,),) = connection.execute("SELECT count(*) FROM api_mirroredrow WHERE is_wanted").fetchall()
        return bool(cursor) and numbers(cursor) >= position and not wanted

    def lag(self) -> float:
        """The seconds until the mirror has everything that was committed before."""
        began, position = monotonic(), self.position()
        until(lambda: self.is_current(position), "the mirror has all changes")
        return monotonic() - began

    def slip(self) -> str:
        """Lets a launch slip in the server's database, without Django; returns its id."""
        with closing(connected(self.origin)) as connection:
            ((key,),) = connection.execute(SLIP).fetchall()
        return str(UUID(str(key)))


def numbers(cursor) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"-(\d+)", cursor)))


def edit(pair: Pair, seed) -> str:
    """Lets an editor make all edits while the server and the mirror are killed; returns what it did."""
    command = [sys.executable, "-m", "tests.production.editing", str(seed), str(EDITS)]
    environment = os.environ | {"DATABASE_URL": pair.origin}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env=environment, **pipes) as editor:
        for line in editor.stdout:
            done = line.strip()
            if done == str(KILL_SERVER):
                pair.server.kill()
            elif done == str(START_SERVER):
                pair.start_server()
            elif done == str(KILL_MIRROR):
                pair.mirror.kill()
                pair.start_mirror()
            if done.isdigit():
                editor.stdin.write("\n")
                editor.stdin.flush()
    assert editor.returncode == 0
    return done
