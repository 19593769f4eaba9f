"""The name of the product, for templates."""

from django.conf import settings


def context(request) -> dict[str, str]:
    return {"product": settings.PRODUCT}
