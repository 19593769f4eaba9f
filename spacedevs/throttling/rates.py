"""How much may be asked, and in how long a time."""

import re
from functools import lru_cache
from typing import NamedTuple

from django.core.exceptions import ValidationError

PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
WRITTEN = re.compile(rf"([1-9][0-9]{{0,8}})/({'|'.join(PERIODS)})")


class Rate(NamedTuple):
    """So many requests in so many seconds."""

    limit: int
    period: int

    @classmethod
    @lru_cache
    def of(cls, text) -> "Rate | None":
        """The rate that a text like 15/hour gives; None, for no limit, where it gives none."""
        if not text:
            return None
        match = WRITTEN.fullmatch(text)
        if not match:
            raise ValidationError(f"{text!r} is not a rate; write it like 15/hour, in one of {', '.join(PERIODS)}.")
        return cls(int(match[1]), PERIODS[match[2]])


class Use(NamedTuple):
    """How often a caller has asked, and in how many seconds that is forgotten."""

    used: int
    wait: int

    def next(self, rate: Rate) -> int:
        """In how many seconds the caller may ask again."""
        return max(1, self.wait) if self.used >= rate.limit else 0


UNUSED = Use(0, 0)


def is_rate(text):
    """Refuses what is no rate, in forms."""
    Rate.of(text)
