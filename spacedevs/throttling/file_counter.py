"""What callers have used of their limits, counted exactly by all processes together.

A caller's time begins with the first request that counts, and after the period of the limit it is over, with all
that was used in it. So a caller takes the same few bytes however high the limit is, and a request the same few steps.
Upstream remembers when each request came instead, and gives back one after the other."""

import ctypes
import fcntl
import mmap
import os
from functools import cache, lru_cache
from hashlib import blake2b
from logging import getLogger
from math import ceil
from pathlib import Path
from struct import Struct
from threading import Lock
from time import time

from django.conf import settings

from .leases import Leases
from .rates import UNUSED, Rate, Use

log = getLogger(__name__)


@lru_cache(maxsize=4096)
def name_of(caller, period) -> tuple[bytes, int]:
    """What a caller is called in a file, and the number from which their place follows."""
    name = blake2b(f"{caller} {period}".encode(), digest_size=16).digest()
    return name, int.from_bytes(name[:4], "big")


class FileLock:
    """Lets one thread of one process at a time at a file; a process that dies lets go of it.

    Python's own call lets other threads run while it asks, though nearly always the lock is free: with four threads
    that cost more than all else here. So it is asked for without letting go, and waited for only if it is not free."""

    def __init__(self, path: Path):
        self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.threads = Lock()
        self.flock = ctypes.PyDLL(None).flock

    def __enter__(self):
        self.threads.acquire()
        if self.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB):
            fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *error):
        self.flock(self.file, fcntl.LOCK_UN)
        self.threads.release()


class FileCounter:
    """Counts in a file that the processes of one machine have in their memory.

    Its places are filled by a hash of the caller. One whose time is over is free again; where among its neighbours
    none is free, the one that is over soonest makes room."""

    places, neighbours = 2**16, 32
    place = Struct("=16s d q")  # whose it is, when their time is over, how much they used
    size = (places + neighbours) * place.size

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.lock = FileLock(path)
        with self.lock, path.open("r+b") as file:
            # All of it is written, since a hole that is filled when the disk is full ends the process.
            counted = file.read(self.size)
            file.seek(0)
            file.write(counted.ljust(self.size, b"\0"))
        self.memory = mmap.mmap(self.lock.file, self.size)

    def take(self, caller: str, rate: Rate) -> Use | None:
        """Counts a request; where the limit is reached it does not, and tells what was used."""
        name, start = self.home(caller, rate)
        with self.lock:
            now = time()
            offset, until, used = self.find(name, start, now, rate)
            if used >= rate.limit:
                return Use(used, ceil(until - now))
            self.place.pack_into(self.memory, offset, name, until, used + 1)
        return None

    def give_back(self, caller: str, rate: Rate):
        """Forgets a request that was counted."""
        name, start = self.home(caller, rate)
        with self.lock:
            offset, until, used = self.find(name, start, time(), rate)
            if used:
                self.place.pack_into(self.memory, offset, name, until, used - 1)

    def use(self, caller: str, rate: Rate) -> Use:
        """What was used, without counting."""
        name, start = self.home(caller, rate)
        with self.lock:
            now = time()
            _, until, used = self.find(name, start, now, rate)
        return Use(used, ceil(until - now)) if used else UNUSED

    def home(self, caller, rate) -> tuple[bytes, int]:
        """A caller's name, and the first of the places where it may be."""
        name, number = name_of(caller, rate.period)
        return name, number % self.places * self.place.size

    def find(self, name, start, now, rate) -> tuple[int, float, int]:
        """The place of a caller, or the one to take; when their time is over; what they used."""
        best, soonest = start, float("inf")
        for offset in range(start, start + self.neighbours * self.place.size, self.place.size):
            whose, until, used = self.place.unpack_from(self.memory, offset)
            if whose == name and now < until <= now + rate.period:
                return offset, until, used
            over = 0 if whose == name or until <= now else until
            if over < soonest:
                best, soonest = offset, over
            if not until:  # never taken, so the caller is not beyond it
                break
        return best, now + rate.period, 0


class MemoryCounter(FileCounter):
    """Counts for this process alone, where no file can be written."""

    def __init__(self):
        self.lock, self.memory = Lock(), mmap.mmap(-1, self.size)


@cache
def counter() -> FileCounter | Leases:
    """Where this process counts, begun when something is first counted: many a server has nothing to limit."""
    if settings.REDIS_URL:
        from .redis_counter import RedisCounter  # noqa: PLC0415 - its library takes 6 MB, which others need not pay

        return Leases(RedisCounter(settings.REDIS_URL))
    path = settings.LIMITS_DIR / "limits"
    try:
        return FileCounter(path)
    except OSError as error:
        log.warning(
            "%s: %s. Each process counts for itself; SPACEDEVS_LIMITS_DIR names a folder.", path, error.strerror
        )
        return MemoryCounter()
