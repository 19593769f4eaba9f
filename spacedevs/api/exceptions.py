"""DRF's exception handler: every error below the API is JSON with a `detail`."""

from django.http import JsonResponse
from rest_framework import views

from spacedevs.api.browsable.renderers import WrittenRenderer
from spacedevs.api.exports import exports
from spacedevs.api.feeds import feeds
from spacedevs.http.errors import FAILURES, RETRY, reason


def exception_handler(error, context):
    """Extends DRF's handler to other exceptions and to views without a JSON renderer."""
    if isinstance(error, FAILURES):
        return JsonResponse({"detail": reason(error)}, status=503, headers=dict([RETRY]))
    response = views.exception_handler(error, context)
    is_written = WrittenRenderer in context["view"].renderer_classes
    is_other = any(each.is_wanted(context["request"]) for each in (feeds, exports))
    if response is not None and (is_other or not is_written):
        headers = {name: value for name, value in response.items() if name != "Content-Type"}
        return JsonResponse(response.data, status=response.status_code, headers=headers)
    return response
