from django.db.models.functions import Coalesce

from spacedevs.api.feeds.feeds import Feed, past
from spacedevs.api.feeds.net_precision import kind
from spacedevs.api.feeds.renderers import Entry

from .querysets import PREVIOUS


class Happenings(Feed):
    """Events with their duration."""

    title = "Events"
    time = "date"
    changed, clock = Coalesce("last_updated", past("date")), PREVIOUS
    related = "type", "date_precision"

    @staticmethod
    def entry(event):
        return Entry(
            title=event.name,
            start=event.date,
            end=later(event.date, event.duration),
            precision=kind(event.date_precision),
            category=event.type.name if event.type else "Event",
            place=event.location or "",
            text=event.description,
        )


def later(moment, length):
    """The end after this duration; None if that is beyond the year 9999."""
    try:
        return moment + length if length else None
    except OverflowError:
        return None
