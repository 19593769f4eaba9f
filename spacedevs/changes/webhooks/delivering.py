"""The process that queues and sends: every second, with a thread for each receiver that is slow."""

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from time import sleep

from django.core.exceptions import ValidationError
from django.db import Error, connections

from spacedevs.db import dataset_version

from .models import Subscription
from .queueing import queue
from .sending import due, seal_anew, send_due, sendable, stop

log = logging.getLogger(__name__)
EVERY = 1  # seconds between looks
RECEIVERS = 8  # that are sent to at the same time


def once():
    """Queues all changes and sends all that is due."""
    for subscription in sendable():
        queue_all(subscription)
    for key in due():
        send_due(key)


def queue_all(subscription: Subscription) -> bool:
    """Queues all changes of a subscription; returns whether none waits for an open transaction."""
    try:
        while (found := queue(subscription)).has_more:
            pass
    except ValidationError as error:  # another release may know other filters
        stop(subscription, f"Its query is not valid any more: {' '.join(error.messages)}"[:255])
        return True
    return found.is_whole


class Watch:
    """Queues and sends until it is ended. Several processes may: one of them is at work for a subscription."""

    def __init__(self):
        self.pool = ThreadPoolExecutor(RECEIVERS, thread_name_prefix="deliver")
        self.sending: dict[int, Future] = {}
        self.seen: dict[int, tuple] = {}  # by subscription, what it was and the version up to which it is queued
        self.has_failed = False

    def run(self):
        while True:
            try:
                self.step()
                self.has_failed = False
            except Error as error:  # the database is away
                self.fail(error)
            sleep(EVERY)

    def step(self):
        version = dataset_version.current()
        for subscription in sendable():
            now = version, subscription.query, subscription.fields
            if version is None or self.seen.get(subscription.pk) != now:
                is_whole = queue_all(subscription)
                self.seen[subscription.pk] = now if is_whole else ()
        for key in due():
            self.send(key)

    def send(self, key: int):
        if key not in self.sending or self.sending[key].done():
            self.sending[key] = self.pool.submit(self.send_in_thread, key)

    def send_in_thread(self, key: int):
        try:
            send_due(key)
        except Error as error:
            self.fail(error)
        except Exception:
            log.exception("A message of subscription %s could not be sent", key)
        finally:
            connections.close_all()

    def fail(self, error: Error):
        connections.close_all()
        if not self.has_failed:
            log.warning("The database does not answer: %s", str(error).partition("\n")[0])
        self.has_failed = True


def watch():
    """Delivers forever."""
    seal_anew()
    Watch().run()
