"""The processes of a server: how many threads they have, and how they start.

A spawned process imports this module first, which must not import Django: one that waits for its first client, and one
that only starts others, need none."""

import ctypes
import gc
import multiprocessing
import os
import select
import signal
import socket
import sys
from contextlib import contextmanager, suppress
from importlib import import_module
from multiprocessing import resource_tracker

AT_ONCE = 4  # requests at once, so that slow ones do not block others; each thread may hold a database connection
ENDS = signal.SIGINT, signal.SIGTERM
BACKLOG = 4_096  # connections that wait to be accepted
CHECK = 1  # seconds between looks for the parent
ARENAS, FROM_SYSTEM, TRIM = -8, -3, -1  # M_ARENA_MAX, M_MMAP_THRESHOLD and M_TRIM_THRESHOLD of malloc.h
LARGE = 128 * 1024  # bytes
OFTEN = 700  # objects, after which Python looks for garbage by default


def threads(workers) -> int:
    """The default number of threads for each of this number of workers.

    Threads share the GIL: two serve a sixth more cached responses than four and need 30 MB less."""
    return max(2, AT_ONCE // workers)


def choose_start_method():
    """Makes fork the start method of workers on Linux, also for Python 3.14, whose default differs.

    A fork shares loaded modules with its parent and starts at once. A start method that was set explicitly stays."""
    if sys.platform == "linux" and multiprocessing.get_start_method(allow_none=True) is None:
        multiprocessing.set_start_method("fork")


def return_memory():
    """Has glibc give the memory of large blocks back to the system when they are freed.

    By default each thread has a heap of its own, and each large block that is freed raises the size from which others
    come from the system itself. So what one large response took stays with the process: 241 MB after 1,000 pages of
    100 docking events, 193 MB with this, in the same time. Other C libraries have no such settings."""
    with suppress(AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for setting, value in ((ARENAS, 1), (FROM_SYSTEM, LARGE), (TRIM, LARGE)):
            mallopt(setting, value)


def share_memory():
    """Excludes the present objects from garbage collection, which would write to them and end the sharing with forks.

    This saves a fifth of the memory of a server with two workers."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OFTEN)  # a start is over, which looks for garbage more seldom


def are_forked() -> bool:
    return multiprocessing.get_start_method() == "fork"


def context():
    """The start method for a separate process: the same as for granian's workers."""
    return multiprocessing.get_context("fork" if are_forked() else "spawn")


@contextmanager
def ends_held_back():
    """Ignores Ctrl-C in this process and in those that start meanwhile, until the end of the context.

    Otherwise all of them would get it while they import modules, and print tracebacks. A fork would also handle
    SIGTERM like its parent until it is ready, and not end."""
    if not are_forked():
        resource_tracker.ensure_running()  # after the start it would be too late
    signals = ENDS if are_forked() else [signal.SIGINT]
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)


def leave_ctrl_c_to_parent():
    """In such a process: only SIGTERM ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # until now a fork had its parent's handler
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)


def listening(address: str, port: int) -> socket.socket:
    """A socket that accepts connections."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(BACKLOG)
    return listener


def begin(run, *arguments):
    """Starts a process that calls this function of this module; it ends with its parent.

    A fork shares the loaded modules. It is safe while no thread that could hold a lock runs."""
    process = context().Process(target=run, args=arguments, daemon=True)
    process.start()
    return process


def call(function: str, *arguments):
    """In a process of its own: calls the function with this dotted name, with Django set up."""
    leave_ctrl_c_to_parent()
    import_module("spacedevs.operations.workers").run(function, *arguments)


def call_when_asked(address: str, port: int, parent: int, function: str, *arguments):
    """In a process of its own: waits for the first connection, and only then loads what serves it.

    The function gets the listening socket first, and after the arguments the parent, with which it has to end."""
    leave_ctrl_c_to_parent()
    with listening(address, port) as listener:
        while not select.select([listener], [], [], CHECK)[0]:
            if os.getppid() != parent:
                return
        listener.setblocking(False)
        call(function, listener, *arguments, parent)


def load_application(*arguments):
    """In a worker: the application."""
    return import_module("spacedevs.operations.workers").load_application(*arguments)
