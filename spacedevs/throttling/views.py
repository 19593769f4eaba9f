"""The endpoint /2.3.0/api-throttle/, which tells callers how many requests are left."""

from spacedevs.api.views import OneObject

from .authentication import caller_of
from .file_counter import counter
from .serializers import APIThrottle

# LL2 2.3.0 has no word for "no limit", so this is the largest number that every client can hold.
UNLIMITED = {"your_request_limit": 2**31 - 1, "limit_frequency_secs": 3600, "current_use": 0, "next_use_secs": 0}


class ApiThrottle(OneObject):
    """The limit and the usage of the caller; this endpoint does not count itself."""

    ladder = (APIThrottle,)

    def get_object(self):
        caller = caller_of(self.request.META)
        if caller.rate is None:
            return {**UNLIMITED, "ident": caller.ident}
        use = counter().use(caller.counted_as, caller.rate)
        return {
            "your_request_limit": caller.rate.limit,
            "limit_frequency_secs": caller.rate.period,
            "current_use": min(use.used, caller.rate.limit),
            "next_use_secs": use.next(caller.rate),
            "ident": caller.ident,
        }

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"  # it depends on the caller and the moment
        return response
