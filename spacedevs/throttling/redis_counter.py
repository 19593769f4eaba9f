"""What callers have used, counted in Redis by the processes of several machines."""

import re
from hashlib import sha1
from logging import getLogger
from math import ceil
from threading import local
from time import monotonic

import redis

from .leases import Grant
from .rates import UNUSED, Rate, Use

log = getLogger(__name__)
MODE = re.compile(rb"^(?:redis|server)_mode:(\w+)", re.MULTILINE)  # Valkey calls it server_mode


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
    quiet = 60  # seconds, until the cause of a failure is logged again
    probe = "spacedevs:health", Rate(2**31 - 1, 60)

    def __init__(self, url: str):
        quick = {"socket_timeout": self.patience, "socket_connect_timeout": self.patience, "retry": None}
        self.pool = redis.ConnectionPool.from_url(url, **quick)
        scripts = self.granting, self.giving, self.asking
        self.digests = {text: sha1(text.encode(), usedforsecurity=False).hexdigest() for text in scripts}
        self.threads = local()
        self.down_until = self.quiet_until = 0

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
        """Whether requests can be counted: counts one, and forgets it, since Redis may answer and yet refuse that."""
        key, rate = self.probe
        try:
            if (mode := self.mode()) not in (None, "standalone"):
                raise redis.RedisError(f"it runs as {mode}, which is not supported")
            self.ask(self.granting, key, *rate, 1)
            self.ask(self.giving, key, 1, rate.period * 1000)
        except redis.RedisError as error:
            self.log(error)
            return False
        return True

    def mode(self) -> str | None:
        """How Redis runs: as standalone, cluster or sentinel; None where it is down, or tells this user nothing."""
        try:
            found = MODE.search(self.send("INFO", "server"))
        except redis.RedisError:
            return None
        return found and found[1].decode()

    def log(self, error):
        if monotonic() >= self.quiet_until:
            self.quiet_until = monotonic() + self.quiet
            log.warning("Nothing is limited while Redis fails: %s", " ".join(str(error).split()))

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
