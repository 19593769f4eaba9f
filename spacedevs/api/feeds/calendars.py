"""Writes calendars (RFC 5545). Its library is imported with the first calendar."""

from datetime import timedelta

from django.conf import settings
from icalendar import Calendar, Event, Timezone, TimezoneStandard, vDuration, vText

from .net_precision import period
from .renderers import LONG_AGO, Issue, Item

PRODUCT = f"-//{settings.PRODUCT}//Launch Library %s//EN"
REFRESH = timedelta(hours=1)  # the suggested refresh interval


def written(issue: Issue) -> bytes:
    """The entries as a calendar."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", PRODUCT % issue.version)
    for name in ("name", "x-wr-calname"):  # the property of RFC 7986, and its unofficial predecessor
        calendar.add(name, vText(issue.title))
    calendar.add("refresh-interval", vDuration(REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(REFRESH))
    # A calendar needs at least one component (RFC 5545, 3.6); without entries the time zone is the only one.
    for component in [happening(item) for item in issue.items] or [utc()]:
        calendar.add_component(component)
    return calendar.to_ical()


def utc() -> Timezone:
    """The time zone, UTC."""
    rule = TimezoneStandard()
    rule.add("dtstart", LONG_AGO.replace(tzinfo=None))
    for name, value in (("tzoffsetfrom", timedelta()), ("tzoffsetto", timedelta()), ("tzname", "UTC")):
        rule.add(name, value)
    zone = Timezone()
    zone.add("tzid", "UTC")
    zone.add_component(rule)
    return zone


def happening(item: Item) -> Event:
    """A calendar entry, which does not block time."""
    entry = item.entry
    start, end = period(entry.start, entry.precision) or (entry.start, entry.end)
    event = Event.new(
        uid=str(item.key),
        stamp=item.updated,  # in a published calendar: the time of the last change
        last_modified=item.updated,
        sequence=item.sequence,
        start=start,
        end=end if end and end > start else None,
        summary=entry.full_title,
        description=entry.text or None,
        location=entry.place or None,
        categories=[entry.category] if entry.category else [],
        status="TENTATIVE" if entry.is_tentative else "CONFIRMED",
        transparency="TRANSPARENT",
        url=item.address,
    )
    if entry.position:
        event.add("geo", entry.position)
    return event
