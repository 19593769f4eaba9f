"""What an ordinary project would ship: plain DRF over the same representations, with the best prefetches."""

from django.urls import include, path
from rest_framework.renderers import JSONRenderer
from rest_framework.routers import DefaultRouter

from spacedevs.router import router as ours


def plain(resource):
    """The same resource without our ways of being fast."""
    return type(resource.__name__, (resource,), {"planned": False, "renderer_classes": [JSONRenderer]})


router = DefaultRouter()
for prefix, resource, basename in ours.registry:
    router.register(prefix, plain(resource), basename)
urlpatterns = [path("2.3.0/", include(router.urls))]
