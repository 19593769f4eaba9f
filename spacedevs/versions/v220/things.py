"""Agencies, places, people and vehicles in version 2.2.0."""

from rest_framework.serializers import BooleanField, IntegerField

from agencies import models as agency
from agencies.serializers import ProgramType
from crew import models as person
from crew.serializers import AstronautRole, AstronautStatus, AstronautType
from places import models as place
from spacedevs.api.fields import Constant, Duration, Text, Whole
from spacedevs.api.serializers import FirstOf, Joined, NameOf
from vehicles import models as vehicle
from vehicles.serializers import SpacecraftConfigType, SpacecraftStatus

from .declaring import LANDED, LAUNCHED, Account, Family, Shown, of, picture

AGENCY = "id url name featured type country_code abbrev description administrator founding_year launchers spacecraft"
AGENCY_ENDS = "info_url wiki_url logo_url image_url nation_url"


class AgencyList(Shown):
    Meta = of(agency.Agency).shows("id url name abbrev")


class AgencySerializerMini(Shown):
    Meta = of(agency.Agency).shows("id url name type")
    type = Text("type.name")


class Agency(AgencySerializerMini):
    Meta = of(agency.Agency).shows(f"{AGENCY} parent image_url logo_url")
    country_code = Joined("country", "alpha_3_code")
    founding_year = Text()
    parent = NameOf(allow_null=True)
    image_url = picture()
    logo_url = picture("logo")


class AgencySerializerDetailedCommon(Agency):
    Meta = of(agency.Agency).shows(f"""{AGENCY} launch_library_url total_launch_count
        consecutive_successful_launches successful_launches failed_launches pending_launches
        consecutive_successful_landings successful_landings failed_landings attempted_landings {AGENCY_ENDS}""")
    parent = None
    launch_library_url = Constant()
    nation_url = picture("social_logo")


class MissionPatch(Shown):
    Meta = of(agency.MissionPatch).shows("id name priority image_url agency")
    agency = AgencySerializerMini(allow_null=True)


class Program(Shown):
    Meta = of(agency.Program).shows("""id url name description agencies image_url start_date end_date info_url
        wiki_url mission_patches type""")
    agencies = AgencySerializerMini(many=True)
    image_url = picture(allow_null=False)
    mission_patches = MissionPatch(many=True)
    type = ProgramType()


class Location(Shown):
    Meta = of(place.Location).shows("""id url name country_code description map_image timezone_name
        total_launch_count total_landing_count""")
    country_code = Text("country.alpha_3_code", otherwise="")
    description = Text(otherwise="")


class PadSerializerNoLocation(Shown):
    Meta = of(place.Pad).shows("""id url agency_id name description info_url wiki_url map_url latitude longitude
        country_code map_image total_launch_count""")
    agency_id = FirstOf("agencies", "id", kind=int)
    country_code = Text("country.alpha_3_code", otherwise="")


class LocationDetail(Location):
    Meta = of(place.Location, mode="detailed").shows("""id name country_code description map_image timezone_name
        total_launch_count total_landing_count pads""")
    pads = PadSerializerNoLocation(many=True)


class Pad(PadSerializerNoLocation):
    Meta = of(place.Pad).shows("""id url agency_id name description info_url wiki_url map_url latitude longitude
        location country_code map_image total_launch_count orbital_launch_attempt_count""")
    latitude = Text()
    longitude = Text()
    location = Location()


class LandingLocation(Shown):
    Meta = of(place.LandingLocation).shows("id name abbrev description location successful_landings")
    location = Location(allow_null=True)


class Orbit(Shown):
    Meta = of(place.Orbit).shows("id name abbrev")


class Astronaut(Shown):
    Meta = of(person.Astronaut).shows("id url name status agency profile_image profile_image_thumbnail")
    status = AstronautStatus()
    agency = AgencySerializerMini()
    profile_image = picture()
    profile_image_thumbnail = picture(address="thumbnail_url")


class AstronautDetailedSerializerNoFlights(Astronaut):
    Meta = of(person.Astronaut).shows("""id url name type in_space time_in_space status agency date_of_birth
        date_of_death nationality twitter instagram bio profile_image wiki last_flight first_flight""")
    type = AstronautType()
    nationality = FirstOf("nationality", "nationality_name", otherwise="")
    twitter = Account("x", "twitter")
    instagram = Account("instagram")
    in_space = BooleanField(required=False)
    time_in_space = Duration()


class AstronautNormal(AstronautDetailedSerializerNoFlights):
    Meta = of(person.Astronaut).shows("""id url name status type in_space time_in_space eva_time age date_of_birth
        date_of_death nationality bio twitter instagram wiki agency profile_image profile_image_thumbnail
        flights_count landings_count spacewalks_count last_flight first_flight""")
    agency = Agency(allow_null=True)
    age = IntegerField(allow_null=True, required=False)
    landings_count = IntegerField(required=False)


class AstronautFlight(Shown):
    Meta = of(person.AstronautFlight).shows("id role astronaut")
    role = AstronautRole()
    astronaut = AstronautDetailedSerializerNoFlights()


class AstronautFlightForExpedition(AstronautFlight):
    astronaut = Astronaut()


class SpacecraftConfig(Shown):
    Meta = of(vehicle.SpacecraftConfig).shows("id url name type agency in_use image_url")
    type = SpacecraftConfigType()
    agency = AgencySerializerMini()
    image_url = picture()


class SpacecraftConfiguration(Shown):
    Meta = of(vehicle.SpacecraftConfig).shows("""id url name agency in_use capability maiden_flight human_rated
        crew_capacity image_url nation_url wiki_link info_link""")
    agency = Agency()
    image_url = picture()
    nation_url = Constant()


class SpacecraftConfigurationDetail(SpacecraftConfiguration):
    Meta = of(vehicle.SpacecraftConfig, mode="detailed").shows("""id url name type agency in_use capability history
        details maiden_flight height diameter human_rated crew_capacity payload_capacity payload_return_capacity
        flight_life image_url nation_url wiki_link info_link""")
    type = SpacecraftConfigType()


class Spacecraft(Shown):
    Meta = of(vehicle.Spacecraft).shows("""id url name serial_number is_placeholder in_space time_in_space
        time_docked flights_count mission_ends_count status description spacecraft_config""")
    in_space = BooleanField(required=False)
    time_in_space = Duration()
    time_docked = Duration()
    mission_ends_count = IntegerField(required=False)
    status = SpacecraftStatus()
    spacecraft_config = SpacecraftConfig()


class SpacecraftDetailedNoFlights(Spacecraft):
    spacecraft_config = SpacecraftConfigurationDetail()


class LauncherConfigList(Shown):
    Meta = of(vehicle.LauncherConfig).shows("id url name family full_name variant")
    family = Family()


class LauncherConfig(LauncherConfigList):
    Meta = of(vehicle.LauncherConfig).shows("""id url name manufacturer program family full_name variant reusable
        image_url info_url wiki_url""")
    manufacturer = Agency()
    program = Program(many=True)
    image_url = picture()


class LauncherConfigDetail(LauncherConfig):
    Meta = of(vehicle.LauncherConfig, mode="detailed").shows("""id url name active reusable description family
        full_name manufacturer program variant alias min_stage max_stage length diameter maiden_flight launch_cost
        launch_mass leo_capacity gto_capacity to_thrust apogee vehicle_range image_url info_url wiki_url
        total_launch_count consecutive_successful_launches successful_launches failed_launches pending_launches
        attempted_landings successful_landings failed_landings consecutive_successful_landings""")
    manufacturer = AgencySerializerDetailedCommon()
    launch_cost = Text()
    launch_mass = Whole()
    leo_capacity = Whole()
    gto_capacity = Whole()
    to_thrust = Whole()
    apogee = Whole()
    vehicle_range = Constant(kind=int)


class LauncherConfigDetailSerializerForAgency(LauncherConfigDetail):
    Meta = of(vehicle.LauncherConfig).shows("""id url name description family full_name variant alias min_stage
        max_stage length diameter maiden_flight launch_mass leo_capacity gto_capacity to_thrust apogee
        vehicle_range image_url info_url wiki_url consecutive_successful_launches successful_launches
        failed_launches pending_launches""")
    manufacturer = program = launch_cost = None


class AgencySerializerDetailed(AgencySerializerDetailedCommon):
    Meta = of(agency.Agency, mode="detailed").shows(f"""{AGENCY} parent launch_library_url {LAUNCHED} {LANDED}
        {AGENCY_ENDS} launcher_list spacecraft_list""")
    parent = NameOf(allow_null=True)
    launcher_list = LauncherConfigDetailSerializerForAgency(many=True)
    spacecraft_list = SpacecraftConfigurationDetail(many=True)


class LauncherDetailed(Shown):
    Meta = of(vehicle.Launcher, nullable="successful_landings attempted_landings flights").shows("""id url details
        flight_proven serial_number status image_url successful_landings attempted_landings flights
        last_launch_date first_launch_date""")
    status = Text("status.name", otherwise="")
    details = Text(otherwise="")
    image_url = picture()


class Launcher(LauncherDetailed):
    Meta = of(vehicle.Launcher).shows("""id url flight_proven serial_number status details launcher_config
        image_url flights last_launch_date first_launch_date""")
    launcher_config = LauncherConfigList()


class LauncherDetail(LauncherDetailed):
    Meta = of(vehicle.Launcher, mode="detailed", never_null="last_launch_date first_launch_date").shows("""id url
        flight_proven serial_number status details launcher_config image_url successful_landings attempted_landings
        flights last_launch_date first_launch_date""")
    launcher_config = LauncherConfigDetail()
