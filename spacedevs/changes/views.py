"""The endpoints that tell what changed: `changes/`, and `history/` of a record."""

from functools import cached_property

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.http.request import split_domain_port
from django.shortcuts import get_object_or_404
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.utils.urls import replace_query_param

from spacedevs.api.filters.reading import limit_in, paths_in, wrong_limit
from spacedevs.api.render_plan.compiled import as_json
from spacedevs.api.views import OneObject
from spacedevs.db.change_log.reading import Expired, Log, Position
from spacedevs.later import Description

from . import history, serializers
from .news import headlines
from .records import all_endpoints, changes_after
from .told import records_of, told

DEFAULT_LIMIT, MAX_LIMIT = 100, 1_000
ADDITION = "An addition of this server to Launch Library 2.3.0."


def chosen_paths(names) -> set[str] | None:
    """The paths in the parameter `endpoints`; None for all."""
    return paths_in("endpoints", names, all_endpoints()) or None


class CursorExpired(APIException):
    """The cursor belongs to another database, or its changes were deleted."""

    status_code = 410
    default_code = "expired"
    default_detail = (
        "This cursor has expired. Request `changes/` without `since` for a new one, read the lists that you need, "
        "and then follow the changes from the new cursor."
    )


def log_and_position(name, cursor) -> tuple[Log, Position]:
    """The log, and the position of a cursor in a parameter; now if there is none."""
    log = Log.read()
    if not cursor:
        return log, log.now
    try:
        return log, log.position(cursor)
    except ValueError:
        raise ValidationError({name: ["This is not a cursor of `changes/`."]}) from None
    except Expired:
        raise CursorExpired from None


class Changes(OneObject):
    """The records that were created, updated or deleted since a cursor, in the order of the changes"""

    ladder = (serializers.Changes,)
    selects_fields = False
    parameters = {
        "since": {"type": str, "description": "A cursor; without one, the response has the cursor of now."},
        "endpoints": {"type": str, "description": "Only these endpoints: paths separated by commas."},
        "limit": {
            "type": int,
            "description": f"Number of changes, {DEFAULT_LIMIT} by default, at most {MAX_LIMIT}.",
        },
        "include": {"type": str, "enum": ["record"], "description": "Also the records, as they are now."},
        "mode": {"type": str, "description": "The mode of these records, where their endpoint has it."},
    }
    filter_names = ("since", "endpoints", "include")
    page_template = "changes/page.html"
    help_text = (
        "What changed since a cursor. Each record appears once, with its last change. Begin without `since`: the "
        "response has the cursor of now. Then read the lists that you need, and from time to time request the changes "
        "since the last cursor; while `has_more` is true, at once.\n\n"
        "A row that has no endpoint of its own, such as a stage, counts as a change of the records that show it. A "
        "row that has one counts alone: if an agency is renamed, the agency changed, and its launches did not.\n\n"
        "A change can be told twice, and none is left out. A cursor expires after "
        f"{settings.CHANGES_KEEP} days, or when the database was replaced; the response is then 410, and a "
        f"client begins again.\n\n{ADDITION}"
    )

    def list(self, request, *args, **kwargs):
        asked = request.query_params
        log, position = log_and_position("since", asked.get("since"))
        paths = chosen_paths(asked.get("endpoints"))
        includes = self.includes(asked.get("include"))
        page = changes_after(log, position, paths, limit_in(asked.get("limit"), DEFAULT_LIMIT, MAX_LIMIT))
        self.is_passing = not log.is_whole
        self.page, self.told = page, not asked.get("since")
        cursor = log.cursor(page.until)
        results = [told(change, log, request) for change in page.changes]
        if includes:
            records = records_of(page.changes, asked.get("mode"), request)
            for change, result in zip(page.changes, results, strict=True):
                result["record"] = records.get(change.ref)
        shown = {
            "cursor": cursor,
            "has_more": page.has_more,
            "next": replace_query_param(request.build_absolute_uri(), "since", cursor),
            "results": results,
        }
        return Response(as_json(shown))

    def includes(self, name) -> bool:
        if name not in (None, "", "record"):
            raise ValidationError({"include": ["Choose from: record."]})
        return bool(name)

    def ignored_values(self):
        return wrong_limit(self.request.query_params.get("limit"), MAX_LIMIT)

    @cached_property
    def news(self) -> list:
        """The changes as sentences, newest first; without a cursor, the latest."""
        return headlines(self.page.changes if not self.told else None)


def stream_elsewhere(request):
    """Leads to the stream of changes."""
    return in_process_of_stream(
        request, "This server has no stream of changes: its operator has not started one. Request `changes/` instead."
    )


def in_process_of_stream(request, otherwise: str):
    """Leads to another port of this host, at which a process of its own serves the same path; 404 if there is none."""
    if not settings.STREAM_PORT:
        return JsonResponse({"detail": otherwise}, status=404)
    host, _ = split_domain_port(request.get_host())
    response = HttpResponse(status=307)
    response["Location"] = f"{request.scheme}://{host}:{settings.STREAM_PORT}{request.get_full_path()}"
    response["Cache-Control"] = "no-store"
    return response


class RecordHistory(OneObject):
    """The history of a record; subclasses name its `queryset`"""

    ladder = (serializers.History,)
    selects_fields = False
    schema = Description("spacedevs.api.schema.OneSchema")
    help_text = (
        "Each change of a tracked field of this record, newest first: the moment at which this server took it in, and "
        "the value before and after. A mirror records changes as they come in, so the history begins with the "
        f"mirror.\n\n{ADDITION}"
    )

    def list(self, request, *args, **kwargs):
        row = get_object_or_404(self.queryset, pk=self.kwargs["pk"])
        entries = history.of(row)
        shown = {
            "id": str(row.pk),
            "url": reverse(f"{row._meta.model_name}-detail", [row.pk], request=request),
            "slips": sum(1 for entry in entries if (entry["slip"] or 0) > 0),
            "results": entries,
        }
        return Response(as_json(shown))
