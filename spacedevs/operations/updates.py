"""In each worker that serves: does what commits have left pending, where nobody else comes (see api/pending.py).

A worker that left something itself goes on with it at once. What others left, a process that was killed or somebody
who wrote without Django, is looked for now and then."""

from random import random
from threading import Thread
from time import sleep

from django.db import Error, connections

from spacedevs.db import pending

EVERY, MAX_SECONDS = 10, 60  # seconds, up to twice as many; and at most after failures


def begin():
    Thread(target=keep_up, name="updates", daemon=True).start()


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
    """Does what is pending, with a connection that is held no longer; returns whether nothing is left."""
    try:
        return not pending.count() or pending.settle(pending.IN_TURN)
    except Error:  # the database is away, as others will say
        return False
    finally:
        connections.close_all()
