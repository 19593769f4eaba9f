"""Whole lists for spreadsheets, databases and maps: all records of a query in one response.

They are read some at a time in one snapshot and sent at once, so memory does not grow with their number. No record is
left out without a word: a query with more than an export holds is refused."""

from collections.abc import Iterator
from functools import cache, cached_property

from django.core.exceptions import FieldDoesNotExist
from django.http import Http404, StreamingHttpResponse
from rest_framework.exceptions import ValidationError

from spacedevs.api.filters.field_selection import FIELDS, OMIT, names_in, selected
from spacedevs.api.filters.unknown_parameters import is_number
from spacedevs.api.pagination import Pagination
from spacedevs.api.render_plan.plan import plan

from .columns import Column, columns
from .renderers import EXCEL_EU, CsvRenderer, ExportRenderer, GeoJsonRenderer, JsonLinesRenderer

ROWS = 100  # that are read at a time
MOST = 10_000
TABLES = CsvRenderer, JsonLinesRenderer
COORDINATES = "longitude", "latitude"  # in the order of GeoJSON


class ExportPagination(Pagination):
    """All records of a query, or a part that the query asks for."""

    default_limit = max_limit = MOST

    def keys_of(self, rows, request):
        keys = super().keys_of(rows, request)
        limit = request.query_params.get("limit")
        if self.count > self.offset + len(keys) and not (limit and is_number(limit, 1, MOST)):
            told = (
                f"The query has {self.count} records, and an export at most {MOST}. Use filters, or limit and offset."
            )
            raise ValidationError({"limit": [told]})
        return keys


PAGINATION = ExportPagination


def is_wanted(request) -> bool:
    return isinstance(getattr(request, "accepted_renderer", None), ExportRenderer)


@cache
def formats_of(model) -> tuple[type[ExportRenderer], ...]:
    """The formats for the rows of a table."""
    try:
        is_placed = all(model._meta.get_field(name) for name in COORDINATES)
    except FieldDoesNotExist:
        is_placed = False
    return (*TABLES, GeoJsonRenderer) if is_placed else TABLES


def ignored(query) -> dict[str, str]:
    """The invalid values of a query, each with an error message."""
    return {} if query.get("csv", "") in ("", EXCEL_EU) else {"csv": f"Choose from: {EXCEL_EU}."}


class Export:
    """The records of one response."""

    def __init__(self, view, keys):
        self.request, self.query, self.choice, self.keys = view.request, view.request.query_params, view.choice, keys
        self.model, self.renderer = view.queryset.model, view.request.accepted_renderer

    @cached_property
    def columns(self) -> list[Column]:
        return columns(self.choice.representation, names_in(self.query, FIELDS), names_in(self.query, OMIT))

    @property
    def selection(self):
        """The fields that it shows."""
        if not isinstance(self.renderer, CsvRenderer):
            return self.choice.selection
        return selected(self.choice.representation, [column.name for column in self.columns])[0]

    def parts(self) -> Iterator[list]:
        """The keys, some at a time."""
        return (self.keys[start : start + ROWS] for start in range(0, len(self.keys), ROWS))

    def records(self) -> Iterator[list]:
        """The rendered records, some at a time; what is wrong with the query is told before the first ones."""
        shown = plan(self.choice.representation, self.selection)
        return (shown.render(keys, self.request) for keys in self.parts())

    def places(self) -> Iterator[list[tuple]]:
        """The key, the longitude and the latitude of each record."""
        rows = self.model._base_manager
        for keys in self.parts():
            found = {key: (key, *place) for key, *place in rows.filter(pk__in=keys).values_list("pk", *COORDINATES)}
            yield [found[key] for key in keys]


def answer(view, rows) -> StreamingHttpResponse:
    """These rows as an export."""
    pages = ExportPagination()
    keys = pages.keys_of(rows, view.request)
    if view.detail and not keys:
        raise Http404(f"No {rows.model._meta.object_name} matches the given query.")
    export = Export(view, keys)
    written = export.renderer.parts(export.records(), export)
    is_sent = view.request.method != "HEAD"
    response = StreamingHttpResponse(written if is_sent else (), content_type=export.renderer.content_type)
    response["Content-Disposition"] = f'attachment; filename="{file_name(view)}.{export.renderer.format}"'
    response["Cache-Control"] = "no-store"  # it is sent as it is read
    if not view.detail and (following := pages.get_next_link()):
        response["Link"] = f'<{following}>; rel="next"'
    return response


def file_name(view) -> str:
    """The name of the endpoint, such as `launches-upcoming`, and the key of a record."""
    _, *parts = view.request.path.strip("/").split("/")
    return "-".join(part for part in parts if part != "config")
