from spacedevs.api.feed_formats import Entry
from spacedevs.api.feeds import Feed
from spacedevs.api.periods import kind


class Happenings(Feed):
    """Events, each as long as it is said to last."""

    title = "Events"
    time, changed = "date", "last_updated"
    related = "type", "date_precision"

    @staticmethod
    def entry(event):
        return Entry(
            title=event.name,
            start=event.date,
            end=later(event.date, event.duration),
            updated=event.last_updated or event.date,
            precision=kind(event.date_precision),
            category=event.type.name if event.type else "Event",
            place=event.location or "",
            text=event.description,
        )


def later(moment, length):
    """The end of something of this length; nobody's time has one that is beyond all calendars."""
    try:
        return moment + length if length else None
    except OverflowError:
        return None
