"""The process that queues and sends: every second, with a thread for each receiver that is slow."""

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from time import sleep

from django.core.exceptions import ValidationError
from django.db import Error, connections

from spacedevs.db import dataset_version

from .deliveries import sendable
from .models import Subscription
from .queueing import Found, queue
from .sending import due, seal_anew, send_due, stop

log = logging.getLogger(__name__)
EVERY = 1  # seconds between looks
RECEIVERS = 8  # that are sent to at the same time


def once():
    """Queues all changes and sends all that is due."""
    for subscription in sendable():
        while (found := queue_page(subscription)) and found.has_more:
            pass
    for key in due():
        send_due(key)


def queue_page(subscription: Subscription) -> Found | None:
    """Queues a page of the changes of a subscription; None if its query is not valid any more."""
    try:
        return queue(subscription)
    except ValidationError as error:  # another release may know other filters
        stop(subscription, f"Its query is not valid any more: {' '.join(error.messages)}"[:255])
        return None


class Watch:
    """Queues and sends until it is ended. Several processes may: one of them is at work for a subscription."""

    def __init__(self):
        self.pool = ThreadPoolExecutor(RECEIVERS, thread_name_prefix="deliver")
        self.sending: dict[int, Future] = {}
        self.seen: dict[int, tuple] = {}  # by subscription, what it was and the version up to which it is queued
        self.has_failed = False

    def run(self):
        while True:
            has_more = False
            try:
                has_more = self.step()
                self.has_failed = False
            except Error as error:  # the database is away
                self.fail(error)
            if not has_more:
                sleep(EVERY)

    def step(self) -> bool:
        """Queues a page for each subscription, and sends what is due; returns whether there is more to queue."""
        version, has_more = dataset_version.current(), False
        for subscription in sendable():
            now = version, subscription.query, subscription.fields
            if version is None or self.seen.get(subscription.pk) != now:
                found = self.page(subscription)
                is_done = found is None or (found.is_whole and not found.has_more)
                self.seen[subscription.pk] = now if is_done else ()
                has_more |= found is not None and found.has_more
        for key in due():
            self.send(key)
        return has_more

    @staticmethod
    def page(subscription: Subscription) -> Found | None:
        """Queues a page; what goes wrong with one subscription must not stop the others."""
        try:
            return queue_page(subscription)
        except Error:
            raise
        except Exception:
            log.exception("Changes could not be queued for webhook %s", subscription)
            return None

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
