"""The versions of the dataset that a process has seen, one after the other, and what changed from each to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from typing import NamedTuple

from .recording import Change, Footprint

STEPS, CHANGES = 300, 2_000  # that are remembered


class Look(NamedTuple):
    """The committed data at a moment."""

    version: str
    place: str  # of the change log: positions in another place mean nothing
    position: str  # up to which its entries are known
    changes: tuple[Change, ...] | None  # since the look before; None if they are unclear


Looking = Callable[[Look | None], Look | None]  # from the look before to the one of now; None if it is unclear


class Known(NamedTuple):
    """The versions with their numbers, and the changes that led to each; the first one has none."""

    numbers: Mapping[str, int]
    steps: tuple[tuple[Change, ...], ...]  # to the versions after the first one

    def after(self, version: str, changes: tuple[Change, ...]) -> Known:
        """With another version; without the oldest ones if there are too many."""
        numbers, steps = {**self.numbers, version: max(self.numbers.values()) + 1}, [*self.steps, changes]
        total = sum(map(len, steps))
        while len(steps) > STEPS or total > CHANGES:
            total -= len(steps.pop(0))
            del numbers[next(iter(numbers))]
        return Known(numbers, tuple(steps))

    def between(self, old: int, new: int) -> tuple[tuple[Change, ...], ...]:
        """The changes that led from a version to a later one."""
        first = next(iter(self.numbers.values()))
        return self.steps[old - first : new - first]


class Lineage:
    """What of the past is known; it begins anew whenever it is unclear what a commit changed.

    Without a function that looks, every version is unclear."""

    def __init__(self, look: Looking | None = None):
        self.look, self.lock = look, Lock()
        self.last: Look | None = None
        self.newest: str | None = None
        self.known, self.beginnings = Known({}, ()), 0

    def at(self, version: str) -> str:
        """The newest version that is known, once this one is: at least as new as it."""
        if version == self.newest:
            return version
        with self.lock:
            if version != self.newest:
                self.advance(version)
            return self.newest or version

    def advance(self, version: str) -> None:
        found = self.look(self.last) if self.look else None
        if found is None:
            self.begin(version, None)
        elif found.changes is None or (found.version in self.known.numbers and found.version != self.newest):
            self.begin(found.version, found)
        elif found.version != self.newest:
            self.known = self.known.after(found.version, found.changes)
            self.newest, self.last = found.version, found

    def begin(self, version: str, look: Look | None) -> None:
        self.known = Known({version: 0}, ())
        self.newest, self.last = version, look
        self.beginnings += 1

    def knows(self, version: str) -> bool:
        """Whether it is known what changed since this version."""
        return version in self.known.numbers

    def holds(self, footprint: Footprint | None, then: str, now: str) -> bool:
        """Whether a response of one version with this footprint is also that of another one."""
        if then == now:
            return True
        known = self.known
        old, new = known.numbers.get(then), known.numbers.get(now)
        if footprint is None or old is None or new is None:
            return False
        return not any(footprint.is_touched(change) for step in known.between(old, new) for change in step)
