"""Conditional requests (RFC 9110, section 13)."""

import re
from http import HTTPStatus
from time import time

from django.http import HttpResponse, HttpResponseNotModified, JsonResponse
from django.utils.http import parse_http_date_safe

LEFT = "spacedevs.conditions_left"  # the request's key if the response cache evaluates its conditions
FAILED = "The precondition failed: the response differs from the one that the request names."
CONDITIONS = {"HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE"}
# A proxy may mark a tag as weak; Apache appends the encoding when it compresses.
TAG = re.compile(r'("[^"]*?)(?:-(?:gzip|br|zstd|deflate))?"')
OF_UNCHANGED = "Cache-Control", "ETag", "Expires", "Last-Modified", "Vary", "X-Accel-Expires"


def names(header: str, etag: str) -> bool:
    """Whether a list of ETags contains this one, by weak comparison."""
    tag = etag.removeprefix("W/")
    return bool(tag) and (tag in header or tag[:-1] in TAG.findall(header))


def knows(environ, etag: str) -> bool:
    """Whether a client sends exactly this ETag."""
    return names(environ.get("HTTP_IF_NONE_MATCH", ""), etag)


def judge(environ, etag: str, modified: int | None) -> HTTPStatus:
    """The status for a successful GET or HEAD: 200, 304 or 412.

    The ETag may be empty; the date is in seconds since 1970, or None."""
    if match := environ.get("HTTP_IF_MATCH"):
        if not matches(match, etag):
            return HTTPStatus.PRECONDITION_FAILED
    elif was_modified(environ, modified):
        return HTTPStatus.PRECONDITION_FAILED
    if has := environ.get("HTTP_IF_NONE_MATCH"):
        unchanged = has.strip() == "*" or names(has, etag)
    else:
        unchanged = is_unmodified(environ, modified)
    return HTTPStatus.NOT_MODIFIED if unchanged else HTTPStatus.OK


def matches(header: str, etag: str) -> bool:
    """Whether a list of ETags contains this one, by strong comparison."""
    tags = {tag.strip() for tag in header.split(",")}
    return tags == {"*"} or (etag in tags and etag.startswith('"'))


def was_modified(environ, modified: int | None) -> bool:
    """Whether the response was modified since the date of If-Unmodified-Since."""
    since = date_in(environ, "HTTP_IF_UNMODIFIED_SINCE")
    return None not in (since, modified) and modified > since


def is_unmodified(environ, modified: int | None) -> bool:
    """Whether the response was not modified since the date of If-Modified-Since; a future date is ignored."""
    since = date_in(environ, "HTTP_IF_MODIFIED_SINCE")
    return None not in (since, modified) and modified <= since <= time()


def date_in(environ, name) -> int | None:
    """The date of a header in seconds since 1970; None if missing or invalid."""
    return parse_http_date_safe(environ[name]) if name in environ else None


def conditional(get_response):
    """Evaluates the conditions of requests outside of the response cache: files, pages, dumps."""

    def middleware(request):
        if request.method not in ("GET", "HEAD") or CONDITIONS.isdisjoint(request.META):
            return get_response(request)
        preconditions = {name: request.META.pop(name) for name in CONDITIONS if name in request.META}
        response = get_response(request)
        may_be_kept = LEFT in request.META and not response.has_header("Cache-Control")
        return response if may_be_kept or not 200 <= response.status_code < 300 else judged(preconditions, response)

    return middleware


def judged(preconditions, response) -> HttpResponse:
    """The response, or a 304 or 412 instead."""
    etag, date = response.get("ETag", ""), response.get("Last-Modified", "")
    verdict = judge(preconditions, etag, parse_http_date_safe(date))
    if verdict == HTTPStatus.OK:
        return response
    if file := getattr(response, "file_to_stream", None):
        file.close()
    if verdict == HTTPStatus.PRECONDITION_FAILED:
        return JsonResponse({"detail": FAILED}, status=verdict, headers={"Cache-Control": "no-store"})
    headers = {name: response[name] for name in OF_UNCHANGED if name in response}
    return HttpResponseNotModified(headers=headers)
