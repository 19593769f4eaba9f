"""The process of the stream of changes, beside the workers or alone."""

import asyncio
import logging
import os
import resource
import signal
from contextlib import suppress

from django.conf import settings
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from spacedevs.operations import processes, workers

log = logging.getLogger(__name__)

BACKLOG = 4_096  # connections that wait to be accepted
SPARE = 200  # file descriptors besides those of connections
CHECK = 1  # seconds between looks for the parent


def serve(host, port, allowed_hosts=None, parent=None):
    """Serves the stream in this process until SIGTERM or SIGINT, or until the parent ends."""
    from spacedevs.changes.stream import Stream  # noqa: PLC0415 - in a spawned process Django is set up only now

    raise_limit(settings.STREAM_CONNECTIONS + SPARE)
    asyncio.run(run(Stream(allowed_hosts), host, port, parent))


async def run(application, host, port, parent):
    server = Server(
        application,
        host,
        port,
        interface=Interfaces.ASGI,
        backlog=BACKLOG,
        backpressure=settings.STREAM_CONNECTIONS + SPARE,  # granian's own limit of requests at once
        websockets=False,
        log_level=LogLevels.error,  # it warns that this way of running it is new
        log_dictconfig=settings.LOGGING,
    )
    loop = asyncio.get_running_loop()

    def stop():
        application.end()
        server.stop()

    for each in (signal.SIGTERM, signal.SIGINT) if parent is None else (signal.SIGTERM,):
        loop.add_signal_handler(each, stop)
    watching = [loop.create_task(end_with(parent, stop))] if parent else []  # noqa: F841 - or it could be collected
    await server.serve()
    # Threads of granian may still call into Python, which would abort the process while the interpreter is taken down.
    logging.shutdown()
    os._exit(0)


async def end_with(parent, stop):
    """Stops the server when its parent ends for any reason."""
    while os.getppid() == parent:
        await asyncio.sleep(CHECK)
    stop()


def raise_limit(number):
    """Allows this number of file descriptors, if the system permits it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft < wanted:
        with suppress(ValueError, OSError):  # macOS has another limit too
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if hard != resource.RLIM_INFINITY and hard < number:
        log.warning("The system allows %s open files; SPACEDEVS_STREAM_CONNECTIONS needs %s.", hard, number)


def begin(host, port, allowed_hosts):
    """Starts the process beside the workers of a server; it ends with its parent."""
    arguments = f"{__name__}.{serve.__name__}", host, port, allowed_hosts, os.getpid()
    process = processes.context().Process(target=workers.run, args=arguments, daemon=True)
    process.start()
    return process
