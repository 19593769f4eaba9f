"""Serve any WSGI application as `manage.py serve` would: python -m tests.bench.serve MODULE:NAME PORT WORKERS."""

import sys

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

OPTIONS = {
    "interface": Interfaces.WSGI,
    "blocking_threads": 4,
    "workers_kill_timeout": 5,
    "websockets": False,
    "log_level": LogLevels.warning,
}

if __name__ == "__main__":
    target, port, workers = sys.argv[1:]
    Granian(target, "127.0.0.1", int(port), workers=int(workers), **OPTIONS).serve()
