"""Launches, their vehicles, stations and docking events in version 2.2.0."""

from django.db.models import Q
from rest_framework.serializers import BooleanField, IntegerField

from crew import models as person
from docking import models as docking
from docking.querysets import DOCKED
from events import models as event
from launches import models as launch
from launches.serializers import LandingType, LaunchStatus, NetPrecision, TimelineEvent
from media_assets import models as media
from media_assets.serializers import InfoURL, Language, VidURLType
from spacedevs.api.fields import Constant, Days, ResponseMode, Text
from spacedevs.api.serializers import NameOf
from spacedevs.db.subsets import Subset
from stations import models as station
from stations.querysets import ACTIVE
from stations.serializers import SpaceStationStatus, SpaceStationType
from vehicles import models as vehicle

from . import things
from .declaring import COUNTS, ORBITAL, Shown, of, picture

# 2.2.0 has no docking events but those of a spacecraft at a station.
KNOWN_DOCKINGS = Subset(Q(flight_vehicle_chaser__isnull=False, space_station_target__isnull=False))
KNOWN_AND_DOCKED = Subset(KNOWN_DOCKINGS.where & DOCKED.where, DOCKED.edges)


class VidURL(Shown):
    Meta = of(media.VidURL).shows("""priority source publisher title description feature_image url type language
        start_time end_time""")
    type = VidURLType()
    language = Language()


class Update(Shown):
    Meta = of(event.Update, never_null="created_by created_on").shows("""id profile_image comment info_url
        created_by created_on""")


class Mission(Shown):
    Meta = of(launch.Mission).shows("id name description launch_designator type orbit agencies info_urls vid_urls")
    launch_designator = Constant()
    type = NameOf()
    orbit = things.Orbit(allow_null=True)
    agencies = things.AgencySerializerDetailedCommon(many=True)
    info_urls = InfoURL(many=True)
    vid_urls = VidURL(many=True)


class LaunchSerializerMini(Shown):
    Meta = of(launch.Launch).shows("id name")


class LaunchList(Shown):
    Meta = of(launch.Launch, mode="list", never_null="net window_end window_start").shows("""id url slug name
        status last_updated net net_precision window_end window_start lsp_name mission mission_type pad location
        landing landing_success launcher orbit image infographic type""")
    status = LaunchStatus()
    net_precision = NetPrecision(allow_null=True)
    lsp_name = Text("launch_service_provider.name")
    mission = Text("mission.name")
    mission_type = Text("mission.type.name")
    pad = Text("pad.name")
    location = Text("pad.location.name")
    landing = Constant()
    launcher = Constant()
    orbit = Constant()
    landing_success = Constant(kind=bool)
    image = Text("image.image_url")
    type = ResponseMode("list")


class RocketSerializerCommon(Shown):
    Meta = of(launch.Rocket).shows("id configuration")
    configuration = things.LauncherConfigList()


class LaunchSerializerCommon(LaunchList):
    Meta = of(launch.Launch, nullable="orbital_launch_attempt_count").shows(f"""id url slug name status
        last_updated net window_end window_start net_precision probability weather_concerns holdreason failreason
        hashtag launch_service_provider rocket mission pad webcast_live image infographic program {COUNTS} type""")
    lsp_name = mission_type = location = landing = landing_success = launcher = orbit = None
    net_precision = NetPrecision()
    holdreason = Constant("", allow_null=True)
    launch_service_provider = things.AgencySerializerMini()
    rocket = RocketSerializerCommon()
    mission = Mission(allow_null=True)
    pad = things.Pad()
    program = things.Program(many=True)
    type = ResponseMode("normal")


class SpaceStationSerializerMini(Shown):
    Meta = of(station.SpaceStation).shows("id url name")


class SpaceStationSerializerForDockingEvent(Shown):
    Meta = of(station.SpaceStation).shows("id url name image_url")
    image_url = picture()


class SpaceStationSerializerForExpedition(SpaceStationSerializerForDockingEvent):
    Meta = of(station.SpaceStation).shows("id url name status orbit image_url")
    status = SpaceStationStatus()
    orbit = NameOf()


class SpaceStationSerializerForCommon(SpaceStationSerializerForExpedition):
    Meta = of(station.SpaceStation, never_null="description").shows("""id url name status founded description orbit
        image_url""")


class SpaceStationDetailedSerializerForExpedition(SpaceStationSerializerForCommon):
    Meta = of(station.SpaceStation, never_null="description").shows("""id url name status founded description orbit
        image_url owners""")
    owners = things.AgencyList(many=True)


class DockingLocation(Shown):
    Meta = of(docking.DockingLocation).shows("id name spacestation")
    spacestation = SpaceStationSerializerMini(allow_null=True)


class DockingEventSerializerForSpacecraftFlight(Shown):
    Meta = of(docking.DockingEvent).shows("id spacestation docking departure docking_location")
    spacestation = SpaceStationSerializerForCommon(source="space_station_target")
    docking_location = DockingLocation()


class SpacecraftFlightSerializerForDockingEvent(Shown):
    Meta = of(launch.SpacecraftFlight).shows("id url destination mission_end spacecraft")
    spacecraft = things.Spacecraft()


class SpacecraftFlightSerializerForDockingEventDetailed(SpacecraftFlightSerializerForDockingEvent):
    spacecraft = things.SpacecraftDetailedNoFlights()


class SpacecraftFlight(SpacecraftFlightSerializerForDockingEvent):
    Meta = of(launch.SpacecraftFlight).shows("id url destination mission_end spacecraft launch")
    launch = LaunchSerializerCommon()


class SpacecraftDetailed(things.SpacecraftDetailedNoFlights):
    Meta = of(vehicle.Spacecraft, mode="detailed").shows(f"{' '.join(things.Spacecraft.Meta.fields)} flights")
    flights = SpacecraftFlight(many=True)


class AstronautDetailed(things.AstronautDetailedSerializerNoFlights):
    Meta = of(person.Astronaut, mode="detailed", never_null="last_flight first_flight").shows("""id url name status
        type agency date_of_birth date_of_death nationality twitter instagram bio profile_image
        profile_image_thumbnail wiki flights landings last_flight first_flight""")
    profile_image_thumbnail = picture(address="thumbnail_url", allow_null=False)
    flights = LaunchSerializerCommon(many=True, source="seats.launched_in.launch")
    landings = SpacecraftFlight(many=True, source="seats.landed_in")


class SpacecraftFlightForDockingEvent(SpacecraftFlight):
    Meta = of(launch.SpacecraftFlight).shows("id url spacecraft launch")
    spacecraft = things.SpacecraftDetailedNoFlights()


class Landing(Shown):
    Meta = of(launch.Landing).shows("id attempt success description downrange_distance location type")
    attempt = BooleanField(allow_null=True)
    location = things.LandingLocation(source="landing_location")
    type = LandingType()


class SpacecraftFlightDetailed(SpacecraftFlightForDockingEvent):
    Meta = of(launch.SpacecraftFlight, mode="detailed").shows("""id url mission_end destination launch_crew
        onboard_crew landing_crew spacecraft launch docking_events""")
    launch_crew = things.AstronautFlight(many=True)
    onboard_crew = things.AstronautFlight(many=True)
    landing_crew = things.AstronautFlight(many=True)
    docking_events = DockingEventSerializerForSpacecraftFlight(
        many=True, source="docking_events_chaser", part=KNOWN_DOCKINGS
    )


class SpacecraftFlightDetailedSerializerForLaunch(SpacecraftFlightDetailed):
    Meta = of(launch.SpacecraftFlight).shows("""id url mission_end destination launch_crew onboard_crew
        landing_crew spacecraft landing docking_events""")
    launch = None
    landing = Landing(allow_null=True)


class FirstStage(Shown):
    Meta = of(launch.FirstStage).shows("""id type reused launcher_flight_number launcher landing
        previous_flight_date turn_around_time_days previous_flight""")
    type = NameOf()
    launcher = things.LauncherDetailed()
    landing = Landing(allow_null=True)
    turn_around_time_days = Days("turn_around_time")
    previous_flight = LaunchSerializerMini(allow_null=True)


class RocketDetailed(RocketSerializerCommon):
    Meta = of(launch.Rocket).shows("id configuration launcher_stage spacecraft_stage")
    configuration = things.LauncherConfigDetail()
    launcher_stage = FirstStage(many=True, source="launch.first_stages")
    spacecraft_stage = SpacecraftFlightDetailedSerializerForLaunch(
        source="launch.spacecraft_flights", first=True, allow_null=True
    )


class LaunchDetailed(LaunchSerializerCommon):
    Meta = of(launch.Launch, mode="detailed", nullable=ORBITAL).shows(f"""id url slug flightclub_url r_spacex_api_id
        name status last_updated updates net net_precision window_end window_start probability weather_concerns
        holdreason failreason hashtag launch_service_provider rocket mission pad infoURLs vidURLs webcast_live
        timeline image infographic program {COUNTS} pad_turnaround mission_patches type""")
    r_spacex_api_id = Constant()
    updates = Update(many=True)
    net_precision = NetPrecision(allow_null=True)
    launch_service_provider = things.AgencySerializerDetailedCommon()
    rocket = RocketDetailed()
    infoURLs = InfoURL(many=True, source="info_urls")
    vidURLs = VidURL(many=True, source="vid_urls")
    timeline = TimelineEvent(many=True)
    mission_patches = things.MissionPatch(many=True)
    type = ResponseMode("detailed")


class DockingEvent(Shown):
    Meta = of(docking.DockingEvent).shows("id url launch_id docking departure flight_vehicle docking_location")
    launch_id = Text("flight_vehicle_chaser.launch.id", otherwise="")
    flight_vehicle = SpacecraftFlightSerializerForDockingEvent(source="flight_vehicle_chaser")
    docking_location = DockingLocation()


class DockingEventDetailed(DockingEvent):
    Meta = of(docking.DockingEvent, mode="detailed").shows("""id url launch_id docking departure flight_vehicle
        docking_location space_station""")
    flight_vehicle = SpacecraftFlightSerializerForDockingEventDetailed(source="flight_vehicle_chaser")
    space_station = SpaceStationSerializerForDockingEvent(source="space_station_target")


class DockingEventDetailedSerializerForSpacestation(Shown):
    Meta = of(docking.DockingEvent).shows("id url docking departure flight_vehicle")
    flight_vehicle = SpacecraftFlightForDockingEvent(source="flight_vehicle_chaser")


class DockingLocationSerializerForSpacestation(Shown):
    Meta = of(docking.DockingLocation).shows("id name docked")
    docked = DockingEventDetailedSerializerForSpacestation(
        source="docking_events", part=KNOWN_AND_DOCKED, allow_null=True
    )


class ExpeditionSerializerForSpacestation(Shown):
    Meta = of(station.Expedition).shows("id url name start end")


class ExpeditionDetailedSerializerForSpacestation(ExpeditionSerializerForSpacestation):
    Meta = of(station.Expedition).shows("id url name start end crew")
    crew = things.AstronautFlightForExpedition(many=True)


class Expedition(ExpeditionSerializerForSpacestation):
    Meta = of(station.Expedition).shows("id url name start end spacestation mission_patches")
    spacestation = SpaceStationSerializerForExpedition()
    mission_patches = things.MissionPatch(many=True)


class ExpeditionDetail(Expedition, ExpeditionDetailedSerializerForSpacestation):
    Meta = of(station.Expedition, mode="detailed").shows("id url name start end spacestation crew mission_patches")
    spacestation = SpaceStationDetailedSerializerForExpedition()


class SpaceStation(SpaceStationDetailedSerializerForExpedition):
    Meta = of(station.SpaceStation, never_null="description").shows("""id url name status type founded deorbited
        description orbit owners active_expedition image_url""")
    type = SpaceStationType()
    active_expedition = ExpeditionSerializerForSpacestation(many=True, source="expeditions", part=ACTIVE)


class SpaceStationDetailed(SpaceStation):
    Meta = of(station.SpaceStation, mode="detailed", never_null="description").shows("""id url name status type
        founded deorbited height width mass volume description orbit onboard_crew docked_vehicles owners
        active_expeditions docking_location image_url""")
    active_expedition = None
    onboard_crew = IntegerField(required=False)
    docked_vehicles = IntegerField(required=False)
    owners = things.Agency(many=True)
    active_expeditions = ExpeditionDetailedSerializerForSpacestation(many=True, source="expeditions", part=ACTIVE)
    docking_location = DockingLocationSerializerForSpacestation(many=True)
