"""Requests the next changes while those before them are imported, so that both take the time of the longer one.

That is safe because of the cursor: a response has its records as they are when upstream answers, and every later
change follows its cursor. So responses are imported in the order of their cursors, whenever they were requested."""

from __future__ import annotations

from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from .upstream import Unbudgeted, Upstream
    from .upstream_answers import Changes


class Told(NamedTuple):
    """What upstream told: changes, later changes of rows that records name, and changed objects by path."""

    page: Changes
    later: Changes | None
    objects: dict[str, dict]


class Ahead:
    """A response that a thread requests; it neither uses the database nor retries."""

    def __init__(self, since: str, upstream: Unbudgeted, ask: Callable[[Upstream, str], Told]):
        self.since, self.upstream, self.ask = since, upstream, ask
        self.told: Told | None = None
        self.asked = 0  # requests
        self.thread = Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        before = self.upstream.asked
        with suppress(Exception):  # whatever it is, the regular request that follows tells it
            self.told = self.ask(self.upstream, self.since)
        self.asked = self.upstream.asked - before

    def result(self) -> Told | None:
        """What was told; None if upstream did not answer as expected."""
        self.thread.join()
        return self.told
