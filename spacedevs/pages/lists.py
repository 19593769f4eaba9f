"""A list as the query of a page asks for it: with filters, search and ordering of an endpoint of the API."""

from datetime import datetime
from typing import Any

from django.shortcuts import render
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from spacedevs.api.filters.filters import asked_parts
from spacedevs.api.pagination import Pagination


class Pages(Pagination):
    """Pages of 50; `limit` and `offset` are those of the API."""

    default_limit = 50


class Listing:
    """The rows of an endpoint that a page asks for; raises ValidationError for values that are none.

    Without an `ordering` in the query the rows have the given order, or that of the endpoint."""

    def __init__(self, request, resource, order=()):
        self.asked, self.resource, self.paginator = request.GET, resource, Pages()
        endpoint = resource(action="list", detail=False, kwargs={}, format_kwarg=None)
        endpoint.request = Request(request)
        self.rows = endpoint.filter_queryset(resource.rows())
        if order and "ordering" not in self.asked:
            self.rows = self.rows.order_by(*order)
        self.keys = self.paginator.keys_of(self.rows, endpoint.request)

    def on_page(self, rows) -> list:
        """The rows of the page, in order, read from a queryset."""
        found = rows.in_bulk(self.keys)
        return [found[key] for key in self.keys if key in found]

    def changes(self) -> list[datetime | None]:
        """When rows enter or leave the list without any write."""
        parts = [self.resource.part, *asked_parts(self.resource.filterset_class, self.asked)]
        return [part.changes_at(self.resource.queryset.all()) for part in parts if part]

    def context(self) -> dict[str, Any]:
        """What templates show of the query."""
        query = self.asked.urlencode()
        return {
            "search": self.asked.get("search", ""),
            "used": [name for name in self.asked if self.asked[name] and name not in ("limit", "offset")],
            "query": f"{query}&" if query else "",
            "paginator": self.paginator,
        }


def refused(request, title: str, error: ValidationError):
    """The page for a query with values that are none."""
    return render(request, "pages/refused.html", {"errors": error.detail, "title": title}, status=400)
