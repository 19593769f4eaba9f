"""Deletes what the change log and the deliveries of webhooks keep for some days, in small batches."""

import logging
from datetime import UTC, datetime
from random import random
from time import sleep, time

from django.conf import settings
from django.db import Error, connections

from spacedevs.changes.webhooks.deliveries import forget
from spacedevs.db.change_log import reading
from spacedevs.db.locks import Lock, Taken, held

log = logging.getLogger(__name__)
DAY, HOUR = 86_400, 3_600  # seconds
BREATH = 0.05  # seconds between batches, in which others write


def prune(days: float) -> tuple[int, int]:
    """Deletes what is older than a number of days; returns the number of entries of the log, and of deliveries.

    Raises Taken if another process does."""
    before, number = time() - days * DAY, 0
    with held(Lock.PRUNE):
        for gone in reading.prune(before):
            number += gone
            sleep(BREATH)
        return number, forget(datetime.fromtimestamp(before, UTC))


def keep_pruning():
    """In a thread of each worker: every hour, one of them prunes."""
    while True:
        sleep(HOUR * (0.5 + random()))  # noqa: S311 - so that workers do not prune all at once
        try:
            prune(settings.CHANGES_KEEP)
        except Taken:
            pass
        except Error as error:  # an outage that others report, too
            log.warning("Old changes could not be deleted: %s", str(error).partition("\n")[0])
        finally:
            connections.close_all()
