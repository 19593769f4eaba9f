"""The tables of the API, one for each version: one line for each path."""

from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.urls import include, re_path, reverse
from django.urls import path as path_to
from django.utils.http import http_date
from django.utils.module_loading import import_string
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
    LaunchHistory,
    PayloadFlight,
    PreviousLaunch,
    SpacecraftFlight,
    UpcomingLaunch,
)
from media_assets import serializers as media_assets
from places import serializers as places
from places.views import CelestialBody, Location, Pad
from spacedevs.api.contents import contents
from spacedevs.api.views import ConfigResource, OneObject, Resource, in_a_sentence
from spacedevs.changes.views import Changes, stream_elsewhere
from spacedevs.http.versions import called, roots, view_in
from spacedevs.later import Namespace, view
from spacedevs.search.views import Search
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
    "launches": {"history": LaunchHistory},
    "space_stations": {"now": SpaceStationNow},
}
ROOT_ADDITIONS = {"changes": Changes, "search": Search}  # and below its root


class LaunchLibrary(APIRootView):
    """Launches, rockets, stations, spacecraft and dockings, as Launch Library 2 answers them"""

    allowed_methods = ("GET",)
    page_template = "api/root.html"
    router = None  # whose root it is

    @property
    def about(self) -> str:
        return f"{in_a_sentence(type(self))}, in version {called(self.version)} of its API."

    @property
    def version(self) -> str:
        return self.router.version

    @property
    def contents(self) -> list:
        """The table of contents, for people."""
        return contents(self.router)

    @property
    def pages(self) -> dict[str, str]:
        """Where the pages on the version are."""
        return {name: reverse(view_in(self.version, name)) for name in ("docs", "schema")}

    @property
    def others(self) -> list[tuple[str, str]]:
        """The other versions and where they begin."""
        return [(called(version), root) for version, root in roots().items() if version != self.version]

    def get_view_description(self, html=False):
        return ""

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        listed = [each for _, each, _ in self.router.registry if issubclass(each, Resource)]
        parts = [(resource.part, resource.queryset.all()) for resource in listed if resource.part]
        moments = filter(None, (part.changes_at(rows) for part, rows in parts))
        # The page counts rows, and some of these counts depend on the clock.
        if request.accepted_renderer.format == "api" and (moment := min(moments, default=None)):
            response["Expires"] = http_date(moment.timestamp())
        return response


class Router(DefaultRouter):
    """The addresses of one version: its views know which it is."""

    include_format_suffixes = False

    def __init__(self, endpoints: dict, version=""):
        super().__init__()
        self.version = version
        self.routes = [each._replace(initkwargs={**each.initkwargs, "version": version}) for each in self.routes]
        for path, endpoint in endpoints.items():
            self.register(path, endpoint, basename=path if issubclass(endpoint, OneObject) else None)

    def get_default_basename(self, viewset):
        """The URL of a row is at the endpoint of the whole table, not at those of its subsets."""
        basename = super().get_default_basename(viewset)
        return f"{basename}-{viewset.__name__.lower()}" if viewset.part else basename

    def get_api_root_view(self, api_urls=None):
        listed = {path: f"{basename}-list" for path, _, basename in self.registry}
        return LaunchLibrary.as_view(api_root_dict=listed, router=self)

    @property
    def about(self) -> list:
        """The pages on the version itself."""
        schema = view_in(self.version, "schema")
        swagger = view("drf_spectacular.views.SpectacularSwaggerView", template_name="api/docs.html", url_name=schema)
        document = view("spacedevs.agents.document.Document", api_version=called(self.version))
        return [path_to("schema/", document, name="schema"), path_to("docs/", swagger, name="docs")]


ENDPOINTS = {
    **RESOURCES,
    **{f"config/{path}": ConfigResource.of(representation) for path, representation in CONFIG.items()},
    **OBJECTS,
}
for prefix, views in ADDITIONS.items():
    RESOURCES[prefix].below = tuple(views)
router = Router(ENDPOINTS)

additions = [
    re_path(
        rf"^{prefix}/(?P<pk>{RESOURCES[prefix].lookup_value_regex})/{path}/$",
        listed.as_view({"get": "list"}, basename=f"{prefix}-{path}", detail=True),
        name=f"{prefix}-{path}",
    )
    for prefix, views in ADDITIONS.items()
    for path, listed in views.items()
]
additions += [path_to("changes/stream/", stream_elsewhere, name="changes-stream")]
additions += [
    path_to(f"{path}/", listed.as_view({"get": "list"}, basename=path, detail=False), name=f"{path}-list")
    for path, listed in ROOT_ADDITIONS.items()
]


def addresses(version, endpoints: Callable[[], dict]):
    """The addresses of an older version, by names of their own; its table is read when one of them is needed."""

    def made():
        older = Router(endpoints(), version)
        return [*older.urls, *older.about]

    return Namespace(f"{version}/", version, "older", made)


urls = [
    path_to(f"{settings.CURRENT_VERSION}/", include([*router.urls, *router.about, *additions])),
    *(addresses(version, partial(import_string, table)) for version, table in settings.OLDER_VERSIONS.items()),
]
