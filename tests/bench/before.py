"""A server of today beside one of an older build: its memory when nobody asks anything, its start, and a page.

BENCH_BEFORE names the folder of that build, for example of `git worktree add ../before 80c073c`."""

import os
import re
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from . import ROOT
from .measure import NotMeasured, Wrong
from .servers import free_port, started

READY = "/readyz"
FIRST = "/2.3.0/launches/?limit=1"
PAGE = "/2.3.0/launches/?limit=100&mode=detailed&format=api"
ROUNDS, REQUESTS = 3, 20


def builds():
    """The folders of today's build and of the older one."""
    if before := os.environ.get("BENCH_BEFORE"):
        return ROOT, Path(before).resolve()
    raise NotMeasured("BENCH_BEFORE names no older build")


@contextmanager
def serving(build, folder, *options, path=READY, method="fork", **environment):
    """A server of a build that has all its files in this folder, once it has answered."""
    port = free_port()
    own = {"DATABASE_URL": f"sqlite:///{folder}/db.sqlite3", "SPACEDEVS_VAR_DIR": folder, "PYTHONPATH": folder}
    start = f"import multiprocessing\nmultiprocessing.set_start_method({method!r})"
    Path(folder, "sitecustomize.py").write_text(start)
    command = [sys.executable, "manage.py", "serve", "--empty", "--port", str(port), *options]
    with started(command, port, path, os.environ | own | environment, build) as server:
        yield server


def pss(server):
    """The memory of all processes in kB, of which each page counts once."""
    texts = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in server.pids()]
    return sum(int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)[1]) for text in texts)


def idle_memory(lab, workers, method="fork"):
    """The memory of a server that is ready : that of the older build, whose workers are forked."""
    found = []
    for build, way in zip(builds(), (method, "fork"), strict=True):
        with TemporaryDirectory() as folder:
            with serving(build, folder):
                pass  # the first start prepares
            with serving(build, folder, "--workers", str(workers), method=way) as server:
                server.drain()
                found.append(pss(server))
    return found[0] / found[1]


def idle_memory_spawned(lab, workers):
    return idle_memory(lab, workers, "spawn")


def second_start(lab, workers):
    """The CPU that a start takes until the first answer, after the first start : that of the older build."""
    with TemporaryDirectory() as folder, TemporaryDirectory() as other:
        places = list(zip(builds(), (folder, other), strict=True))
        found = {build: [] for build, _ in places}
        for number in range(ROUNDS + 1):
            for build, place in places:
                with serving(build, place, "--workers", str(workers), path=FIRST) as server:
                    found[build] += [server.cpu()] * bool(number)
        mine, others = (min(seconds) for seconds in found.values())
        return mine / others


def page(lab, of):
    """The CPU or the bytes of a page for people : those of the older build, on the same rows."""
    found = []
    for build in builds():
        with TemporaryDirectory() as folder:
            about = {"DATABASE_URL": lab.url(), "SPACEDEVS_RESPONSE_CACHE_MB": "0"}
            with serving(build, folder):
                pass  # the first start collects the static files
            with serving(build, folder, "--no-prepare", path=PAGE, **about) as server:
                server.drain()
                before = server.cpu()
                answers = [server.get(PAGE, {"Host": "localhost"}) for _ in range(REQUESTS)]
                if {status for status, *_ in answers} != {200}:
                    raise Wrong("not every page was answered")
                found.append(len(answers[0][2]) if of == "bytes" else server.cpu() - before)
    return found[0] / found[1]
