"""Every error under the API is JSON with a `detail`, whatever raised it and wherever."""

from django.db import InterfaceError, OperationalError
from django.http import JsonResponse
from django.views import defaults
from rest_framework import views

from .headers import is_api
from .renderers import WrittenRenderer

UNAVAILABLE = "The database is not available; try again in a moment."
RETRY = "Retry-After", "5"
LONGEST_QUERY = 8192  # bytes, as nginx has it


def exception_handler(error, context):
    """DRF's handler, for what it does not know of and for views that cannot write JSON."""
    if isinstance(error, OperationalError | InterfaceError):
        return JsonResponse({"detail": UNAVAILABLE}, status=503, headers=dict([RETRY]))
    response = views.exception_handler(error, context)
    if response is not None and WrittenRenderer not in context["view"].renderer_classes:
        headers = {name: value for name, value in response.items() if name != "Content-Type"}
        return JsonResponse(response.data, status=response.status_code, headers=headers)
    return response


def bounded_query(get_response):
    """Refuses a query that is longer than any question."""

    def middleware(request):
        if is_api(request) and len(request.META.get("QUERY_STRING", "")) > LONGEST_QUERY:
            return JsonResponse({"detail": f"The query is longer than {LONGEST_QUERY} bytes."}, status=414)
        return get_response(request)

    return middleware


def handler(status, detail, page):
    """Django's handler for a status: JSON under the API, the ordinary page elsewhere."""

    def handle(request, *args, **kwargs):
        if is_api(request):
            return JsonResponse({"detail": detail}, status=status)
        return page(request, *args, **kwargs)

    return handle


bad_request = handler(400, "Bad request.", defaults.bad_request)
permission_denied = handler(403, "Permission denied.", defaults.permission_denied)
not_found = handler(404, "Not found.", defaults.page_not_found)
server_error = handler(500, "The server failed; the fault is not in your request.", defaults.server_error)
