"""The processes of a server: how many threads they have, and how they start."""

import gc
import multiprocessing
import signal
import sys
from contextlib import contextmanager
from multiprocessing import resource_tracker

AT_ONCE = 4  # requests at once, so that slow ones do not block others; each thread may hold a database connection
ENDS = signal.SIGINT, signal.SIGTERM


def threads(workers) -> int:
    """The default number of threads for each of this number of workers.

    Threads share the GIL: two serve a sixth more cached responses than four and need 30 MB less."""
    return max(2, AT_ONCE // workers)


def choose_start_method():
    """Makes fork the start method of workers on Linux, also for Python 3.14, whose default differs.

    A fork shares loaded modules with its parent and starts at once. A start method that was set explicitly stays."""
    if sys.platform == "linux" and multiprocessing.get_start_method(allow_none=True) is None:
        multiprocessing.set_start_method("fork")


def share_memory():
    """Excludes the present objects from garbage collection, which would write to them and end the sharing with forks.

    This saves a fifth of the memory of a server with two workers."""
    gc.collect()
    gc.freeze()


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
