"""Formats numbers and durations for responses, commands and messages."""

from datetime import timedelta


def counted(number: int, one: str, more: str | None = None) -> str:
    """A number with its noun, such as "1 record" and "2 records"; `more` is an irregular plural."""
    return f"{number:,} {one if number == 1 else more or f'{one}s'}"


def duration(value: timedelta) -> str:
    """A duration in ISO 8601 as LL2 2.3.0 writes it: days, hours, minutes and seconds, without zero parts."""
    length = int(value.total_seconds())
    days, seconds = divmod(abs(length), 86400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    sign, date = "-" if length < 0 else "", f"{days}D" if days else ""
    time = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
    return f"{sign}P{date}T{time}" if time else f"{sign}P{date or '0D'}"
