"""How the processes of a server are laid out, and how they begin."""

import gc
import multiprocessing
import signal
import sys
from contextlib import contextmanager
from multiprocessing import resource_tracker

AT_ONCE = 4  # requests, so that slow ones leave room for others; each may hold a connection to the database
ENDS = signal.SIGINT, signal.SIGTERM


def threads(workers) -> int:
    """How many threads each of so many workers has: no more than are needed.

    They take turns at Python: two answer a sixth more requests that are kept than four do, and take 30 MB less."""
    return max(2, AT_ONCE // workers)


def choose_start_method():
    """Has workers forked on Linux also by a Python that would not do so unless told (3.14).

    A fork shares with its parent what that has loaded, and starts at once. Whoever chose another way keeps it."""
    if sys.platform == "linux" and multiprocessing.get_start_method(allow_none=True) is None:
        multiprocessing.set_start_method("fork")


def share_memory():
    """Has forks go on sharing what is there by now: Python's collector would write to each object of it.

    That is a fifth of what a server with two workers takes in all."""
    gc.collect()
    gc.freeze()


def are_forked() -> bool:
    return multiprocessing.get_start_method() == "fork"


def context():
    """How a process beside the workers is started: as these are, for which granian knows no third way."""
    return multiprocessing.get_context("fork" if are_forked() else "spawn")


@contextmanager
def ends_held_back():
    """Until the end, Ctrl-C ends neither this process nor those that begin meanwhile and are not ready for it yet.

    Else all of them, which get it together, would be broken off while they load modules, with a traceback. A fork
    takes SIGTERM too for its parent's until it is ready, and would not end."""
    if not are_forked():
        resource_tracker.ensure_running()  # begun later, it would let them through
    signals = ENDS if are_forked() else [signal.SIGINT]
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)


def leave_ctrl_c_to_parent():
    """In a process that began so: SIGTERM alone ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # in a fork it was the parent's until now
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)
