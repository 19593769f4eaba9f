"""Renders feeds as calendars (RFC 5545, calendars.py) or as news (Atom, RFC 4287).

They do not contain the time of rendering, so the same data give the same bytes."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.utils.feedgenerator import Atom1Feed
from django.utils.html import linebreaks
from django.utils.module_loading import import_string
from rest_framework.renderers import BaseRenderer
from rest_framework.utils.urls import remove_query_param

from .net_precision import in_words, period

AUTHOR = "Launch Library"
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # the time of an unknown change
REVISIONS_SINCE = datetime(2010, 1, 1, tzinfo=UTC)  # before any change in Launch Library
MAX_INTEGER = 2**31 - 1  # the range of integers in calendars (RFC 5545, 3.3.8)


class Entry(NamedTuple):
    """A row in a feed."""

    title: str
    start: datetime
    end: datetime | None = None
    precision: str = ""  # the precision of the start, a kind of net_precision.py; empty if it is exact
    is_tentative: bool = False
    category: str = ""
    place: str = ""
    position: tuple[float, float] | None = None  # latitude and longitude
    text: str = ""

    @property
    def full_title(self) -> str:
        """The title, with the period if the day is unknown."""
        days = period(self.start, self.precision)
        is_vague = days and days[1] - days[0] > timedelta(days=1)
        return f"{self.title} ({in_words(self.start, self.precision)})" if is_vague else self.title


class Item(NamedTuple):
    """An entry with its global id, its URL here, and the time of its last change."""

    key: UUID
    address: str
    updated: datetime
    entry: Entry

    @property
    def sequence(self) -> int:
        """The sequence number, which increases with each change (RFC 5545, 3.8.7.4): seconds since 2010, 31 bits."""
        return min(max(int((self.updated - REVISIONS_SINCE).total_seconds()), 0), MAX_INTEGER)


class Issue(NamedTuple):
    """The content of a feed."""

    title: str
    version: str  # of the API
    address: str
    next: str | None
    previous: str | None
    items: list[Item]


class FeedRenderer(BaseRenderer):
    """A renderer for feeds."""


class CalendarRenderer(FeedRenderer):
    """Entries as a calendar; an entry without an exact time becomes an all-day entry over all possible days."""

    media_type, format = "text/calendar", "ics"

    def render(self, issue: Issue, accepted_media_type=None, renderer_context=None) -> bytes:
        return import_string("spacedevs.api.feeds.calendars.written")(issue)


class AtomRenderer(FeedRenderer):
    """Entries as news, each with the time of its last change."""

    media_type, format = "application/atom+xml", "atom"

    def render(self, issue: Issue, accepted_media_type=None, renderer_context=None) -> bytes:
        news = PagedAtom(
            issue.title,
            remove_query_param(issue.address, "format"),
            description=None,
            language="en",
            author_name=AUTHOR,
            feed_url=issue.address,
            feed_guid=issue.address,
            issue=issue,
        )
        for key, address, updated, entry in issue.items:
            lines = in_words(entry.start, entry.precision), entry.place, entry.text
            news.add_item(
                entry.full_title,
                address,
                linebreaks("\n\n".join(filter(None, lines)), autoescape=True),
                unique_id=key.urn,
                updateddate=updated,
                categories=[entry.category] if entry.category else [],
            )
        return news.writeString("utf-8").encode()


class PagedAtom(Atom1Feed):
    """Atom with links to further pages (RFC 5005); its date is that of its newest entry."""

    def latest_post_date(self):
        return max((item["updateddate"] for item in self.items), default=LONG_AGO)

    def add_root_elements(self, handler):
        super().add_root_elements(handler)
        for relation in ("next", "previous"):
            if address := getattr(self.feed["issue"], relation):
                handler.addQuickElement("link", "", {"rel": relation, "href": address})
