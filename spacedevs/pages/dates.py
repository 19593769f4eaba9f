"""How pages tell a date: as exactly as it is known, how sure that is, and how far away it is.

The kinds of precision are those of LL2 2.3.0's `net_precision`. All times are UTC."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from spacedevs.api.feeds.net_precision import EXACT, HALF_DAYS, NAMES, kind, period
from spacedevs.wording import counted

MONTH = 365.2425 / 12  # days
CERTAINTY = {
    "": "Time as recorded",
    "second": "Time known to the second",
    "minute": "Time known to the minute",
    "hour": "Hour known",
    "morning": "Half-day known, local time of the pad",
    "afternoon": "Half-day known, local time of the pad",
    "day": "Day known, hour not set",
    "week": "Week known, day not set",
    "month": "Month known, day not set",
    "quarter": "Quarter known ({months}), month not set",
    "half": "Half-year known ({months}), month not set",
    "year": "Year known, month not set",
    "fiscal year": "Fiscal year known ({months}), month not set",
    "decade": "Decade known, year not set",
}
UNDATED = "Date not announced"


class When(NamedTuple):
    """A date as a page tells it."""

    moment: datetime | None
    large: str  # "14 July 2026, 17:52 UTC", "First quarter of 2027"
    short: str  # for tables under a head that says UTC: "14 Jul 2026 17:52"
    certainty: str  # "Day known, hour not set"
    is_exact: bool  # to the minute
    ahead: str  # "in 3 days", "in 1 to 4 months"; empty for a date in the past


def when(moment: datetime | None, precision, now: datetime) -> When:
    """Tells a moment with this precision (a row of `net_precision`, or None), as seen now."""
    if moment is None:
        return When(None, UNDATED, UNDATED, "", False, "")
    named = kind(precision)
    days = period(moment, named)
    certainty = CERTAINTY[named].format(months=months(days) if days else "")
    first, last = edges(moment, days)
    return When(
        moment,
        named_date(moment, named, days, "%B"),
        named_date(moment, named, days, "%b").removesuffix(" UTC").replace(", ", " "),
        certainty,
        named in EXACT - {"hour"},
        ahead(first, last, now),
    )


def edges(moment: datetime, days: tuple[date, date] | None) -> tuple[datetime, datetime]:
    """The first and the last moment that a date may mean."""
    if days is None:
        return moment, moment
    first, last = (datetime.combine(day, time(), UTC) for day in days)
    return first, last


def named_date(moment: datetime, named: str, days: tuple[date, date] | None, month: str) -> str:
    day = f"{moment.day} {moment:{month}} {moment.year}"
    if days is None:
        return f"{day}, about {moment:%H} UTC" if named == "hour" else f"{day}, {moment:%H:%M} UTC"
    if named in NAMES:
        name = NAMES[named](days[0], month)
        return f"{name[0].upper()}{name[1:]}"
    return f"{day}, {named}" if named in HALF_DAYS else day


def months(days: tuple[date, date]) -> str:
    """The first and the last month of a period: "January to March", with years if they differ."""
    first, last = days[0], days[1] - timedelta(days=1)
    written = "%B" if first.year == last.year else "%B %Y"
    return f"{first:{written}} to {last:{written}}"


def ahead(first: datetime, last: datetime, now: datetime) -> str:
    """How far away a period is: "in 3 days", "in about 2 months", "in 1 to 4 months"; empty if it has begun."""
    if last <= now:
        return ""
    is_moment = first == last
    least, most = max(first - now, timedelta()), last - now
    if most < timedelta(days=2):
        return f"in {counted(round(most.total_seconds() / 3600), 'hour')}" if is_moment else "today or tomorrow"
    unit, name = (1, "day") if most.days < 60 else (MONTH, "month") if most.days < 24 * MONTH else (12 * MONTH, "year")
    if is_moment or (unit > 1 and last - first <= timedelta(days=31)):
        middle = round((least + most).days / 2 / unit)
        return f"in {'' if is_moment else 'about '}{counted(max(middle, 1), name)}"
    low, high = round(least.days / unit), round(most.days / unit)
    return f"in {low} to {counted(high, name)}" if low < high and low else f"within {counted(high, name)}"


def span(value: timedelta) -> str:
    """A length of time in at most two units: "355 d 14 h", "7 h 15 min"."""
    seconds = abs(int(value.total_seconds()))
    parts = [(seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s")]
    begin = next((index for index, (number, _) in enumerate(parts) if number), 3)
    return " ".join(f"{number} {unit}" for number, unit in parts[begin : begin + 2] if number) or "0 s"


def offset(value: timedelta) -> str:
    """A time before or after lift-off: "T+1:02:03", with a minus sign before it."""
    seconds = int(value.total_seconds())
    hours, rest = divmod(abs(seconds), 3600)
    clock = f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60:02}:{rest % 60:02}"
    return f"T{'−' if seconds < 0 else '+'}{clock}"  # noqa: RUF001 - a minus sign
