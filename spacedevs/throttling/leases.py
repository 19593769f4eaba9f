"""Leases: requests of busy callers that a process reserves in advance, to save round trips to the shared counter.

The more often one caller sends requests to a process, the larger its next lease. A lease is a small part of the
remaining quota: near the limit, and for low limits, each request is counted alone. So the limit is never exceeded. The
unused rest of a lease returns after a moment, for other processes; that of a killed process is lost to the caller."""

import atexit
from dataclasses import dataclass
from threading import Lock, Thread
from time import monotonic, sleep
from typing import NamedTuple

from .rates import Rate, Use, whole_seconds

MAX_LEASES = 4096  # number of leases above which used-up ones are removed


class Grant(NamedTuple):
    """The requests granted, the requests counted so far, and the seconds to the end of the window."""

    granted: int
    used: int
    wait: float


@dataclass
class Lease:
    """A reservation: when it was granted, how many requests are left, and a safe end of its window."""

    grant: Grant
    since: float
    left: int

    @property
    def until(self) -> float:
        return self.since + self.grant.wait

    def use(self, now: float, *, is_refused: bool = False) -> Use:
        """The usage, without what is left of the lease."""
        return Use(self.grant.used - self.left, whole_seconds(self.until - now), is_refused)


class Leases:
    """A counter with leases, for a counter that can count several requests at once."""

    quick = 0.05  # seconds; a caller who used up a lease within this time is busy
    most = 1024  # largest lease, in requests
    lasting = 0.5  # seconds until the unused rest returns, and until a refused caller is counted again

    def __init__(self, counter):
        self.counter, self.lock, self.leases, self.keeper = counter, Lock(), {}, None
        atexit.register(self.end)

    def take(self, caller: str, rate: Rate) -> Use | None:
        """Counts a request, unless the limit is reached; returns the usage after it, or None if nothing is counted.

        What other processes have reserved counts as used."""
        now, wanted = monotonic(), 1
        with self.lock:
            lease = self.leases.get((caller, rate))
            if lease and now < lease.until:
                if lease.left:
                    lease.left -= 1
                    return lease.use(now)
                if not lease.grant.granted and now < lease.since + self.lasting:
                    return lease.use(now, is_refused=True)
                if now < lease.since + self.quick:
                    wanted = min(max(1, 2 * lease.grant.granted), self.most)
        grant = self.counter.grant(caller, rate, wanted)  # other threads continue meanwhile
        if grant is None:
            return None
        lease = Lease(grant, now, max(0, grant.granted - 1))
        with self.lock:
            self.keep((caller, rate), lease)
            return lease.use(now, is_refused=not grant.granted)

    def give_back(self, caller: str, rate: Rate):
        """Takes a counted request back."""
        with self.lock:
            lease = self.leases.get((caller, rate))
            if lease and (lease.left or lease.grant.granted > 1) and monotonic() < lease.until:
                lease.left += 1
                return
            self.leases.pop((caller, rate), None)  # a refused caller may try again
        self.counter.give_back(caller, rate)

    def use(self, caller: str, rate: Rate) -> Use:
        """The usage, without counting; leases of other processes count as used."""
        with self.lock:
            lease = self.leases.pop((caller, rate), None)
        self.return_left({(caller, rate): lease} if lease else {})
        return self.counter.use(caller, rate)

    def answers(self) -> bool:
        """Whether requests can be counted."""
        return self.counter.answers()

    def mode(self) -> str | None:
        """The mode of the Redis behind it, if known."""
        return self.counter.mode()

    def keep(self, whose, lease):
        """Replaces a lease, and adds what another thread reserved for the same window meanwhile."""
        before = self.leases.get(whose)
        if before and abs(before.until - lease.until) < self.lasting:
            lease.left += before.left
        if len(self.leases) >= MAX_LEASES:
            self.leases = {whose: lease for whose, lease in self.leases.items() if lease.left}
        self.leases[whose] = lease
        if lease.left and not (self.keeper and self.keeper.is_alive()):  # not running after a fork
            self.keeper = Thread(target=self.watch, name="leases", daemon=True)
            self.keeper.start()

    def watch(self):
        """Returns the rest of leases until no lease is left."""
        while self.keeper:
            sleep(self.lasting)
            self.end(monotonic() - self.lasting)
            with self.lock:
                if not any(lease.left for lease in self.leases.values()):
                    self.keeper = None

    def end(self, moment=float("inf")):
        """Returns the rest of the leases that were granted before a moment."""
        with self.lock:
            over = {whose: lease for whose, lease in self.leases.items() if lease.since <= moment}
            self.leases = {whose: lease for whose, lease in self.leases.items() if whose not in over}
        self.return_left(over)

    def return_left(self, leases):
        for (caller, rate), lease in leases.items():
            if lease.left and (wait := lease.until - monotonic()) > 0:
                self.counter.give_back(caller, rate, lease.left, wait)
