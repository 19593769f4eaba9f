"""Reads the change log once for all connections of the stream.

One thread looks at the dataset version a few times a second and, after a commit, reads the new changes. Connections
share the latest events: each remembers how far it is, and wakes when there are more. So a change costs one reading of
the database, whatever the number of connections."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from logging import getLogger
from time import monotonic
from typing import NamedTuple

from django.db import Error, connections

from spacedevs.api.render_plan.compiled import as_json
from spacedevs.db import dataset_version
from spacedevs.db.change_log.reading import Log, Position
from spacedevs.db.snapshots import snapshot

from .records import changes_after
from .told import told

log = getLogger(__name__)

EVERY = 0.25  # seconds between looks at the version
AT_ONCE = 500  # changes that are read at once
KEPT = 20_000  # events that a slow connection may be behind
OVERDUE = 10  # seconds without a successful look after which the stream is not ready


class Event(NamedTuple):
    """A change as connections send it."""

    path: str
    data: bytes


class Replaced(Exception):
    """The log has another id: the database was replaced."""


def event_of(change, log) -> Event:
    """A change in the format of server-sent events; its id is the cursor."""
    data = told(change, log)
    return Event(change.ref.path, b"id: %s\ndata: %s\n\n" % (data["cursor"].encode(), as_json(data)))


class Reader:
    """The one reader of the log. All methods block, so they run in a thread."""

    def begin(self) -> Position:
        """Starts at the present position."""
        with snapshot() as self.version:
            self.log = Log.read()
        self.position = self.log.now
        return self.position

    def look(self) -> tuple[list[Event], str]:
        """The events since the last look, and the cursor after them."""
        version = dataset_version.current()
        if version is None:
            raise Error("The database does not answer.")
        # The end of an open transaction can complete changes without another version.
        if version == self.version and self.log.is_whole:
            return [], self.cursor
        with snapshot() as read:
            present = Log.read()
            if present.id != self.log.id:
                raise Replaced
            page = changes_after(present, self.position, limit=AT_ONCE)
        self.position, self.log = page.until, present
        if not page.has_more:
            self.version = read
        return [event_of(change, present) for change in page.changes], self.cursor

    @property
    def cursor(self) -> str:
        return self.log.cursor(self.position)


def changes_since(cursor: str, paths) -> tuple[list[bytes], str, bool]:
    """The events after a cursor, the cursor after them, and whether there are more. Raises as `Log.position` does."""
    with snapshot():
        present = Log.read()
        page = changes_after(present, present.position(cursor), paths, limit=AT_ONCE)
    return [event_of(change, present).data for change in page.changes], present.cursor(page.until), page.has_more


def alone(function, *arguments):
    """Calls a function in a thread that may then rest for hours, so it keeps no connection to the database."""
    try:
        return function(*arguments)
    finally:
        connections.close_all()


class Broadcast:
    """The latest events, for the connections of one event loop."""

    def __init__(self):
        self.events: deque[Event] = deque(maxlen=KEPT)
        self.number = 0  # of all events so far
        self.epoch = 0  # rises when all connections have to end
        self.cursor = ""
        self.seen = float("-inf")  # the last successful look, in seconds of the monotonic clock
        self.more = asyncio.Event()
        self.thread = ThreadPoolExecutor(1, "changes")
        self.catching_up = ThreadPoolExecutor(2, "catching up")

    @property
    def is_ready(self) -> bool:
        return monotonic() - self.seen < OVERDUE

    async def in_pool(self, function, *arguments):
        """Calls a function that blocks."""
        return await asyncio.get_running_loop().run_in_executor(self.catching_up, alone, function, *arguments)

    async def run(self) -> None:
        """Reads the log for ever; failures are logged once and retried."""
        loop, reader, is_failing = asyncio.get_running_loop(), Reader(), False
        has_begun = False
        while True:
            try:
                if not has_begun:
                    await loop.run_in_executor(self.thread, reader.begin)
                    self.cursor, has_begun = reader.cursor, True
                events, self.cursor = await loop.run_in_executor(self.thread, reader.look)
                self.seen, is_failing = monotonic(), False
                if events:
                    self.tell(events)
            except Replaced:
                log.warning("The database was replaced: all connections of the stream end.")
                has_begun = False
                self.end_all()
            except Error as error:
                if has_begun and not is_failing:  # before the first success the database is not prepared yet
                    log.warning("The stream cannot read the database: %s", error)
                is_failing = True
                await loop.run_in_executor(self.thread, connections.close_all)
            if not (has_begun and not is_failing and events):
                await asyncio.sleep(EVERY)

    def tell(self, events: list[Event]) -> None:
        """Adds events and wakes all connections."""
        self.events.extend(events)
        self.number += len(events)
        self.more.set()
        self.more = asyncio.Event()

    def end_all(self) -> None:
        """Ends all connections; their clients reconnect."""
        self.epoch += 1
        self.tell([])

    def after(self, number: int) -> list[Event] | None:
        """The events after this number of events; None if some of them are no longer kept."""
        behind = self.number - number
        if behind > len(self.events):
            return None
        return list(islice(self.events, len(self.events) - behind, None))
