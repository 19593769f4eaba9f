"""The rows of a list as a feed to subscribe to.

Feeds are further formats of the same lists, so filters, search and order are those of the lists. Whoever subscribes
follows no pages, so a feed holds more than a page does."""

import re
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import models
from django.db.models.functions import Now
from django.http import Http404
from rest_framework.response import Response

from spacedevs.api.pagination import Pagination
from spacedevs.api.render_plan.plan import path_of
from spacedevs.db.subsets import Subset
from spacedevs.http.versions import version_of, view_in

from .renderers import LONG_AGO, AtomRenderer, CalendarRenderer, Entry, FeedRenderer, Issue, Item

FORMATS = CalendarRenderer, AtomRenderer
# What neither XML nor a calendar can hold.
UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def past(column) -> models.Expression:
    """A moment that is past; null as long as it is to come."""
    return models.Case(models.When(**{f"{column}__lte": Now()}, then=models.F(column)))


class Feed:
    """What the rows of a table are in feeds: declared by the app that owns them."""

    title = ""
    time = ""  # the column that tells when; rows without have no place in a feed
    changed: models.Expression  # when a row was last changed, in the past; null where nobody knows
    clock: Subset | None = None  # whose edges are the moments at which `changed` changes though nothing is written
    related = ()  # the rows that an entry is made from as well

    @staticmethod
    def entry(row) -> Entry:
        raise NotImplementedError


class FeedPagination(Pagination):
    """The pages of feeds, larger than those of lists."""

    default_limit, max_limit = 100, 1000


def is_wanted(request) -> bool:
    return isinstance(getattr(request, "accepted_renderer", None), FeedRenderer)


def key_of(row: models.Model) -> UUID:
    """By what a row is known to whoever subscribes: the same on every server, as the ids of rows are."""
    return uuid5(NAMESPACE_URL, f"launch-library:{row._meta.label_lower}:{row.pk}")


def answer(view, rows: models.QuerySet) -> Response:
    """These rows as a feed; those of a whole table by what changed last, unless another order is asked for."""
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
    return Response(Issue(feed.title, request.build_absolute_uri(), *links, items))


def item(feed: Feed, row: models.Model, request) -> Item:
    view = view_in(version_of(request), f"{row._meta.model_name}-detail")
    address = request.build_absolute_uri(path_of(view, row.pk))
    return Item(key_of(row), address, row.changed or LONG_AGO, cleaned(feed.entry(row)))


def writable(text: str) -> str:
    """A text without the characters that nothing can hold that is made of it."""
    return UNWRITABLE.sub("", text)


def cleaned(entry: Entry) -> Entry:
    """An entry that can be written."""
    return entry._replace(**{name: writable(each) for name, each in entry._asdict().items() if isinstance(each, str)})
