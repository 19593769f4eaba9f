"""The endpoints of the router, for generic tests."""

from spacedevs.api.views import Resource
from spacedevs.router import router

ENDPOINTS = {prefix: viewset for prefix, viewset, _ in router.registry}
RESOURCES = {prefix: viewset for prefix, viewset in ENDPOINTS.items() if issubclass(viewset, Resource)}
MODES = [(prefix, mode) for prefix, resource in RESOURCES.items() for mode in resource.modes or ["normal"]]
KINDS = [  # docking events with each kind of target and chaser once
    ("space_station_target", "flight_vehicle_chaser"),
    ("flight_vehicle_target", "payload_flight_chaser"),
    ("payload_flight_target", "space_station_chaser"),
]
