"""Every error under the API is JSON with a `detail`, whatever raised it and wherever."""

from django.http import JsonResponse
from django.urls import reverse
from django.views import defaults


def is_api(request) -> bool:
    """Whether a path is the API's, also when the request is too broken to be routed."""
    return request.path_info.startswith(reverse("api-root"))


def handler(status, detail, page):
    """Django's handler for a status: JSON under the API, the ordinary page elsewhere."""

    def handle(request, *args, **kwargs):
        if is_api(request):
            return JsonResponse({"detail": detail}, status=status)
        return page(request, *args, **kwargs)

    return handle


bad_request = handler(400, "Bad request.", defaults.bad_request)
permission_denied = handler(403, "Permission denied.", defaults.permission_denied)
not_found = handler(404, "Not found.", defaults.page_not_found)
server_error = handler(500, "The server failed; the fault is not in your request.", defaults.server_error)
