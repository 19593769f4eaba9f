"""Counts the requests of callers, exactly, for all processes of a machine.

A caller's window begins with the first request that counts and ends after the period of the limit; then the count
starts again. So a caller needs the same few bytes for any limit. Upstream uses a sliding window instead.

`counter()` chooses between this file and Redis, which counts for several machines (redis_counter.py)."""

import ctypes
import fcntl
import mmap
import os
from functools import cache, lru_cache
from hashlib import blake2b
from logging import getLogger
from pathlib import Path
from struct import Struct
from threading import Lock
from time import time

from django.conf import settings

from .leases import Leases
from .rates import UNUSED, Rate, Use, whole_seconds

log = getLogger(__name__)


@lru_cache(maxsize=4096)
def name_of(caller, period) -> tuple[bytes, int]:
    """The digest of a caller in the file, and the number that determines their slot."""
    name = blake2b(f"{caller} {period}".encode(), digest_size=16).digest()
    return name, int.from_bytes(name[:4], "big")


class FileLock:
    """Locks a file for one thread of one process; the lock ends with the process.

    Python's flock releases the GIL, although the lock is nearly always free: with four threads this cost more than
    everything else here. So this tries without waiting first, and releases the GIL only if the lock is taken."""

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
    """Counts in a memory-mapped file that the processes of one machine share.

    A hash of the caller determines the slot. A slot whose window is over is free. If none of the neighbouring slots is
    free, the one that ends first is reused."""

    places, neighbours = 2**16, 32
    place = Struct("=16s d q")  # digest of the caller, end of the window, requests used
    size = (places + neighbours) * place.size

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.lock = FileLock(path)
        with self.lock, path.open("r+b") as file:
            # Written completely: to fill a hole of a sparse file on a full disk would kill the process.
            counted = file.read(self.size)
            file.seek(0)
            file.write(counted.ljust(self.size, b"\0"))
        self.memory = mmap.mmap(self.lock.file, self.size)

    def take(self, caller: str, rate: Rate) -> Use:
        """Counts a request, unless the limit is reached; returns the usage after it."""
        name, start = self.home(caller, rate)
        with self.lock:
            now = time()
            offset, until, used = self.find(name, start, now, rate)
            if used >= rate.limit:
                return Use(used, whole_seconds(until - now), is_refused=True)
            self.place.pack_into(self.memory, offset, name, until, used + 1)
        return Use(used + 1, whole_seconds(until - now))

    def give_back(self, caller: str, rate: Rate):
        """Takes a counted request back."""
        name, start = self.home(caller, rate)
        with self.lock:
            offset, until, used = self.find(name, start, time(), rate)
            if used:
                self.place.pack_into(self.memory, offset, name, until, used - 1)

    def use(self, caller: str, rate: Rate) -> Use:
        """The usage, without counting."""
        name, start = self.home(caller, rate)
        with self.lock:
            now = time()
            _, until, used = self.find(name, start, now, rate)
        return Use(used, whole_seconds(until - now)) if used else UNUSED

    def home(self, caller, rate) -> tuple[bytes, int]:
        """A caller's digest, and the first possible slot."""
        name, number = name_of(caller, rate.period)
        return name, number % self.places * self.place.size

    def find(self, name, start, now, rate) -> tuple[int, float, int]:
        """The slot of a caller or the one to use, the end of the window, and the requests used."""
        best, soonest = start, float("inf")
        for offset in range(start, start + self.neighbours * self.place.size, self.place.size):
            whose, until, used = self.place.unpack_from(self.memory, offset)
            if whose == name and now < until <= now + rate.period:
                return offset, until, used
            over = 0 if whose == name or until <= now else until
            if over < soonest:
                best, soonest = offset, over
            if not until:  # never used, so the caller has no later slot
                break
        return best, now + rate.period, 0


class MemoryCounter(FileCounter):
    """Counts for this process only, if no file is writable."""

    def __init__(self):
        self.lock, self.memory = Lock(), mmap.mmap(-1, self.size)


@cache
def counter() -> FileCounter | Leases:
    """The counter of this process, created at the first use because many servers have no limits."""
    if settings.REDIS_URL:
        from .redis_counter import RedisCounter  # noqa: PLC0415 - its library takes 6 MB, which others need not pay

        return Leases(RedisCounter(settings.REDIS_URL))
    path = settings.LIMITS_DIR / "limits"
    try:
        return FileCounter(path)
    except OSError as error:
        log.warning(
            "%s: %s. Each process counts requests on its own; set SPACEDEVS_LIMITS_DIR to a writable folder.",
            path,
            error.strerror,
        )
        return MemoryCounter()
