"""Rates, such as 15 requests per hour."""

import re
from functools import lru_cache
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
    """The requests that a caller has used, and the seconds to the end of the window."""

    used: int
    wait: int

    def next(self, rate: Rate) -> int:
        """The seconds until the caller may send another request."""
        return max(1, self.wait) if self.used >= rate.limit else 0


UNUSED = Use(0, 0)


def is_rate(text):
    """Validates a rate in forms."""
    Rate.of(text)
