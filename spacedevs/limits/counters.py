"""What callers have used of their limits, counted exactly by all processes together.

A caller's time begins with the first request that counts, and after the period of the limit it is over, with all
that was used in it. So a caller takes the same few bytes however high the limit is, and a request the same few steps.
Upstream remembers when each request came instead, and gives back one after the other."""

import ctypes
import fcntl
import mmap
import os
from functools import cache, lru_cache
from hashlib import blake2b, sha1
from logging import getLogger
from math import ceil
from pathlib import Path
from struct import Struct
from threading import Lock, local
from time import monotonic, time

import redis
from django.conf import settings

from .leases import Grant, Leases
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

    def __init__(self, path: Path):
        self.lock = FileLock(path)
        size = (self.places + self.neighbours) * self.place.size
        with self.lock:
            if os.fstat(self.lock.file).st_size < size:
                os.ftruncate(self.lock.file, size)
        self.memory = mmap.mmap(self.lock.file, size)

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


class RedisCounter:
    """Counts in Redis, for the processes of several machines. While it is down nothing is limited."""

    # Of what is left none is granted more than a part: so others find some of it, and in the end each counts alone.
    granting = """
        local used = tonumber(redis.call('GET', KEYS[1]) or 0)
        local left = tonumber(ARGV[1]) - used
        if left < 1 then return {0, used, redis.call('PTTL', KEYS[1])} end
        local granted = math.min(tonumber(ARGV[3]), math.max(1, math.floor(left / 64)))
        if redis.call('INCRBY', KEYS[1], granted) == granted then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
        return {granted, used + granted, redis.call('PTTL', KEYS[1])}
    """
    # Not in the next period of the caller, which ends later.
    giving = """
        if redis.call('PTTL', KEYS[1]) <= tonumber(ARGV[2]) then
            local used = tonumber(redis.call('GET', KEYS[1]) or 0)
            if used > 0 then redis.call('DECRBY', KEYS[1], math.min(used, tonumber(ARGV[1]))) end
        end
    """
    asking = "return {0, tonumber(redis.call('GET', KEYS[1]) or 0), redis.call('PTTL', KEYS[1])}"
    patience, pause = 0.25, 5  # seconds: for an answer, and until one that failed is asked again

    def __init__(self, url: str):
        quick = {"socket_timeout": self.patience, "socket_connect_timeout": self.patience, "retry": None}
        self.pool = redis.ConnectionPool.from_url(url, **quick)
        scripts = self.granting, self.giving, self.asking
        self.digests = {text: sha1(text.encode(), usedforsecurity=False).hexdigest() for text in scripts}
        self.threads = local()
        self.down_until = 0

    def grant(self, caller: str, rate: Rate, wanted: int) -> Grant | None:
        """Counts as many requests as are wanted, or fewer; at the limit none. None while Redis is down."""
        return self.run(self.granting, caller, rate, *rate, wanted)

    def give_back(self, caller: str, rate: Rate, number=1, wait: float | None = None):
        """Forgets requests that were counted, but not in a period that ends in more than so many seconds."""
        wait = rate.period if wait is None else wait + self.patience
        self.run(self.giving, caller, rate, number, ceil(wait * 1000))

    def use(self, caller: str, rate: Rate) -> Use:
        """What was used, without counting."""
        found = self.run(self.asking, caller, rate)
        return Use(found.used, ceil(found.wait)) if found else UNUSED

    def answers(self) -> bool:
        """Whether Redis is there."""
        try:
            return self.send("PING") is not None
        except redis.RedisError:
            return False

    def run(self, script, caller, rate, *arguments) -> Grant | None:
        if monotonic() < self.down_until:
            return None
        try:
            answer = self.ask(script, f"spacedevs:{caller}:{rate.period}", *arguments)
        except redis.RedisError as error:
            log.warning("Nothing is limited for %s seconds, since Redis failed: %s", self.pause, error)
            self.down_until = monotonic() + self.pause
            return None
        return answer and Grant(*answer[:2], max(0, answer[2] / 1000))

    def ask(self, script, *arguments):
        """Runs a script, which Redis may have to be told first."""
        try:
            return self.send("EVALSHA", self.digests[script], 1, *arguments)
        except redis.exceptions.NoScriptError:
            return self.send("EVAL", script, 1, *arguments)

    def send(self, *command):
        """Sends a command on a connection of this thread: by the pool of all it would take four times as long."""
        connection = getattr(self.threads, "connection", None)
        if connection is None:
            connection = self.threads.connection = self.pool.make_connection()
        try:
            connection.send_command(*command)
            return connection.read_response()
        except redis.ConnectionError:  # it was closed since it was used last, and is opened anew by itself
            connection.send_command(*command)
            return connection.read_response()


@cache
def counter() -> FileCounter | Leases:
    """Where this process counts."""
    if settings.REDIS_URL:
        return Leases(RedisCounter(settings.REDIS_URL))
    return FileCounter(settings.VAR_DIR / "limits")
