"""CORS headers for every response of the API: pages of any origin may read it, without credentials.

This uses no library, because responses must not vary by origin: they are cached and sent to all."""

import re

from csp.utils import build_policy
from django.conf import settings
from django.http import HttpResponse

CROSS_ORIGIN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Content-Disposition, Deprecation, ETag, Link, RateLimit, RateLimit-Policy, "
    "Retry-After, X-Ignored-Values, X-Unknown-Parameters",
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Max-Age": "86400",
}
# The default if a preflight names no headers.
ALLOWED = "Authorization, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since"
VERSIONED = re.compile(r"/\d+\.\d+\.\d+(?:/|$)", re.ASCII)  # the beginning of the paths of every version
NAMES_OF_HEADERS = re.compile(r"[\w!#$%&'*+.^`|~-]+(?:[ \t]*,[ \t]*[\w!#$%&'*+.^`|~-]+)*", re.ASCII)


def is_api(request) -> bool:
    """Whether a path belongs to a version of the API, also for requests that are too broken for routing."""
    return VERSIONED.match(request.path_info) is not None


def preflight(request) -> HttpResponse:
    """Allows every request header, because no header can change data in this API."""
    asked = request.headers.get("Access-Control-Request-Headers", "")
    allowed = asked if NAMES_OF_HEADERS.fullmatch(asked) else ALLOWED
    return HttpResponse(status=204, headers=PREFLIGHT | {"Access-Control-Allow-Headers": allowed})


def is_preflight(request) -> bool:
    """Whether a request is a CORS preflight."""
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def cross_origin(get_response):
    def middleware(request):
        if not is_api(request):
            return get_response(request)
        response = preflight(request) if is_preflight(request) else get_response(request)
        for name, value in CROSS_ORIGIN.items():
            response[name] = value
        response.cookies.clear()  # Django would delete the cookie of an expired session with any response
        return response

    return middleware


def of_plain_answers() -> list[tuple[str, str]]:
    """Headers for responses that bypass Django's middleware."""
    return [
        *CROSS_ORIGIN.items(),
        ("Content-Security-Policy", build_policy()),
        ("Referrer-Policy", settings.SECURE_REFERRER_POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", settings.X_FRAME_OPTIONS),
        *[("Strict-Transport-Security", f"max-age={settings.SECURE_HSTS_SECONDS}")] * settings.TLS,
    ]


def may_be_staff(request) -> bool:
    """Whether a user may be logged in: whether there is a session cookie."""
    return settings.SESSION_COOKIE_NAME in request.COOKIES
