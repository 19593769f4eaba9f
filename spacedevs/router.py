"""The table of the API: every path, a line each."""

from rest_framework.routers import APIRootView, DefaultRouter

from agencies import serializers as agencies
from agencies.views import Agency, Program
from crew import serializers as crew
from docking.views import DockingEvent, DockingLocation
from events import serializers as events
from launches import serializers as launches
from launches.views import Landing, Launch, PayloadFlight, SpacecraftFlight
from media_assets import serializers as media_assets
from places import serializers as places
from places.views import Location, Pad
from spacedevs.api.resources import ConfigResource
from stations import serializers as stations
from stations.views import SpaceStation
from vehicles import serializers as vehicles
from vehicles.views import LauncherConfig, Spacecraft, SpacecraftConfiguration

RESOURCES = {
    "agencies": Agency,
    "config/docking_locations": DockingLocation,
    "docking_events": DockingEvent,
    "landings": Landing,
    "launcher_configurations": LauncherConfig,
    "launches": Launch,
    "locations": Location,
    "pads": Pad,
    "payload_flights": PayloadFlight,
    "programs": Program,
    "space_stations": SpaceStation,
    "spacecraft": Spacecraft,
    "spacecraft_configurations": SpacecraftConfiguration,
    "spacecraft_flights": SpacecraftFlight,
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


class LaunchLibrary(APIRootView):
    """Launches, rockets, stations, spacecraft and dockings, as Launch Library 2.3.0 answers them."""

    allowed_methods = ("GET",)


class Router(DefaultRouter):
    APIRootView = LaunchLibrary
    include_format_suffixes = False


router = Router()
for path, resource in RESOURCES.items():
    router.register(path, resource)
for path, representation in CONFIG.items():
    router.register(f"config/{path}", ConfigResource.of(representation))
