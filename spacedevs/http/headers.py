"""What browsers are told with every answer of the API: pages from anywhere may read it, without anyone's credentials.

No library, because answers must not vary by origin: they are kept and sent to all."""

import re

from csp.utils import build_policy
from django.conf import settings
from django.http import HttpResponse

CROSS_ORIGIN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Retry-After, X-Ignored-Values, X-Unknown-Parameters",
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Max-Age": "86400",
}
# Headers, where a preflight names none.
ALLOWED = "Authorization, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since"
VERSIONED = re.compile(r"/\d+\.\d+\.\d+(?:/|$)", re.ASCII)  # how the paths of every version begin
NAMES_OF_HEADERS = re.compile(r"[\w!#$%&'*+.^`|~-]+(?:[ \t]*,[ \t]*[\w!#$%&'*+.^`|~-]+)*", re.ASCII)


def is_api(request) -> bool:
    """Whether a path is of some version of the API, also when the request is too broken to be routed."""
    return VERSIONED.match(request.path_info) is not None


def preflight(request) -> HttpResponse:
    """Allows every header that a page wants to send: none makes this API do anything but answer."""
    asked = request.headers.get("Access-Control-Request-Headers", "")
    allowed = asked if NAMES_OF_HEADERS.fullmatch(asked) else ALLOWED
    return HttpResponse(status=204, headers=PREFLIGHT | {"Access-Control-Allow-Headers": allowed})


def is_preflight(request) -> bool:
    """Whether a browser asks in advance what a page from elsewhere may ask."""
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def cross_origin(get_response):
    def middleware(request):
        if not is_api(request):
            return get_response(request)
        response = preflight(request) if is_preflight(request) else get_response(request)
        for name, value in CROSS_ORIGIN.items():
            response[name] = value
        response.cookies.clear()  # that of a session which is over would be taken back with any answer
        return response

    return middleware


def of_plain_answers() -> list[tuple[str, str]]:
    """The headers of an answer that Django's middleware does not see."""
    return [
        *CROSS_ORIGIN.items(),
        ("Content-Security-Policy", build_policy()),
        ("Referrer-Policy", settings.SECURE_REFERRER_POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", settings.X_FRAME_OPTIONS),
        *[("Strict-Transport-Security", f"max-age={settings.SECURE_HSTS_SECONDS}")] * settings.TLS,
    ]


def may_be_staff(request) -> bool:
    """Whether somebody may be logged in, which only a cookie tells."""
    return settings.SESSION_COOKIE_NAME in request.COOKIES
