"""The main process of a server: it starts the workers and others, and new ones for those that end.

Forks share with it what it has loaded. Spawned processes share nothing, so there a new Python takes the place of this
process, without what the preparation has loaded."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from functools import partial
from typing import Any, NamedTuple

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from spacedevs import interrupts

from . import processes

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # for imports of this package
STREAM, METRICS = "spacedevs.operations.streaming.serve", "spacedevs.operations.metrics.serve_until"


class Layout(NamedTuple):
    """What a server consists of."""

    address: str
    port: int
    workers: int
    threads: int  # of each worker
    hosts: list[str]  # the names that it answers to
    stream_port: int  # 0 for no stream
    metrics: list | None  # the address and the port of the metrics
    logging: dict[str, Any]


class Server(Granian):
    """granian, with support for a stop during the start of its workers, and for telling Ctrl-C from other signals."""

    is_interrupted = False

    def startup(self, *arguments):
        with processes.ends_held_back():
            super().startup(*arguments)

    def signal_handler_interrupt(self, signum, frame):
        self.is_interrupted |= signum == signal.SIGINT
        super().signal_handler_interrupt(signum, frame)


def serve(layout: Layout):
    """Serves until a signal ends it; raises KeyboardInterrupt if that was Ctrl-C."""
    processes.return_memory()
    server = Server(
        "spacedevs.wsgi:application",
        layout.address,
        layout.port,
        interface=Interfaces.WSGI,
        workers=layout.workers,
        blocking_threads=layout.threads,  # granian's own default is hundreds
        workers_kill_timeout=5,  # seconds for running requests when the server stops
        respawn_failed_workers=True,
        websockets=False,
        log_level=LogLevels.warning,
        log_dictconfig=layout.logging,
    )
    parent = os.getpid()
    if layout.metrics:
        server.on_startup(partial(processes.begin, processes.call, METRICS, parent, *layout.metrics))
    if layout.stream_port:
        at = layout.address, layout.stream_port, parent
        server.on_startup(partial(processes.begin, processes.call_when_asked, *at, STREAM, layout.hosts))
    loader = partial(processes.load_application, layout.hosts, parent, layout.stream_port)
    server.serve(target_loader=loader, wrap_loader=False)
    if server.is_interrupted:
        raise KeyboardInterrupt


def serve_anew(layout: Layout):
    """Replaces this process by a new Python that serves; its id stays the same."""
    reading, writing = os.pipe()
    os.write(writing, json.dumps([multiprocessing.get_start_method(), layout]).encode())
    os.close(writing)
    os.set_inheritable(reading, True)
    code = f"import sys; sys.path.insert(0, {ROOT!r}); from {__name__} import resume; resume({reading})"
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined] - such as -W and -X
    os.execv(sys.executable, [sys.executable, *flags, "-c", code])  # noqa: S606 - no shell is what we want


def resume(reading: int):
    """In the new Python: serves as that which it replaced has decided."""
    interrupts.end_at_once("serve")
    with open(reading, "rb") as file:
        method, layout = json.load(file)
    multiprocessing.set_start_method(method, force=True)
    interrupts.raise_again()
    try:
        serve(Layout(*layout))
    except KeyboardInterrupt:
        interrupts.end_at_once("serve")
        interrupts.say("serve")
        sys.exit(interrupts.CODE)
    except OSError as error:
        sys.exit(f"serve failed: {error.strerror or error}")
