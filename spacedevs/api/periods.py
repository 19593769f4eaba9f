"""What a moment means that is known only roughly: the days on which it may be."""

from datetime import MAXYEAR, date, datetime, timedelta

KNOWN = {"", "second", "minute", "hour"}  # by the first word of the precision: the moment itself is known
MONTHS = {  # how many months a period has, and in which month of a year the first one begins, January being 0
    "month": (1, 0),
    "quarter": (3, 0),
    "half": (6, 0),
    "year": (12, 0),
    "fiscal": (12, 9),  # that of the United States begins in October
    "decade": (120, 0),
}
DAY, WEEK = 1, 7
WORDS = {
    "morning": lambda first: "in the morning, local time",
    "afternoon": lambda first: "in the afternoon, local time",
    "week": lambda first: f"in the week of {first.day} {first:%B %Y}",
    "month": lambda first: f"in {first:%B %Y}",
    "quarter": lambda first: f"in the quarter that begins in {first:%B %Y}",
    "half": lambda first: f"in the half-year that begins in {first:%B %Y}",
    "year": lambda first: f"in {first.year}",
    "fiscal": lambda first: f"in the year that begins in {first:%B %Y}",
    "decade": lambda first: f"in the {first.year}s",
}


def kind(precision: str | None) -> str:
    """The first word of the name of a precision: that of 'Quarter 3' is 'quarter'."""
    return (precision or "").lower().partition(" ")[0]


def period(moment: datetime, precision: str | None) -> tuple[date, date] | None:
    """The first of the days on which it may be and the day after the last; None where the moment is known."""
    day, length = moment.date(), kind(precision)
    if length in KNOWN:
        return None
    if length in MONTHS:
        months, shift = MONTHS[length]
        first = (day.year * 12 + day.month - 1 - shift) // months * months + shift
        return first_of(first), first_of(first + months)
    first = day - timedelta(days=day.weekday()) if length == "week" else day
    return first, date.fromordinal(min(first.toordinal() + (WEEK if length == "week" else DAY), date.max.toordinal()))


def first_of(months: int) -> date:
    """The first day of a month, counted from the beginning of time, or the nearest day that there is."""
    year, month = divmod(months, 12)
    if year < 1:
        return date.min
    return date(year, month + 1, 1) if year <= MAXYEAR else date.max


def in_words(moment: datetime, precision: str | None) -> str:
    """When it is, as exactly as that is known."""
    days = period(moment, precision)
    if days is None:
        return f"{moment.day} {moment:%B %Y, %H:%M} UTC"
    words = WORDS.get(kind(precision))
    if days[1] - days[0] > timedelta(days=DAY):
        return f"some time {words(days[0])}"
    return f"{moment.day} {moment:%B %Y}{f', {words(days[0])}' if words else ''}"
