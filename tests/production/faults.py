"""What clients see when parts of an installation fail: python -m tests.production.faults [SECONDS OF A PHASE]

Two web servers of two workers each, nginx before them, PostgreSQL with a copy that it streams to, and Redis. Clients
ask all the time while an editor renames a station, twenty times a second. An answer is stale if it does not have the
name that was committed before it was asked for, nor a later one; it has failed if its status is not 200, or if there
is none. The last line is measured by wrk."""

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Lock, Thread
from time import monotonic, sleep
from typing import NamedTuple

import psycopg

from .parts import Nginx, Postgres, Redis, Web, ended, free_port, get, manage, program, until

CLIENTS = 4
RENAME = "UPDATE stations_spacestation SET name = %s WHERE id = %s"
PAUSE = 0.05  # seconds between two commits
HEADINGS = "what fails", "requests", "failed", "stale", "longest s", "from copy", "from primary"
WIDTHS = 44, 9, 7, 6, 10, 10, 13
OTHERS = "/2.3.0/docking_events/?limit=5&mode=detailed", "/2.3.0/launches/?limit=5"


class Seen(NamedTuple):
    """What clients have seen while one thing failed, and which database answers were made from."""

    what: str
    requests: int
    failed: int
    stale: int
    longest: float
    from_copy: int | str
    from_primary: int | str

    def line(self):
        return line(self._replace(longest=f"{self.longest:.2f}"))


def line(cells):
    return "".join(str(cell).ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


class Editor:
    """Renames a station, and knows which number was committed last; waits while the database is away."""

    def __init__(self, database):
        self.database, self.committed, self.number, self.ended = database, 0, 0, Event()
        self.station = database.ask("SELECT min(id) FROM stations_spacestation")
        self.thread = Thread(target=self.edit)

    def edit(self):
        with ExitStack() as stack:
            connection = None
            while not self.ended.is_set():
                try:
                    connection = connection or stack.enter_context(closing(self.database.connected()))
                    self.number += 1
                    name = f"Number {self.number}"
                    connection.execute(
                        "UPDATE stations_spacestation SET name = %s WHERE id = %s", [name, self.station]
                    )
                    self.committed = self.number
                except psycopg.Error:
                    connection = None
                sleep(PAUSE)


class Clients:
    """Those who ask through nginx, and what they have seen since it was last asked."""

    def __init__(self, port, editor):
        self.port, self.editor, self.lock, self.ended = port, editor, Lock(), Event()
        self.path = f"/2.3.0/space_stations/{editor.station}/"
        self.threads = [Thread(target=self.ask) for _ in range(CLIENTS)]
        self.failures = Counter()
        self.begin()

    def begin(self):
        with self.lock:
            self.requests = self.failed = self.stale = 0
            self.longest = 0.0

    def ask(self):
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            while not self.ended.is_set():
                number = self.requests
                path = self.path if number % 4 else OTHERS[number // 4 % len(OTHERS)]
                committed, began = self.editor.committed, monotonic()
                try:
                    connection.request("GET", path)
                    response = connection.getresponse()
                    status, body = response.status, response.read()
                except (OSError, HTTPException) as error:
                    status, body = repr(error), b""
                    connection.close()
                self.note(path, status, body, committed, monotonic() - began)

    def note(self, path, status, body, committed, seconds):
        with self.lock:
            self.requests += 1
            self.longest = max(self.longest, seconds)
            if status != 200:
                self.failed += 1
                self.failures[status] += 1
            elif path == self.path:
                name = json.loads(body)["name"]
                self.stale += not name.startswith("Number ") or int(name.removeprefix("Number ")) < committed


class Installation:
    """All parts, started."""

    def __init__(self, folder: Path, stack: ExitStack):
        self.folder, self.stack = folder, stack
        self.primary = self.with_end(Postgres(folder / "primary"))
        self.copy = self.with_end(Postgres(folder / "copy", of=self.primary))
        self.redis = self.with_end(Redis())
        self.metrics = [free_port(), free_port()]
        self.environment = {
            "DATABASE_URL": self.primary.url,
            "DATABASE_REPLICA_URLS": self.copy.url,
            "REDIS_URL": self.redis.url,
            "THROTTLE_ANONYMOUS": "999999999/hour",
            "SPACEDEVS_PROXIES": "1",
            "SPACEDEVS_LOG_FORMAT": "json",
        }
        manage("prepare", **self.environment)
        self.webs = [self.web(number) for number in range(2)]
        for web in self.webs:
            web.until_ready()
        (folder / "nginx").mkdir()
        self.nginx = self.with_end(Nginx(folder / "nginx", [web.port for web in self.webs]))
        self.editor = Editor(self.primary)
        self.editor.number = self.editor.committed = 0
        self.primary.ask("UPDATE stations_spacestation SET name = 'Number 0' RETURNING id")

    def with_end(self, part):
        self.stack.enter_context(ended(part))
        return part

    def web(self, number, port=None):
        log = self.stack.enter_context((self.folder / f"web{number}.log").open("ab"))
        environment = self.environment | {"SPACEDEVS_METRICS_PORT": str(self.metrics[number])}
        return self.with_end(Web(environment, log, port=port))

    def reads(self) -> dict[str, int]:
        """From which database answers were made, since the web servers were started."""
        found = {"replica1": 0, "default": 0}
        for port in self.metrics:
            try:
                told = get(port, "/metrics")[2].decode()
            except OSError:
                continue
            for name, number in re.findall(r'^spacedevs_reads_total\{database="(\w+)"\} (\S+)', told, re.MULTILINE):
                found[name] += int(float(number))
        return found

    # What fails ----------------------------------------------------------------------------------

    def nothing(self, seconds):
        sleep(seconds)

    def copy_is_killed(self, seconds):
        self.copy.kill()
        sleep(seconds / 2)
        self.copy.start()
        sleep(seconds / 2)

    def copy_falls_behind(self, seconds):
        self.copy.ask("SELECT 1 FROM pg_wal_replay_pause()")
        sleep(seconds)
        name = "SELECT name FROM stations_spacestation ORDER BY id LIMIT 1"
        assert self.copy.ask(name) != self.primary.ask(name), "the copy was never behind"
        self.copy.ask("SELECT 1 FROM pg_wal_replay_resume()")

    def worker_is_killed(self, seconds):
        os.kill(self.webs[0].children()[-1], signal.SIGKILL)
        sleep(seconds)

    def web_is_killed(self, seconds):
        self.webs[0].kill()
        with suppress(OSError):
            get(self.webs[0].port, "/livez")
            raise AssertionError("the web server is still there")
        sleep(seconds / 2)
        self.start_again(0)

    def redis_is_killed(self, seconds):
        self.redis.kill()
        sleep(seconds)
        self.redis = self.with_end(Redis(self.redis.port))

    def primary_is_restarted(self, seconds):
        self.primary.restart()
        sleep(seconds)

    def rolling_restart(self, seconds):
        for number, web in enumerate(self.webs):
            web.end()
            self.start_again(number)
        sleep(seconds / 4)

    def start_again(self, number):
        self.webs[number] = self.web(number, self.webs[number].port).until_ready()


FAULTS = {
    "nothing": Installation.nothing,
    "the copy is killed, then started again": Installation.copy_is_killed,
    "the copy falls behind": Installation.copy_falls_behind,
    "a worker is killed": Installation.worker_is_killed,
    "a web server is killed, then started again": Installation.web_is_killed,
    "Redis is killed, then started again": Installation.redis_is_killed,
    "each web server is stopped and started anew": Installation.rolling_restart,
    "the primary is restarted": Installation.primary_is_restarted,
}


def watch(installation, clients, what, fault, seconds) -> Seen:
    before, webs = installation.reads(), [*installation.webs]
    clients.begin()
    fault(installation, seconds)
    with clients.lock:
        seen = clients.requests, clients.failed, clients.stale, clients.longest
    after = installation.reads()
    # A server that was started anew has counted from nothing.
    is_known = webs == installation.webs
    copy, primary = (after[name] - before[name] if is_known else "?" for name in ("replica1", "default"))
    return Seen(what, *seen, copy, primary)


def under_wrk(installation) -> str:
    """What wrk says of failures while both web servers are started anew."""
    command = [program("wrk"), "-t1", "-c8", "-d600s", f"http://127.0.0.1:{installation.nginx.port}/2.3.0/launches/"]
    wrk = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    sleep(1)
    try:
        installation.rolling_restart(4)
    finally:
        wrk.send_signal(signal.SIGINT)  # it then says what it has measured
    said = wrk.communicate(timeout=30)[0]
    requests = re.search(r"(\d+) requests in", said)[1]
    failures = re.findall(r"Socket errors:.*|Non-2xx.*", said)
    return f"wrk, while each web server is stopped and started anew: {requests} requests, " + (
        "; ".join(each.strip() for each in failures) or "0 failed"
    )


def run(seconds=6, tell=print) -> tuple[list[Seen], str]:
    """The table, line by line, and what wrk has seen."""
    with TemporaryDirectory(prefix="faults-") as folder, ExitStack() as stack:
        installation = Installation(Path(folder), stack)
        editor = installation.editor
        clients = Clients(installation.nginx.port, editor)
        threads = [editor.thread, *clients.threads]
        for thread in threads:
            thread.start()
        try:
            until(lambda: clients.requests > CLIENTS, "clients are answered")
            tell(line(HEADINGS))
            seen = []
            for what, fault in FAULTS.items():
                seen.append(watch(installation, clients, what, fault, seconds))
                tell(seen[-1].line())
                until(lambda: installation.copy.ask("SELECT pg_is_in_recovery()"), "the copy is back")
                sleep(1)
        finally:
            editor.ended.set()
            clients.ended.set()
            for thread in threads:
                thread.join()
        told = under_wrk(installation)
        tell(told)
        tell(f"What failed: {dict(clients.failures) or None}")
    return seen, told


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exit, so that all parts are ended
    run(*map(float, sys.argv[1:]), tell=lambda text: print(text, flush=True))
