"""The rate limit, before anything else: an unauthorised or excessive request costs no further work."""

from django.conf import settings
from django.db import Error
from rest_framework.exceptions import AuthenticationFailed, Throttled

from spacedevs.http.response_cache import WAS_MADE, ResponseCache
from spacedevs.http.versions import roots
from spacedevs.http.wsgi_errors import refuse, refuse_for_want_of_database

from .authentication import Caller, KeyAuthentication, address_of, caller_of, counted_as
from .file_counter import counter
from .rates import Rate, Use, limit_headers

CONDITIONS = {"HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE"}


class Throttle:
    """Counts the requests of each caller, and answers 429 above their limit; a 304 does not count."""

    def __init__(self, application):
        self.application = application
        self.unchanged = application.unchanged if isinstance(application, ResponseCache) else lambda *asked: None
        self.roots = tuple(roots().values())
        self.free = {f"{root}api-throttle/" for root in self.roots}  # it reports the usage, so it does not count

    def __call__(self, environ, start_response):
        if not settings.THROTTLE_ANONYMOUS and "HTTP_AUTHORIZATION" not in environ:
            return self.application(environ, start_response)  # no limit and no keys
        path = environ.get("PATH_INFO", "")
        if not path.startswith(self.roots):
            return self.application(environ, start_response)
        try:
            caller = caller_of(environ)
        except AuthenticationFailed as error:
            return self.refuse_token(environ, start_response, error)
        except Error:
            return refuse_for_want_of_database(start_response)
        if path in self.free:
            return self.application(environ, start_response)
        # No response depends on the key, so all callers share cached responses.
        environ.pop("HTTP_AUTHORIZATION", None)
        if caller.rate is None or environ["REQUEST_METHOD"] == "OPTIONS":
            return self.application(environ, start_response)
        return self.count(caller, environ, start_response)

    def count(self, caller: Caller, environ, start_response):
        use = counter().take(caller.counted_as, caller.rate)
        is_conditional = not CONDITIONS.isdisjoint(environ)
        start = self.telling(caller, use, environ, start_response)
        if use is None or not use.is_refused:
            return self.application(environ, start)
        told = self.unchanged(environ, start) if is_conditional else None
        return refuse_for_now(start, use.wait) if told is None else told

    def telling(self, caller: Caller, use: Use | None, environ, start_response):
        """A start_response that adds the limit, after it takes the count back for a 304 from the cache."""

        def start(status, headers, *error):
            after = use
            if use and not use.is_refused and status.startswith("304 ") and WAS_MADE not in environ:
                counter().give_back(caller.counted_as, caller.rate)
                after = use._replace(used=use.used - 1)
            return start_response(status, [*headers, *limit_headers(caller.policy, caller.rate, after)], *error)

        return start

    def refuse_token(self, environ, start_response, error: AuthenticationFailed):
        """Answers 401 for an unknown token; 429 to a client that tries many."""
        rate = Rate.of(settings.THROTTLE_FAILED)
        use = rate and counter().take(f"failures of {counted_as(address_of(environ))}", rate)
        told = limit_headers("failures", rate, use) if rate else []
        if use and use.is_refused:
            return refuse_for_now(start_response, use.wait, *told)
        return refuse(start_response, 401, error.detail, ("WWW-Authenticate", KeyAuthentication.keyword), *told)


def refuse_for_now(start_response, wait: int, *headers):
    wait = max(1, wait)
    return refuse(start_response, 429, Throttled(wait).detail, ("Retry-After", str(wait)), *headers)
