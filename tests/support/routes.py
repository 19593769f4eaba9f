"""The endpoints of the routers, for generic tests."""

from django.conf import settings
from django.utils.module_loading import import_string

from spacedevs.api.views import Resource
from spacedevs.router import Router, router

# By version; "" is the current one. The server makes those of older versions when somebody first asks for one.
ROUTERS = {"": router} | {
    version: Router(import_string(table), version) for version, table in settings.OLDER_VERSIONS.items()
}

ENDPOINTS = {prefix: viewset for prefix, viewset, _ in router.registry}
RESOURCES = {prefix: viewset for prefix, viewset in ENDPOINTS.items() if issubclass(viewset, Resource)}
MODES = [(prefix, mode) for prefix, resource in RESOURCES.items() for mode in resource.modes or ["normal"]]
KINDS = [  # docking events with each kind of target and chaser once
    ("space_station_target", "flight_vehicle_chaser"),
    ("flight_vehicle_target", "payload_flight_chaser"),
    ("payload_flight_target", "space_station_chaser"),
]
