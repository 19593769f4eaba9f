"""Serve any WSGI application as `manage.py serve` would: python -m tests.bench.serve MODULE:NAME PORT WORKERS."""

import sys

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from spacedevs.operations.processes import return_memory, threads

OPTIONS = {
    "interface": Interfaces.WSGI,
    "workers_kill_timeout": 5,
    "websockets": False,
    "log_level": LogLevels.warning,
}

if __name__ == "__main__":
    target, port, workers = sys.argv[1:]
    return_memory()
    layout = {"workers": int(workers), "blocking_threads": threads(int(workers))}
    Granian(target, "127.0.0.1", int(port), **layout, **OPTIONS).serve()
