"""Pages by limit and offset, of which the database returns only the count and the keys."""

from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.models.expressions import RawSQL
from django.utils.module_loading import import_string
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.utils.urls import replace_query_param

from spacedevs.http.negotiation import UNORDERED, in_order

INT64 = 2**63 - 1
FAR = 500  # rows before a page from which on a second statement costs less than walking over them


class Pagination(LimitOffsetPagination):
    """Pages by `limit` and `offset` as in LL2 2.3.0, which ignores values that are not numbers."""

    default_limit = 10
    max_limit = 100
    template = "api/pages.html"

    def get_paginated_response_schema(self, schema) -> dict:
        """The schema of a page. The framework's own uses `nullable`, which OpenAPI 3.1 does not have."""
        return import_string("spacedevs.api.schema.of_page")(schema)

    def get_next_link(self) -> str | None:
        return self.in_order(super().get_next_link())

    def get_previous_link(self) -> str | None:
        return self.in_order(super().get_previous_link())

    def in_order(self, link: str | None) -> str | None:
        """A link with sorted names, as these are the same response in any order."""
        asked = self.request.query_params
        for name in UNORDERED:
            if link and name in asked:
                link = replace_query_param(link, name, in_order(",".join(asked.getlist(name))))
        return link

    @property
    def first(self) -> int:
        """The number of the first row of a page, counted from 1."""
        return min(self.offset + 1, self.count)

    @property
    def last(self) -> int:
        return min(self.offset + self.limit, self.count)

    def keys_of(self, rows: models.QuerySet, request) -> list:
        """The keys of the rows of a page and the total count: in one statement, or in two if the page may be nearer to
        the end, from where it is then read."""
        self.request, self.limit, self.offset = request, self.get_limit(request), self.get_offset(request)
        if self.offset >= FAR:
            return self.far_keys_of(rows)
        try:
            sql, parameters = rows.order_by().values("pk").query.sql_with_params()
        except EmptyResultSet:  # Django knows that no row can match, for example for a year before the first
            self.count = 0
            return []
        counted = rows.annotate(total=RawSQL(f"(SELECT count(*) FROM ({sql}) counted)", parameters))  # noqa: S608, S611
        end = self.offset + self.limit
        found = list(counted.values_list("pk", "total")[self.offset : end]) if end <= INT64 else []
        self.count = found[0][1] if found else rows.count() if self.offset else 0
        return [key for key, _ in found]

    def far_keys_of(self, rows: models.QuerySet) -> list:
        """The keys of the rows of a page, without walking over more than half of all rows."""
        self.count = rows.count()
        start, end = self.offset, min(self.offset + self.limit, self.count)
        if start >= end:
            return []
        keys = rows.values_list("pk", flat=True)
        if start <= self.count - end:
            return list(keys[start:end])
        return list(keys.reverse()[self.count - end : self.count - start])[::-1]
