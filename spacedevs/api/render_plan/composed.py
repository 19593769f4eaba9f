"""Responses of the render plan, and the data of an object that is not a row."""

from __future__ import annotations

from functools import cache
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from spacedevs.api.filters.field_selection import Selection, pruned
from spacedevs.api.serializers import Rows
from spacedevs.db.footprints import recording

from .compiled import as_json
from .plan import keys_among, plan


def composed(shown: Any, value: Any, request: Request, selection: Selection | None = None) -> dict[str, Any]:
    """The data of a serializer of one object; the render plan renders the rows of its querysets."""
    parts = dict.fromkeys(shown.fields) if selection is None else dict(selection)
    return {name: part_of(shown.fields[name], value, request, part) for name, part in parts.items()}


def part_of(field: Any, value: Any, request: Request, selection: Selection | None) -> Any:
    """The value of one of its fields."""
    if isinstance(field, Rows):
        keys = list(value[field.source].values_list("pk", flat=True))
        return plan(type(field.child), selection).render(keys, request)
    value = field.get_attribute(value)
    if isinstance(field, Serializer):
        return composed(field, value, request, selection)
    return pruned(field.to_representation(value), selection)


def written(answer: Any, of_rows: Request | None = None) -> Response:
    """A response from the render plan. With `of_rows`, the request, it depends only on the address and on rows."""
    response = Response(as_json(answer))
    response.add_post_render_callback(let_go)
    if of_rows is not None and recording.is_watched():
        of_rows.META[recording.OF_ROWS] = True
    return response


def let_go(response: Any) -> None:
    """Breaks the reference cycle of response, view and request; otherwise megabytes stay until garbage collection."""
    response.renderer_context["view"].response = response.renderer_context = response.data = None


@cache
def known_among(endpoint: Any) -> str | None:
    """The statement for the keys among the rows of an endpoint's details, if it is always the same."""
    return keys_among(endpoint.rows(detail=True))
