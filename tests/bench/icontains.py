"""Search as DRF has it, in every column that it names; all else is ours, so that the search alone is compared."""

from django.urls import include, path
from rest_framework.filters import SearchFilter
from rest_framework.routers import DefaultRouter

from docking.views import DockingEvent
from spacedevs.api.filters.backends import WordSearch
from spacedevs.router import router as ours


class ColumnSearch(DockingEvent):
    filter_backends = [SearchFilter if backend is WordSearch else backend for backend in DockingEvent.filter_backends]
    search_fields = (
        "docking_location__name",
        "flight_vehicle_chaser__spacecraft__name",
        "flight_vehicle_target__spacecraft__name",
        "payload_flight_chaser__payload__name",
        "payload_flight_target__payload__name",
        "space_station_chaser__name",
        "space_station_target__name",
    )


router = DefaultRouter()
for prefix, resource, basename in ours.registry:
    router.register(prefix, ColumnSearch if resource is DockingEvent else resource, basename)
urlpatterns = [path("2.3.0/", include(router.urls))]
