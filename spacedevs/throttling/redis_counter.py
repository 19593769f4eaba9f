"""Counts the requests of callers in Redis, for the processes of several machines."""

import re
from hashlib import sha1
from logging import getLogger
from math import ceil
from threading import local
from time import monotonic

import redis

from .leases import Grant
from .rates import UNUSED, Rate, Use, whole_seconds

log = getLogger(__name__)
MODE = re.compile(rb"^(?:redis|server)_mode:(\w+)", re.MULTILINE)  # Valkey's name is server_mode


class RedisCounter:
    """Counts in Redis, for the processes of several machines. While Redis is down, nothing is limited."""

    # A process gets only a part of the remaining quota, so that others get some too; near the limit, one at a time.
    granting = """
        local used = tonumber(redis.call('GET', KEYS[1]) or 0)
        local left = tonumber(ARGV[1]) - used
        if left < 1 then return {0, used, redis.call('PTTL', KEYS[1])} end
        local granted = math.min(tonumber(ARGV[3]), math.max(1, math.floor(left / 64)))
        if redis.call('INCRBY', KEYS[1], granted) == granted then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
        return {granted, used + granted, redis.call('PTTL', KEYS[1])}
    """
    # Only in the same window: the next one ends later.
    giving = """
        if redis.call('PTTL', KEYS[1]) <= tonumber(ARGV[2]) then
            local used = tonumber(redis.call('GET', KEYS[1]) or 0)
            if used > 0 then redis.call('DECRBY', KEYS[1], math.min(used, tonumber(ARGV[1]))) end
        end
    """
    asking = "return {0, tonumber(redis.call('GET', KEYS[1]) or 0), redis.call('PTTL', KEYS[1])}"
    patience, pause = 0.25, 5  # seconds: for a reply, and until the next attempt after a failure
    quiet = 60  # seconds until the cause of a failure is logged again
    probe = "spacedevs:health", Rate(2**31 - 1, 60)

    def __init__(self, url: str):
        quick = {"socket_timeout": self.patience, "socket_connect_timeout": self.patience, "retry": None}
        self.pool = redis.ConnectionPool.from_url(url, **quick)
        scripts = self.granting, self.giving, self.asking
        self.digests = {text: sha1(text.encode(), usedforsecurity=False).hexdigest() for text in scripts}
        self.threads = local()
        self.down_until = self.quiet_until = 0

    def grant(self, caller: str, rate: Rate, wanted: int) -> Grant | None:
        """Counts the wanted number of requests or fewer, none at the limit; None while Redis is down."""
        return self.run(self.granting, caller, rate, *rate, wanted)

    def give_back(self, caller: str, rate: Rate, number=1, wait: float | None = None):
        """Takes counted requests back, unless a new window has begun that ends later than this many seconds from
        now."""
        wait = rate.period if wait is None else wait + self.patience
        self.run(self.giving, caller, rate, number, ceil(wait * 1000))

    def use(self, caller: str, rate: Rate) -> Use:
        """The usage, without counting."""
        found = self.run(self.asking, caller, rate)
        return Use(found.used, whole_seconds(found.wait)) if found else UNUSED

    def answers(self) -> bool:
        """Whether Redis accepts writes: counts a request and takes it back, because a read may work where a write
        fails."""
        key, rate = self.probe
        try:
            if (mode := self.mode()) not in (None, "standalone"):
                raise redis.RedisError(f"it runs as {mode}, which is unsupported")
            self.ask(self.granting, key, *rate, 1)
            self.ask(self.giving, key, 1, rate.period * 1000)
        except redis.RedisError as error:
            self.log(error)
            return False
        return True

    def mode(self) -> str | None:
        """The mode of Redis: standalone, cluster or sentinel; None if it is down or refuses the command."""
        try:
            found = MODE.search(self.send("INFO", "server"))
        except redis.RedisError:
            return None
        return found and found[1].decode()

    def log(self, error):
        if monotonic() >= self.quiet_until:
            self.quiet_until = monotonic() + self.quiet
            log.warning("Rate limits are off while Redis fails: %s", " ".join(str(error).split()))

    def run(self, script, caller, rate, *arguments) -> Grant | None:
        if monotonic() < self.down_until:
            return None
        try:
            answer = self.ask(script, f"spacedevs:{caller}:{rate.period}", *arguments)
        except redis.RedisError as error:
            self.log(error)
            self.down_until = monotonic() + self.pause
            return None
        return answer and Grant(*answer[:2], max(0, answer[2] / 1000))

    def ask(self, script, *arguments):
        """Runs a script, after loading it if Redis does not know it."""
        try:
            return self.send("EVALSHA", self.digests[script], 1, *arguments)
        except redis.exceptions.NoScriptError:
            return self.send("EVAL", script, 1, *arguments)

    def send(self, *command):
        """Sends a command on this thread's own connection; with the shared pool it would take four times as long."""
        connection = getattr(self.threads, "connection", None)
        if connection is None:
            connection = self.threads.connection = self.pool.make_connection()
        try:
            connection.send_command(*command)
            return connection.read_response()
        except redis.ConnectionError:  # the connection was closed since its last use; it reopens by itself
            connection.send_command(*command)
            return connection.read_response()
