"""What every page says of this server: its name, and the version of the API that the page is about."""

from django.conf import settings
from django.urls import reverse

from .versions import called, version_of, view_in


def context(request) -> dict[str, str]:
    version = version_of(request)
    return {
        "product": settings.PRODUCT,
        "api_version": called(version),
        "api_root": reverse(view_in(version, "api-root")),
    }
