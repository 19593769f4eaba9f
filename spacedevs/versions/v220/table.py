"""The table of version 2.2.0: the endpoints with their own serializers and parameters."""

from django.db.models import Q, QuerySet
from rest_framework.serializers import IntegerField

from agencies import serializers as agency
from agencies import views as agencies
from crew import serializers as person
from crew import views as crew
from docking import views as docking
from events import serializers as event
from events import views as events
from launches import serializers as launch
from launches import views as launches
from launches.filters import MANUFACTURER, PROVIDER
from places import views as places
from spacedevs.api.filters.filters import FlagFilter, IdsFilter, IntegerFilter, TextFilter, TextsFilter
from spacedevs.api.views import ConfigResource
from spacedevs.db.ordering import total
from spacedevs.later import Description, described_as
from spacedevs.throttling.views import ApiThrottle
from stations import serializers as station
from stations import views as stations
from vehicles import serializers as vehicle
from vehicles import views as vehicles
from vehicles.models import Launcher

from . import flights, happenings, things


def alike(endpoint, shown, **parameters) -> type:
    """An endpoint with the same serializer in two modes."""
    return endpoint.showing(shown, attributes={"modes": {"normal": shown, "detailed": shown}}, **parameters)


class NoneKnown(TextFilter):
    """Matches nothing, because this value is null in every row."""

    def condition(self, value):
        return Q(pk__in=[])


class Related(FlagFilter):
    """Asks nothing of its own: whether those that ask for a provider find what it has built as well."""

    def filter(self, rows, value):
        return rows


class OfProvider:
    """Selects launches by provider, and with `related` also by the manufacturer of the rocket."""

    def places_for(self, value):
        return self.places if self.parent.form.cleaned_data.get("related") else self.places[:1]


class ProviderIds(OfProvider, IdsFilter):
    pass


class ProviderNames(OfProvider, TextsFilter):
    pass


@described_as(IntegerField(allow_null=True))
class NullableIntegerFilter(IntegerFilter):
    """Compares a whole number, of which the document of 2.2.0 says that it may be null."""


class StarshipDashboard(events.StarshipDashboard):
    """Starship: launches, events, vehicles, news, road closures."""

    ladder = (happenings.StarshipDashboard,)
    schema = Description("spacedevs.api.schema.OneSchema")
    most_events = None

    def get_object(self):
        shown = super().get_object()
        previous = {**shown["previous"], "events": in_own_order(shown["previous"]["events"])}
        vehicles = shown["vehicles"].order_by(*total(Launcher, ["serial_number__by_letters"]))
        closures = in_own_order(shown["road_closures"])
        return {**shown, "previous": previous, "vehicles": vehicles, "road_closures": closures}


def in_own_order(rows) -> QuerySet:
    """The same rows, in the order of their table."""
    return rows.model._default_manager.filter(pk__in=rows.values("pk"))


LAUNCHES = (flights.LaunchList, flights.LaunchSerializerCommon, flights.LaunchDetailed)
OF_LAUNCHES = {
    "lsp__id": ProviderIds(f"{PROVIDER}__id", f"{MANUFACTURER}__id"),
    "lsp__ids": ProviderIds(f"{PROVIDER}__id", f"{MANUFACTURER}__id"),
    "lsp__name": ProviderNames(f"{PROVIDER}__name", f"{MANUFACTURER}__name"),
    "pad__ids": IdsFilter("pad__id"),
    "r_spacex_api_id": NoneKnown("id"),
    "related": Related(label="Also include rockets built by the provider"),
}


def of_launches(*ladder) -> dict:
    return {
        "launch": launches.Launch.showing(*ladder, **OF_LAUNCHES),
        "launch/previous": launches.PreviousLaunch.showing(*ladder, **OF_LAUNCHES),
        "launch/upcoming": launches.UpcomingLaunch.showing(*ladder, **OF_LAUNCHES),
    }


LOOKUPS = (
    agency.AgencyType,
    person.AstronautRole,
    person.AstronautStatus,
    person.AstronautType,
    event.EventType,
    launch.FirstStageType,
    things.LandingLocation,
    launch.LaunchStatus,
    launch.MissionType,
    event.NoticeType,
    things.Orbit,
    event.RoadClosureStatus,
    vehicle.SpacecraftStatus,
    station.SpaceStationStatus,
)
ENDPOINTS = {
    "agencies": agencies.Agency.showing(
        things.Agency,
        things.AgencySerializerDetailed,
        agency_type=IntegerFilter("type"),
        country_code=TextFilter("country__alpha_3_code"),
    ),
    "astronaut": crew.Astronaut.showing(
        things.AstronautNormal,
        flights.AstronautDetailed,
        agency__abbrev=TextFilter("agency__abbrev"),
        agency__name=TextFilter("agency__name"),
        name=TextFilter("name"),
        status=IntegerFilter("status"),
    ),
    "config/dockinglocation": docking.DockingLocation.showing(flights.DockingLocation),
    "config/launcher": vehicles.LauncherConfig.showing(
        things.LauncherConfig,
        things.LauncherConfigDetail,
        family=TextFilter("families__name"),
        manufacturer=IntegerFilter("manufacturer"),
    ),
    "config/spacecraft": vehicles.SpacecraftConfiguration.showing(
        things.SpacecraftConfiguration,
        things.SpacecraftConfigurationDetail,
        manufacturer=IntegerFilter("agency"),
    ),
    **{f"config/{shown.__name__.lower()}": ConfigResource.of(shown) for shown in LOOKUPS},
    "docking_event": docking.DockingEvent.showing(
        flights.DockingEvent,
        flights.DockingEventDetailed,
        flight_vehicle__id=IntegerFilter("flight_vehicle_chaser"),
        space_station__id=IntegerFilter("space_station_target"),
        attributes={
            "queryset": flights.KNOWN_DOCKINGS.of(docking.DockingEvent.queryset),
            "ordering_fields": ("departure", "docking", "id"),
        },
    ),
    "event": alike(events.Events, happenings.Events, id=IntegerFilter("id")),
    "event/previous": alike(events.PreviousEvents, happenings.Events),
    "event/upcoming": alike(events.UpcomingEvents, happenings.Events),
    "expedition": stations.Expedition.showing(flights.Expedition, flights.ExpeditionDetail),
    **of_launches(*LAUNCHES),
    "launcher": vehicles.Launcher.showing(
        things.Launcher,
        things.LauncherDetail,
        launcher_config=IntegerFilter("launcher_config"),
        launcher_config__manufacturer=IntegerFilter("launcher_config__manufacturer"),
    ),
    "location": places.Location.showing(
        things.Location,
        things.LocationDetail,
        pad__location_id=NullableIntegerFilter("pads__location"),
    ),
    "pad": alike(places.Pad, things.Pad, location=IntegerFilter("location")),
    "program": agencies.Program.showing(things.Program),
    "spacecraft": vehicles.Spacecraft.showing(things.Spacecraft, flights.SpacecraftDetailed),
    "spacecraft/flight": launches.SpacecraftFlight.showing(flights.SpacecraftFlight, flights.SpacecraftFlightDetailed),
    "spacestation": stations.SpaceStation.showing(
        flights.SpaceStation,
        flights.SpaceStationDetailed,
        owners__abbrev=TextFilter("owners__abbrev"),
        owners__name=TextFilter("owners__name"),
    ),
    "updates": events.Update.showing(flights.Update),
    "api-throttle": ApiThrottle,
    "dashboard/starship": StarshipDashboard,
}
