"""Request ids: the client, the proxy and every log line use the same one."""

import logging
import re
import secrets
from time import perf_counter

from django.conf import settings

from spacedevs.throttling.authentication import address_of

from .logs import request_id

log = logging.getLogger("spacedevs.requests")
NAMED = re.compile(r"[\w-]{1,64}", re.ASCII)


def name_of(environ) -> str:
    """The id of a request: the proxy's, or a new one."""
    given = environ.get("HTTP_X_REQUEST_ID", "") if settings.PROXIES else ""
    return given if NAMED.fullmatch(given) else secrets.token_hex(16)


class Logged:
    """Gives each request an id, for the response and all log lines; writes an access log line if configured."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        name, said, began = name_of(environ), [], perf_counter()

        def start(status, headers, *error):
            said[:] = status, headers
            return start_response(status, [*headers, ("X-Request-ID", name)], *error)

        before = request_id.set(name)
        try:
            return self.application(environ, start)
        finally:
            if settings.LOG_REQUESTS and said:
                log.info("%s %s", environ["REQUEST_METHOD"], environ["PATH_INFO"], extra=facts(environ, *said, began))
            request_id.reset(before)


def facts(environ, status, headers, began) -> dict:
    """The fields of an access log line."""
    length = next((value for name, value in headers if name.lower() == "content-length"), None)
    return {
        "query": environ.get("QUERY_STRING", ""),
        "status": int(status[:3]),
        "bytes": length and int(length),
        "milliseconds": round((perf_counter() - began) * 1000, 3),
        "address": address_of(environ),
    }
