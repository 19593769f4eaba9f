"""A thread in each worker that applies pending updates of commits (see db/pending.py).

It applies the updates of its own worker at once, and looks now and then for those of killed processes and of writes
without Django."""

from random import random
from threading import Thread
from time import sleep

from django.db import Error, connections

from spacedevs.db import pending

from .pruning import keep_pruning

EVERY, MAX_SECONDS = 10, 60  # seconds between looks, up to twice as many; and the maximum after failures


def begin():
    Thread(target=keep_up, name="updates", daemon=True).start()
    Thread(target=keep_pruning, name="pruning", daemon=True).start()


def keep_up():
    failures = 0
    while True:
        chance = random()  # noqa: S311 - so that workers and machines do not look all at once
        if failures:
            sleep((1 + chance) / 2 * min(2**failures, MAX_SECONDS))
        else:
            pending.LEFT.wait(EVERY * (1 + chance))
        pending.LEFT.clear()
        failures = 0 if catch_up() else failures + 1


def catch_up() -> bool:
    """Applies pending updates and closes the connection; returns whether none is left."""
    try:
        return not pending.count() or pending.settle(pending.IN_TURN)
    except Error:  # the database is down, which others report
        return False
    finally:
        connections.close_all()
