"""What an ordinary project would ship: plain DRF over the same representations, with the best prefetches."""

from django.urls import include, path
from rest_framework.renderers import JSONRenderer
from rest_framework.routers import DefaultRouter

from spacedevs.http.versions import called
from tests.support.routes import ROUTERS


def plain(resource, version):
    """The same resource without our ways of being fast."""
    slow = {"planned": False, "renderer_classes": [JSONRenderer], "version": version}
    return type(resource.__name__, (resource,), slow)


def addresses(version):
    router = DefaultRouter()
    for prefix, resource, basename in ROUTERS[version].registry:
        router.register(prefix, plain(resource, version), basename)
    return include((router.urls, "older"), namespace=version) if version else include(router.urls)


urlpatterns = [path(f"{called(version)}/", addresses(version)) for version in ROUTERS]
