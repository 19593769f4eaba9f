"""Times with limited precision: the days on which something may happen."""

from datetime import MAXYEAR, date, datetime, timedelta

# The abbreviations and kinds of LL2 2.3.0's /config/net_precisions/, by id. Names are less reliable: one kind has
# several ("Year Half 1", "Year Half 2"), and other builds use different ones.
PRECISIONS = [
    ("SEC", "second"),
    ("MIN", "minute"),
    ("HR", "hour"),
    ("AM", "morning"),
    ("PM", "afternoon"),
    ("DAY", "day"),
    ("WK", "week"),
    ("M", "month"),
    ("Q1", "quarter"),
    ("Q2", "quarter"),
    ("Q3", "quarter"),
    ("Q4", "quarter"),
    ("H1", "half"),
    ("H2", "half"),
    ("Y", "year"),
    ("FY", "fiscal year"),
    ("DEC", "decade"),
]
KINDS = dict(enumerate(kind for _, kind in PRECISIONS)) | dict(PRECISIONS)  # by id and by abbreviation
EXACT = {"", "second", "minute", "hour"}  # the exact moment is known
MONTHS = {  # the length of a period in months, and the first month (January is 0) of the first period
    "month": (1, 0),
    "quarter": (3, 0),
    "half": (6, 0),
    "year": (12, 0),
    "fiscal year": (12, 9),  # the fiscal year of the United States begins in October
    "decade": (120, 0),
}
DAY, WEEK = 1, 7
ORDINALS = "first", "second", "third", "fourth"
NAMES = {  # of the period that begins on a day; months are written by the format
    "week": lambda first, month: f"week of {first.day} {first:{month}} {first.year}",
    "month": lambda first, month: f"{first:%B} {first.year}",
    "quarter": lambda first, month: f"{ORDINALS[(first.month - 1) // 3]} quarter of {first.year}",
    "half": lambda first, month: f"{ORDINALS[(first.month - 1) // 6]} half of {first.year}",
    "year": lambda first, month: f"{first.year}",
    "fiscal year": lambda first, month: f"fiscal year {first.year + 1}",  # named after its last year
    "decade": lambda first, month: f"{first.year}s",
}
WITH_ARTICLE = {"week", "quarter", "half", "decade"}
HALF_DAYS = {"morning", "afternoon"}


def kind(precision) -> str:
    """The kind of a precision (a row with `abbrev`, or None): "" for None, "day" if unknown."""
    if precision is None:
        return ""
    return KINDS.get((precision.abbrev or "").upper()) or KINDS.get(precision.pk, "day")


def period(moment: datetime, kind: str) -> tuple[date, date] | None:
    """The first possible day and the day after the last one; None if the moment is known."""
    day = moment.date()
    if kind in EXACT:
        return None
    if kind in MONTHS:
        months, shift = MONTHS[kind]
        first = (day.year * 12 + day.month - 1 - shift) // months * months + shift
        return first_of(first), first_of(first + months)
    first = day - timedelta(days=day.weekday()) if kind == "week" else day
    return first, date.fromordinal(min(first.toordinal() + (WEEK if kind == "week" else DAY), date.max.toordinal()))


def first_of(months: int) -> date:
    """The first day of a month, counted from year 1, or the nearest possible date."""
    year, month = divmod(months, 12)
    if year < 1:
        return date.min
    return date(year, month + 1, 1) if year <= MAXYEAR else date.max


def in_words(moment: datetime, kind: str) -> str:
    """A moment as text, with its precision."""
    days = period(moment, kind)
    if days is None:
        return f"{moment.day} {moment:%B} {moment.year}, {moment:%H:%M} UTC"
    if days[1] - days[0] > timedelta(days=DAY):
        return f"some time in {'the ' * (kind in WITH_ARTICLE)}{NAMES[kind](days[0], '%B')}"
    half = f", in the {kind}, local time" if kind in HALF_DAYS else ""
    return f"{moment.day} {moment:%B} {moment.year}{half}"
