"""Errors: below the API each one is JSON with a `detail`, wherever it was raised."""

import logging
import sys
from functools import wraps

from django.conf import settings
from django.core.exceptions import DisallowedHost, TooManyFieldsSent
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpResponse, JsonResponse
from django.urls import is_valid_path
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import MethodNotAllowed

from .headers import is_api
from .versions import called, roots

log = logging.getLogger(__name__)
FAILURES = OperationalError, InterfaceError, InternalError  # errors of the database, not of the request
UNAVAILABLE = "The database is not available; try again in a moment."
TOO_LONG = "The database took too long; request less data, or try again in a moment."
REASONS = {  # by a part of the database's message
    "statement timeout": TOO_LONG,
    "interrupted": TOO_LONG,
    "readonly database": "The database is read-only; nothing was saved.",
    "read-only transaction": "The database is read-only; nothing was saved.",
    "disk is full": "The disk of the database is full; nothing was saved.",
    "No space left on device": "The disk of the database is full; nothing was saved.",
    "database is locked": "The database is busy with other writers; nothing was saved. Try again in a moment.",
}
REFUSED = {
    DisallowedHost: "Unknown host name; SPACEDEVS_ALLOWED_HOSTS lists the names of this server.",
    TooManyFieldsSent: f"There are more than {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS} parameters.",
}
NUL = "A parameter contains a NUL character."
RETRY = "Retry-After", "5"
READING = "GET", "HEAD", "OPTIONS"
MAX_QUERY_BYTES = 8192  # bytes, as nginx has it
MAX_BODY_BYTES = 65536  # bytes, for requests whose body is not read


def told(status, detail, headers=None) -> HttpResponse:
    """An error as plain text, for paths without pages."""
    return HttpResponse(detail, status=status, content_type="text/plain; charset=utf-8", headers=headers)


def reason(error) -> str:
    """A message for clients about a failure of the database; the log has the original."""
    log.warning("The database failed: %s", error)
    return next((words for said, words in REASONS.items() if said in str(error)), UNAVAILABLE)


def bounded(get_response):
    """Refuses queries that are too long or contain a NUL, and bodies that nobody reads.

    In the API the filters report values that databases refuse."""

    def middleware(request):
        if not is_api(request) and "%00" in request.META.get("QUERY_STRING", ""):
            return told(400, NUL)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if is_api(request) and length.isascii() and length.isdigit() and int(length[:20]) > MAX_BODY_BYTES:
            return JsonResponse({"detail": f"The body is larger than {MAX_BODY_BYTES} bytes."}, status=413)
        if is_api(request) and len(request.META.get("QUERY_STRING", "")) > MAX_QUERY_BYTES:
            return JsonResponse({"detail": f"The query is longer than {MAX_QUERY_BYTES} bytes."}, status=414)
        if is_api(request) and request.method not in READING and lacks_slash(request.path_info):
            return not_allowed(request, "GET")  # a redirect to the path with a slash would turn it into a GET
        return get_response(request)

    return middleware


def lacks_slash(path) -> bool:
    """Whether a path exists with a slash at its end."""
    return not is_valid_path(path) and is_valid_path(f"{path}/")


def not_allowed(request, allowed) -> JsonResponse:
    """The response to a method that would write."""
    refusal = MethodNotAllowed(request.method)
    return JsonResponse({"detail": refusal.detail}, status=refusal.status_code, headers={"Allow": allowed})


def only_read(view):
    """A decorator for plain Django views that refuses methods in the same words as DRF."""

    @csrf_exempt  # otherwise the client would get an error about cookies
    @wraps(view)
    def answer(request, *args, **kwargs):
        if request.method in ("GET", "HEAD"):
            return view(request, *args, **kwargs)
        return not_allowed(request, "GET, HEAD")

    return answer


def handler(status, detail, page):
    """Django's handler for a status: JSON below the API, Django's page elsewhere."""

    def handle(request, *args, **kwargs):
        if is_api(request):
            return JsonResponse({"detail": detail}, status=status)
        return page(request, *args, **kwargs)

    return handle


def bad_request(request, exception):
    """Handles requests that Django refuses, with a message if a client or an administrator can do something about
    it."""
    detail = next((words for kind, words in REFUSED.items() if isinstance(exception, kind)), None)
    if is_api(request):
        return JsonResponse({"detail": detail or "Bad request."}, status=400)
    return told(400, detail) if detail else defaults.bad_request(request, exception)


permission_denied = handler(403, "Permission denied.", defaults.permission_denied)
faulty = handler(500, "Internal server error; your request is not the cause.", defaults.server_error)


def not_found(request, exception):
    """An unknown path: JSON below the API and for clients that do not accept HTML, with the URLs of the API."""
    found = roots()
    if request.path_info.startswith(tuple(found.values())):
        return JsonResponse({"detail": "Not found."}, status=404)
    if is_api(request) or request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        here = ", ".join(f"{called(version)} at {root}" for version, root in found.items())
        detail = f"Not found. This server offers these versions of the API: {here}."
        return JsonResponse({"detail": detail}, status=404)
    return defaults.page_not_found(request, exception)


def server_error(request):
    """Answers failures of the database with 503, also while a page is rendered or a form is saved."""
    error = sys.exception()
    if not isinstance(error, FAILURES):
        return faulty(request)
    if is_api(request):
        return JsonResponse({"detail": reason(error)}, status=503, headers=dict([RETRY]))
    return told(503, reason(error), dict([RETRY]))
