"""Conditional requests (RFC 9110, section 13): whether a client has what is there, or still wants it."""

import re
from http import HTTPStatus
from time import time

from django.http import HttpResponse, HttpResponseNotModified, JsonResponse
from django.utils.http import parse_http_date_safe

LEFT = "spacedevs.conditions_left"  # where a request has that the response cache judges what it may keep
FAILED = "The precondition failed: the answer is not, or no longer, the one that the request asks for."
CONDITIONS = {"HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE"}
# A proxy may mark a tag as weak or, where it compresses as Apache does, put the encoding after it.
TAG = re.compile(r'("[^"]*?)(?:-(?:gzip|br|zstd|deflate))?"')
OF_UNCHANGED = "Cache-Control", "ETag", "Expires", "Last-Modified", "Vary", "X-Accel-Expires"


def names(header: str, etag: str) -> bool:
    """Whether a list of ETags has this one, by the weak comparison."""
    tag = etag.removeprefix("W/")
    return bool(tag) and (tag in header or tag[:-1] in TAG.findall(header))


def knows(environ, etag: str) -> bool:
    """Whether a client gives this very ETag, so that there is an answer of which it is."""
    return names(environ.get("HTTP_IF_NONE_MATCH", ""), etag)


def judge(environ, etag: str, modified: int | None) -> HTTPStatus:
    """What a GET or a HEAD is to be answered whose answer is a success: 200, 304 or 412.

    The ETag may be empty; the date is in seconds since 1970, None where the answer has none."""
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
    """Whether a list of ETags has this one, by the strong comparison."""
    tags = {tag.strip() for tag in header.split(",")}
    return tags == {"*"} or (etag in tags and etag.startswith('"'))


def was_modified(environ, modified: int | None) -> bool:
    """Whether it was modified since a date until which it must not have been."""
    since = date_in(environ, "HTTP_IF_UNMODIFIED_SINCE")
    return None not in (since, modified) and modified > since


def is_unmodified(environ, modified: int | None) -> bool:
    """Whether it was not modified since a date; one that is yet to come is no date of an answer."""
    since = date_in(environ, "HTTP_IF_MODIFIED_SINCE")
    return None not in (since, modified) and modified <= since <= time()


def date_in(environ, name) -> int | None:
    """The date of a header, in seconds since 1970; None where there is no header or it is no date."""
    return parse_http_date_safe(environ[name]) if name in environ else None


def conditional(get_response):
    """Judges the conditions of requests for all that has no place in the response cache: files, pages, dumps."""

    def middleware(request):
        if request.method not in ("GET", "HEAD") or CONDITIONS.isdisjoint(request.META):
            return get_response(request)
        asked = {name: request.META.pop(name) for name in CONDITIONS if name in request.META}
        response = get_response(request)
        may_be_kept = LEFT in request.META and not response.has_header("Cache-Control")
        return response if may_be_kept or not 200 <= response.status_code < 300 else judged(asked, response)

    return middleware


def judged(asked, response) -> HttpResponse:
    """The answer, or what is said instead of it."""
    etag, date = response.get("ETag", ""), response.get("Last-Modified", "")
    verdict = judge(asked, etag, parse_http_date_safe(date))
    if verdict == HTTPStatus.OK:
        return response
    if file := getattr(response, "file_to_stream", None):
        file.close()
    if verdict == HTTPStatus.PRECONDITION_FAILED:
        return JsonResponse({"detail": FAILED}, status=verdict, headers={"Cache-Control": "no-store"})
    headers = {name: response[name] for name in OF_UNCHANGED if name in response}
    return HttpResponseNotModified(headers=headers)
