"""Requests of busy callers, taken from a shared count in advance, so that not each of them has to be asked for.

A process that is asked by one caller again and again takes more for them each time, as a lease, and lets it pass by
itself. A lease is a small part of what the caller has left: near the limit, and where little is granted at all, each
request is counted alone. So never more than the limit passes. What is left of a lease goes back after a moment, for
other processes to grant; that of a process that is killed is lost to the caller."""

import atexit
from dataclasses import dataclass
from math import ceil
from threading import Lock, Thread
from time import monotonic, sleep
from typing import NamedTuple

from .rates import Rate, Use

MAX_LEASES = 4096  # leases, after which those are forgotten of which nothing is left


class Grant(NamedTuple):
    """How many requests were granted, how many are counted now, and in how many seconds all are forgotten."""

    granted: int
    used: int
    wait: float


@dataclass
class Lease:
    """What was granted to a caller: when, how much of it is left, and until when it counts, rather too early."""

    grant: Grant
    since: float
    left: int

    @property
    def until(self) -> float:
        return self.since + self.grant.wait


class Leases:
    """Counts as the counter behind it does, which can count several requests at once."""

    quick = 0.05  # seconds; whoever has used up a lease within them is busy
    most = 1024  # requests of a lease
    lasting = 0.5  # seconds after which what is left goes back, and who was refused may ask again

    def __init__(self, counter):
        self.counter, self.lock, self.leases, self.keeper = counter, Lock(), {}, None
        atexit.register(self.end)

    def take(self, caller: str, rate: Rate) -> Use | None:
        """Counts a request; where the limit is reached it does not, and tells what was used."""
        now, wanted = monotonic(), 1
        with self.lock:
            lease = self.leases.get((caller, rate))
            if lease and now < lease.until:
                if lease.left:
                    lease.left -= 1
                    return None
                if not lease.grant.granted and now < lease.since + self.lasting:
                    return Use(lease.grant.used, ceil(lease.until - now))
                if now < lease.since + self.quick:
                    wanted = min(max(1, 2 * lease.grant.granted), self.most)
        grant = self.counter.grant(caller, rate, wanted)  # while others go on
        if grant is None:
            return None
        with self.lock:
            self.keep((caller, rate), Lease(grant, now, max(0, grant.granted - 1)))
        return None if grant.granted else Use(grant.used, ceil(grant.wait))

    def give_back(self, caller: str, rate: Rate):
        """Forgets a request that was counted."""
        with self.lock:
            lease = self.leases.get((caller, rate))
            if lease and (lease.left or lease.grant.granted > 1) and monotonic() < lease.until:
                lease.left += 1
                return
            self.leases.pop((caller, rate), None)  # who was refused may ask again
        self.counter.give_back(caller, rate)

    def use(self, caller: str, rate: Rate) -> Use:
        """What was used, without counting; what other processes hold counts as used, for a moment."""
        with self.lock:
            lease = self.leases.pop((caller, rate), None)
        self.return_left({(caller, rate): lease} if lease else {})
        return self.counter.use(caller, rate)

    def answers(self) -> bool:
        """Whether requests can be counted."""
        return self.counter.answers()

    def mode(self) -> str | None:
        """How the Redis behind it runs, where it tells."""
        return self.counter.mode()

    def keep(self, whose, lease):
        """Keeps a lease in place of that before, along with what another thread got of the same period meanwhile."""
        before = self.leases.get(whose)
        if before and abs(before.until - lease.until) < self.lasting:
            lease.left += before.left
        if len(self.leases) >= MAX_LEASES:
            self.leases = {whose: lease for whose, lease in self.leases.items() if lease.left}
        self.leases[whose] = lease
        if lease.left and not (self.keeper and self.keeper.is_alive()):  # in a process that was forked it is not
            self.keeper = Thread(target=self.watch, name="leases", daemon=True)
            self.keeper.start()

    def watch(self):
        """Gives back what is left of leases, as long as there are any."""
        while self.keeper:
            sleep(self.lasting)
            self.end(monotonic() - self.lasting)
            with self.lock:
                if not any(lease.left for lease in self.leases.values()):
                    self.keeper = None

    def end(self, moment=float("inf")):
        """Gives back what is left of the leases that were taken before a moment."""
        with self.lock:
            over = {whose: lease for whose, lease in self.leases.items() if lease.since <= moment}
            self.leases = {whose: lease for whose, lease in self.leases.items() if whose not in over}
        self.return_left(over)

    def return_left(self, leases):
        for (caller, rate), lease in leases.items():
            if lease.left and (wait := lease.until - monotonic()) > 0:
                self.counter.give_back(caller, rate, lease.left, wait)
