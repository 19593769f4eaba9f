"""Rates, such as 15 requests per hour, and the headers that tell a caller about theirs."""

import re
from functools import lru_cache
from math import ceil
from typing import NamedTuple

from django.core.exceptions import ValidationError

PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
WRITTEN = re.compile(rf"([1-9][0-9]{{0,8}})/({'|'.join(PERIODS)})")


class Rate(NamedTuple):
    """A number of requests in a number of seconds."""

    limit: int
    period: int

    @classmethod
    @lru_cache
    def of(cls, text) -> "Rate | None":
        """Parses a text such as 15/hour; None (no limit) for an empty text."""
        if not text:
            return None
        match = WRITTEN.fullmatch(text)
        if not match:
            raise ValidationError(
                f"{text!r} is not a rate. Use a format such as 15/hour, with one of {', '.join(PERIODS)}."
            )
        return cls(int(match[1]), PERIODS[match[2]])


class Use(NamedTuple):
    """The requests that a caller has used, the seconds to the end of the window, and whether a request was refused."""

    used: int
    wait: int
    is_refused: bool = False

    def next(self, rate: Rate) -> int:
        """The seconds until the caller may send another request."""
        return max(1, self.wait) if self.used >= rate.limit else 0


UNUSED = Use(0, 0)


def whole_seconds(seconds: float) -> int:
    """A time rounded up; a sum of floats that is a little above a whole number counts as that number."""
    return ceil(round(seconds, 3))


def limit_headers(policy: str, rate: Rate, use: Use | None) -> list[tuple[str, str]]:
    """The headers after a request was counted, by draft-ietf-httpapi-ratelimit-headers-10; none if nothing is counted.

        RateLimit-Policy: "address";q=15;w=3600
        RateLimit: "address";r=12;t=1800

    15 requests in 3600 seconds, of which 12 are left; the count starts again in 1800 seconds."""
    if use is None:
        return []
    left = max(0, rate.limit - use.used)
    return [
        ("RateLimit-Policy", f'"{policy}";q={rate.limit};w={rate.period}'),
        ("RateLimit", f'"{policy}";r={left};t={max(0, use.wait)}'),
    ]


def is_rate(text):
    """Validates a rate in forms."""
    Rate.of(text)
