#!/usr/bin/env bash
# asgiref 3.13.0, Django 5.2.19: a process that forks from a thread with a running event loop, as Playwright's synchronous
# API keeps one in the thread of the tests, has none of that thread's values in `Local(thread_critical=True)`; those of a
# plain `Local()` are all there. Without a loop both are there. A thread-critical Local keeps values in a context variable
# while a loop runs and in the thread otherwise, and a forked child runs no loop. Django's `connections` is such a Local:
# the child makes connections anew from the settings, and does not write where its parent was connected to.
# Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: asgiref==3.13.0 django==5.2.19
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import os
import sys

from asgiref.local import Local
from django.conf import settings
from django.db import connections

SQLITE = "django.db.backends.sqlite3"
settings.configure(DATABASES={"default": {"ENGINE": SQLITE, "NAME": "of the settings"}})


def seen_by_a_child():
    """What a forked process has of values that this thread has set just before."""
    plain, critical = Local(), Local(thread_critical=True)
    plain.value = critical.value = "there"
    other = connections["default"].copy()
    other.settings_dict = {**other.settings_dict, "NAME": "of the parent"}
    connections["default"] = other
    reading, writing = os.pipe()
    if not os.fork():
        found = getattr(plain, "value", "missing"), getattr(critical, "value", "missing")
        os.write(writing, ", ".join([*found, connections["default"].settings_dict["NAME"]]).encode())
        os._exit(0)
    os.wait()
    return os.read(reading, 100).decode()


async def with_a_loop():
    return seen_by_a_child()


found = {"with a loop": asyncio.run(with_a_loop()), "without a loop": seen_by_a_child()}
for where, what in found.items():
    print(f"{where}: plain, thread-critical, connection: {what}")
wanted = {"without a loop": "there, there, of the parent", "with a loop": "there, missing, of the settings"}
print("as expected" if found == wanted else "changed")
sys.exit(found != wanted)
PYTHON
