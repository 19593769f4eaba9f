"""The table of the API: one line for each path."""

from django.urls import re_path
from django.utils.http import http_date
from rest_framework.routers import APIRootView, DefaultRouter

from agencies import serializers as agencies
from agencies.views import Agency, MissionPatch, Program
from crew import serializers as crew
from crew.views import Astronaut
from docking.views import DockingEvent, DockingLocation, SpaceStationNow
from events import serializers as events
from events.views import (
    Events,
    PreviousEvents,
    Spacewalk,
    StarshipDashboard,
    UpcomingEvents,
    Update,
)
from launches import serializers as launches
from launches.views import (
    Landing,
    Launch,
    PayloadFlight,
    PreviousLaunch,
    SpacecraftFlight,
    UpcomingLaunch,
)
from media_assets import serializers as media_assets
from places import serializers as places
from places.views import CelestialBody, Location, Pad
from spacedevs.api.contents import contents
from spacedevs.api.views import ConfigResource, in_a_sentence
from spacedevs.throttling.views import ApiThrottle
from stations import serializers as stations
from stations.views import Expedition, SpaceStation
from vehicles import serializers as vehicles
from vehicles.views import (
    Launcher,
    LauncherConfig,
    LauncherConfigFamily,
    Payload,
    Spacecraft,
    SpacecraftConfigFamily,
    SpacecraftConfiguration,
)

RESOURCES = {
    "agencies": Agency,
    "astronauts": Astronaut,
    "celestial_bodies": CelestialBody,
    "config/docking_locations": DockingLocation,
    "docking_events": DockingEvent,
    "events": Events,
    "events/previous": PreviousEvents,
    "events/upcoming": UpcomingEvents,
    "expeditions": Expedition,
    "landings": Landing,
    "launcher_configuration_families": LauncherConfigFamily,
    "launcher_configurations": LauncherConfig,
    "launchers": Launcher,
    "launches": Launch,
    "launches/previous": PreviousLaunch,
    "launches/upcoming": UpcomingLaunch,
    "locations": Location,
    "mission_patches": MissionPatch,
    "pads": Pad,
    "payload_flights": PayloadFlight,
    "payloads": Payload,
    "programs": Program,
    "space_stations": SpaceStation,
    "spacecraft": Spacecraft,
    "spacecraft_configuration_families": SpacecraftConfigFamily,
    "spacecraft_configurations": SpacecraftConfiguration,
    "spacecraft_flights": SpacecraftFlight,
    "spacewalks": Spacewalk,
    "updates": Update,
}
CONFIG = {
    "agency_types": agencies.AgencyType,
    "astronaut_roles": crew.AstronautRole,
    "astronaut_statuses": crew.AstronautStatus,
    "astronaut_types": crew.AstronautType,
    "celestial_body_types": places.CelestialBodyType,
    "countries": agencies.Country,
    "event_types": events.EventType,
    "first_stage_types": launches.FirstStageType,
    "image_licenses": media_assets.ImageLicense,
    "image_variant_types": media_assets.ImageVariantType,
    "infourl_types": media_assets.InfoURLType,
    "landing_locations": places.LandingLocation,
    "landing_types": launches.LandingType,
    "languages": media_assets.Language,
    "launch_statuses": launches.LaunchStatus,
    "launcher_statuses": vehicles.LauncherStatus,
    "mission_types": launches.MissionType,
    "net_precisions": launches.NetPrecision,
    "notice_types": events.NoticeType,
    "orbits": places.Orbit,
    "payload_types": vehicles.PayloadType,
    "program_types": agencies.ProgramType,
    "road_closure_statuses": events.RoadClosureStatus,
    "space_station_statuses": stations.SpaceStationStatus,
    "spacecraft_configuration_types": vehicles.SpacecraftConfigType,
    "spacecraft_statuses": vehicles.SpacecraftStatus,
    "timeline_event_types": launches.TimelineEventType,
    "vidurl_types": media_assets.VidURLType,
}
OBJECTS = {
    "api-throttle": ApiThrottle,
    "dashboard/starship": StarshipDashboard,
}
ADDITIONS = {  # additions to LL2 2.3.0 below its records
    "space_stations": {"now": SpaceStationNow},
}


class LaunchLibrary(APIRootView):
    """Launches, rockets, stations, spacecraft and dockings, as Launch Library 2.3.0 answers them."""

    allowed_methods = ("GET",)
    page_template = "api/root.html"

    @property
    def about(self) -> str:
        return in_a_sentence(type(self))

    @property
    def contents(self) -> list:
        """The table of contents."""
        return contents(router.registry)

    def get_view_description(self, html=False):
        return ""

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        parts = [(resource.part, resource.queryset.all()) for resource in RESOURCES.values() if resource.part]
        moments = filter(None, (part.changes_at(rows) for part, rows in parts))
        # The page counts rows, and some of these counts depend on the clock.
        if request.accepted_renderer.format == "api" and (moment := min(moments, default=None)):
            response["Expires"] = http_date(moment.timestamp())
        return response


class Router(DefaultRouter):
    APIRootView = LaunchLibrary
    include_format_suffixes = False

    def get_default_basename(self, viewset):
        """The URL of a row is at the endpoint of the whole table, not at those of its subsets."""
        basename = super().get_default_basename(viewset)
        return f"{basename}-{viewset.__name__.lower()}" if viewset.part else basename


router = Router()
for path, resource in RESOURCES.items():
    router.register(path, resource)
for path, representation in CONFIG.items():
    router.register(f"config/{path}", ConfigResource.of(representation))
for path, view in OBJECTS.items():
    router.register(path, view, basename=path)

additions = [
    re_path(
        rf"^{prefix}/(?P<pk>{RESOURCES[prefix].lookup_value_regex})/{path}/$",
        view.as_view({"get": "list"}, basename=f"{prefix}-{path}", detail=True),
        name=f"{prefix}-{path}",
    )
    for prefix, views in ADDITIONS.items()
    for path, view in views.items()
]
urls = [*router.urls, *additions]
