"""The process of the stream of changes and of the tools for agents, beside the workers or alone.

Beside the workers it loads nothing before its first connection: many servers never have one."""

import asyncio
import logging
import os
import resource
import signal
from contextlib import suppress

from django.conf import settings
from granian._granian import SocketHolder
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import embed

from spacedevs.operations import processes

log = logging.getLogger(__name__)

SPARE = 200  # file descriptors besides those of connections


class Server(embed.Server):
    """granian at a socket that listens already."""

    def __init__(self, application, listener, **options):
        self.listener = listener
        super().__init__(application, **options)

    def _init_shared_socket(self):
        self._ssp, self._shd = None, SocketHolder(self.listener.fileno(), False, processes.BACKLOG)


class Application:
    """What this process serves: the stream of changes, and tools for agents."""

    def __init__(self, allowed_hosts=None):
        # In a spawned process Django is set up only now.
        from spacedevs.agents.endpoint import PATHS, Agents  # noqa: PLC0415
        from spacedevs.changes.stream import Stream  # noqa: PLC0415

        self.stream = Stream(allowed_hosts)
        self.agents = Agents(allowed_hosts, self.stream.in_pool)
        self.paths_of_agents = PATHS

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and scope["path"] in self.paths_of_agents:
            with suppress(asyncio.CancelledError):  # the server ends
                await self.agents(scope, receive, send)
        else:
            await self.stream(scope, receive, send)

    def end(self):
        """Ends all connections: a server that stops would wait for them."""
        self.stream.end()


def serve(listener, allowed_hosts=None, parent=None):
    """Serves the stream in this process until SIGTERM or SIGINT, or until the parent ends."""
    raise_limit(settings.STREAM_CONNECTIONS + SPARE)
    asyncio.run(run(Application(allowed_hosts), listener, parent))


async def run(application, listener, parent):
    server = Server(
        application,
        listener,
        interface=Interfaces.ASGI,
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
        await asyncio.sleep(processes.CHECK)
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
