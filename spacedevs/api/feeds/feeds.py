"""Lists as feeds.

Feeds are additional formats of the lists, with the same filters, search and ordering. Feed readers do not follow
pages, so a feed has more entries than a page."""

import re
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import models
from django.db.models.functions import Now
from django.http import Http404
from rest_framework.response import Response

from spacedevs.api.pagination import Pagination
from spacedevs.db.subsets import Subset
from spacedevs.http.versions import called, path_of, version_of, view_in

from .renderers import LONG_AGO, AtomRenderer, CalendarRenderer, Entry, FeedRenderer, Issue, Item

FORMATS = CalendarRenderer, AtomRenderer
# Characters that XML and calendars cannot contain.
UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def past(column) -> models.Expression:
    """A moment in the past; null if it is in the future."""
    return models.Case(models.When(**{f"{column}__lte": Now()}, then=models.F(column)))


class Feed:
    """Declares how the rows of a table appear in feeds."""

    title = ""
    time = ""  # the column of the start; rows without it are left out
    changed: models.Expression  # the time of the last change, in the past; null if unknown
    clock: Subset | None = None  # the subset at whose edges `changed` changes without any write
    related = ()  # related rows that an entry needs

    @staticmethod
    def entry(row) -> Entry:
        raise NotImplementedError


class FeedPagination(Pagination):
    """Pages of feeds, which are larger than those of lists."""

    default_limit, max_limit = 100, 1000


PAGINATION = FeedPagination


def is_wanted(request) -> bool:
    return isinstance(getattr(request, "accepted_renderer", None), FeedRenderer)


def key_of(row: models.Model) -> UUID:
    """The global id of a row, which is the same on every server."""
    return uuid5(NAMESPACE_URL, f"launch-library:{row._meta.label_lower}:{row.pk}")


def answer(view, rows: models.QuerySet) -> Response:
    """These rows as a feed; by default those of a whole table are sorted by their last change."""
    feed, request = view.feed, view.request
    rows = rows.filter(**{f"{feed.time}__isnull": False})
    if not (view.part or request.query_params.get("ordering")):
        rows = rows.order_by(feed.changed.desc(nulls_last=True), "pk")
    pages = FeedPagination()
    keys = pages.keys_of(rows, request)
    if view.detail and not keys:
        raise Http404
    found = rows.model._base_manager.select_related(*feed.related).annotate(changed=feed.changed).in_bulk(keys)
    links = (None, None) if view.detail else (pages.get_next_link(), pages.get_previous_link())
    items = [item(feed, found[key], request) for key in keys if key in found]
    version = called(version_of(request))
    return Response(Issue(feed.title, version, request.build_absolute_uri(), *links, items))


def item(feed: Feed, row: models.Model, request) -> Item:
    view = view_in(version_of(request), f"{row._meta.model_name}-detail")
    address = request.build_absolute_uri(path_of(view, row.pk))
    return Item(key_of(row), address, row.changed or LONG_AGO, cleaned(feed.entry(row)))


def writable(text: str) -> str:
    """A text without forbidden characters."""
    return UNWRITABLE.sub("", text)


def cleaned(entry: Entry) -> Entry:
    """An entry without forbidden characters."""
    return entry._replace(**{name: writable(each) for name, each in entry._asdict().items() if isinstance(each, str)})
