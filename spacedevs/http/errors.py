"""Every error under the API is JSON with a `detail`, whatever raised it and wherever."""

import logging
import sys
from functools import wraps

from django.conf import settings
from django.core.exceptions import DisallowedHost, TooManyFieldsSent
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpResponse, JsonResponse
from django.urls import is_valid_path, reverse
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import MethodNotAllowed

from .headers import is_api

log = logging.getLogger(__name__)
FAILURES = OperationalError, InterfaceError, InternalError  # of the database, not of what was asked
UNAVAILABLE = "The database is not available; try again in a moment."
TOO_LONG = "The database took too long; ask for less at once, or try again in a moment."
REASONS = {  # by what the databases say
    "statement timeout": TOO_LONG,
    "interrupted": TOO_LONG,
    "readonly database": "The database can be read but not written; nothing was saved.",
    "read-only transaction": "The database can be read but not written; nothing was saved.",
    "disk is full": "The disk of the database is full; nothing was saved.",
    "No space left on device": "The disk of the database is full; nothing was saved.",
    "database is locked": "The database is busy with other writers; nothing was saved. Try again in a moment.",
}
REFUSED = {
    DisallowedHost: "This server does not know the host that was asked for; SPACEDEVS_ALLOWED_HOSTS names its own.",
    TooManyFieldsSent: f"There are more than {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS} parameters.",
}
NUL = "A parameter holds a NUL, which no text does."
RETRY = "Retry-After", "5"
READING = "GET", "HEAD", "OPTIONS"
MAX_QUERY_BYTES = 8192  # bytes, as nginx has it
MAX_BODY_BYTES = 65536  # bytes, of requests that are not read


def told(status, detail, headers=None) -> HttpResponse:
    """An error in plain words, where it is no page's."""
    return HttpResponse(detail, status=status, content_type="text/plain; charset=utf-8", headers=headers)


def reason(error) -> str:
    """Why the database failed, in words that a client may know; the log has it in the database's own."""
    log.warning("The database failed: %s", error)
    return next((words for said, words in REASONS.items() if said in str(error)), UNAVAILABLE)


def bounded(get_response):
    """Refuses a query that is longer than any question, one that holds a NUL, and a body that nobody will read.

    In the API the filters say which value no database takes."""

    def middleware(request):
        if not is_api(request) and "%00" in request.META.get("QUERY_STRING", ""):
            return told(400, NUL)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if is_api(request) and length.isascii() and length.isdigit() and int(length[:20]) > MAX_BODY_BYTES:
            return JsonResponse({"detail": f"The body is larger than {MAX_BODY_BYTES} bytes."}, status=413)
        if is_api(request) and len(request.META.get("QUERY_STRING", "")) > MAX_QUERY_BYTES:
            return JsonResponse({"detail": f"The query is longer than {MAX_QUERY_BYTES} bytes."}, status=414)
        if is_api(request) and request.method not in READING and lacks_slash(request.path_info):
            return not_allowed(request, "GET")  # a redirect to the path with its slash would make a GET of it
        return get_response(request)

    return middleware


def lacks_slash(path) -> bool:
    """Whether a path leads somewhere but for the slash at its end."""
    return not is_valid_path(path) and is_valid_path(f"{path}/")


def not_allowed(request, allowed) -> JsonResponse:
    """The answer to a method that would write."""
    refusal = MethodNotAllowed(request.method)
    return JsonResponse({"detail": refusal.detail}, status=refusal.status_code, headers={"Allow": allowed})


def only_read(view):
    """A view that is none of the framework's, but refuses methods in the same words."""

    @csrf_exempt  # or who would write is told about cookies
    @wraps(view)
    def answer(request, *args, **kwargs):
        if request.method in ("GET", "HEAD"):
            return view(request, *args, **kwargs)
        return not_allowed(request, "GET, HEAD")

    return answer


def handler(status, detail, page):
    """Django's handler for a status: JSON under the API, the ordinary page elsewhere."""

    def handle(request, *args, **kwargs):
        if is_api(request):
            return JsonResponse({"detail": detail}, status=status)
        return page(request, *args, **kwargs)

    return handle


def bad_request(request, exception):
    """What Django refuses to look at: said in words where a client or an administrator can do something about it."""
    detail = next((words for kind, words in REFUSED.items() if isinstance(exception, kind)), None)
    if is_api(request):
        return JsonResponse({"detail": detail or "Bad request."}, status=400)
    return told(400, detail) if detail else defaults.bad_request(request, exception)


permission_denied = handler(403, "Permission denied.", defaults.permission_denied)
faulty = handler(500, "The server failed; the fault is not in your request.", defaults.server_error)


def not_found(request, exception):
    """A path that leads nowhere: JSON under the API, and for a client that wants no page. It says where the API is."""
    root = reverse("api-root")
    if request.path_info.startswith(root):
        return JsonResponse({"detail": "Not found."}, status=404)
    if is_api(request) or request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        version = root.strip("/")
        return JsonResponse(
            {"detail": f"Not found. This server has version {version} of the API, at {root}."}, status=404
        )
    return defaults.page_not_found(request, exception)


def server_error(request):
    """A failure of the database is told as one, also where it comes while a page is drawn or a form is saved."""
    error = sys.exception()
    if not isinstance(error, FAILURES):
        return faulty(request)
    if is_api(request):
        return JsonResponse({"detail": reason(error)}, status=503, headers=dict([RETRY]))
    return told(503, reason(error), dict([RETRY]))
