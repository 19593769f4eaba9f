"""The nouns that have a list and a page each: their columns, facts, figures, launches and sections."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django.db import models

from spacedevs.api.views import Resource
from spacedevs.router import RESOURCES

from .sections import (
    Section,
    of_agency,
    of_booster,
    of_event,
    of_expedition,
    of_person,
    of_program,
    of_rocket,
    of_site,
    of_spacewalk,
)


class Launches(NamedTuple):
    """The launches of a record: the relation of a launch to it, and the API's filter."""

    relation: str
    filter: str


class Noun(NamedTuple):
    """A noun with a list at `/NAME/` and a page for each row at `/NAME/ID/`."""

    title: str
    path: str  # of its endpoint
    columns: dict[str, str]  # of the list after the name: paths of attributes by label
    order: tuple[str, ...] = ("name",)
    lead: str = ""  # the attribute that describes it
    facts: dict[str, str] = {}
    figures: dict[str, str] = {}
    links: tuple[str, ...] = ("info_url", "wiki_url")
    launches: Launches | None = None
    sections: Callable[[Any], Iterable[Section]] = lambda row: ()
    has_page: bool = True  # here, and not in docking/pages
    named_by: tuple[str, ...] = ()  # the relations that its name needs

    @property
    def resource(self) -> type[Resource]:
        return RESOURCES[self.path]

    @property
    def rows(self) -> models.QuerySet:
        """The rows of the list, with all that a line of it shows."""
        field_of = {path: self.model._meta.get_field(path.partition("__")[0]) for path in self.columns.values()}
        many = [path for path, field in field_of.items() if field.many_to_many]
        one = [path for path, field in field_of.items() if field.is_relation and not field.many_to_many]
        return self.model.objects.select_related(*((*self.named_by, *one) or [None])).prefetch_related(*many)

    @property
    def model(self) -> type[models.Model]:
        return self.resource.queryset.model


TOTALS = {
    "launches": "total_launch_count",
    "successful": "successful_launches",
    "failed": "failed_launches",
    "to come": "pending_launches",
}
NOUNS = {
    "people": Noun(
        "People",
        "astronauts",
        {"Agency": "agency", "Status": "status", "Flights": "flights_count", "Last flight": "last_flight"},
        lead="bio",
        facts={
            "Status": "status",
            "Agency": "agency",
            "Nationality": "nationality",
            "Born": "date_of_birth",
            "Died": "date_of_death",
            "First flight": "first_flight",
            "Last flight": "last_flight",
        },
        figures={"flights": "flights_count", "in space": "time_in_space", "spacewalks": "spacewalks_count"},
        links=("wiki",),
        sections=of_person,
    ),
    "agencies": Noun(
        "Agencies",
        "agencies",
        {"Type": "type", "Country": "country", "Founded": "founding_year", "Launches": "total_launch_count"},
        order=("-total_launch_count", "name"),
        lead="description",
        facts={
            "Type": "type",
            "Country": "country",
            "Founded": "founding_year",
            "Head": "administrator",
            "Part of": "parent",
        },
        figures=TOTALS,
        launches=Launches("launch_service_provider", "lsp__id"),
        sections=of_agency,
    ),
    "rockets": Noun(
        "Rockets",
        "launcher_configurations",
        {"Manufacturer": "manufacturer", "First flight": "maiden_flight", "Launches": "total_launch_count"},
        order=("-total_launch_count", "full_name"),
        lead="description",
        facts={
            "Manufacturer": "manufacturer",
            "Families": "families",
            "First flight": "maiden_flight",
            "In use": "active",
            "Reusable": "reusable",
            "Length, m": "length",
            "Diameter, m": "diameter",
            "Mass, t": "launch_mass",
            "To low Earth orbit, kg": "leo_capacity",
            "To transfer orbit, kg": "gto_capacity",
            "Shortest turnaround": "fastest_turnaround",
        },
        figures=TOTALS,
        launches=Launches("rocket__configuration", "launcher_config__id"),
        sections=of_rocket,
    ),
    "boosters": Noun(
        "Boosters",
        "launchers",
        {"Rocket": "launcher_config", "Status": "status", "Flights": "flights", "Last launch": "last_launch_date"},
        order=("-flights", "serial_number"),
        lead="details",
        facts={
            "Rocket": "launcher_config",
            "Status": "status",
            "First launch": "first_launch_date",
            "Last launch": "last_launch_date",
            "Shortest turnaround": "fastest_turnaround",
        },
        figures={"flights": "flights", "landings": "successful_landings", "tried": "attempted_landings"},
        links=(),
        sections=of_booster,
    ),
    "ships": Noun(
        "Ships",
        "spacecraft",
        {"Kind": "spacecraft_config", "Status": "status", "Flights": "flights_count"},
        has_page=False,
    ),
    "sites": Noun(
        "Launch sites",
        "locations",
        {"Country": "country", "Launches": "total_launch_count", "Landings": "total_landing_count"},
        order=("-total_launch_count", "name"),
        lead="description",
        facts={"Country": "country", "In use": "active", "Time zone": "timezone_name"},
        figures={"launches": "total_launch_count", "landings": "total_landing_count"},
        links=(),
        launches=Launches("pad__location", "location__ids"),
        sections=of_site,
    ),
    "pads": Noun(
        "Pads",
        "pads",
        {"Site": "location", "Country": "country", "Launches": "total_launch_count"},
        order=("-total_launch_count", "name"),
        lead="description",
        facts={
            "Site": "location",
            "Country": "country",
            "In use": "active",
            "Agencies": "agencies",
            "Shortest turnaround": "fastest_turnaround",
        },
        figures={"launches": "total_launch_count", "orbital": "orbital_launch_attempt_count"},
        launches=Launches("pad", "pad"),
    ),
    "dockings": Noun(
        "Dockings",
        "docking_events",
        {"Docked": "docking", "Departed": "departure"},
        order=("-docking",),
        facts={
            "Station": "space_station_target",
            "Port": "docking_location",
            "Docked": "docking",
            "Departed": "departure",
            "Ship": "flight_vehicle_chaser__spacecraft",
            "Launch": "flight_vehicle_chaser__launch",
        },
        links=(),
        named_by=(
            "space_station_target",
            "docking_location",
            "flight_vehicle_chaser__spacecraft",
            "payload_flight_chaser__payload",
            "space_station_chaser",
        ),
    ),
    "expeditions": Noun(
        "Expeditions",
        "expeditions",
        {"Station": "spacestation", "From": "start", "To": "end"},
        order=("-start",),
        facts={"Station": "spacestation", "From": "start", "To": "end"},
        links=(),
        sections=of_expedition,
    ),
    "spacewalks": Noun(
        "Spacewalks",
        "spacewalks",
        {"From": "start", "Duration": "duration", "Station": "spacestation"},
        order=("-start",),
        facts={
            "From": "start",
            "To": "end",
            "Duration": "duration",
            "Place": "location",
            "Station": "spacestation",
            "Expedition": "expedition",
        },
        links=(),
        sections=of_spacewalk,
    ),
    "events": Noun(
        "Events",
        "events",
        {"Type": "type", "Date": "date", "Place": "location"},
        order=("-date",),
        lead="description",
        facts={"Type": "type", "Date": "date", "Duration": "duration", "Place": "location", "Programs": "program"},
        links=(),
        sections=of_event,
    ),
    "programs": Noun(
        "Programs",
        "programs",
        {"Type": "type", "From": "start_date", "To": "end_date"},
        lead="description",
        facts={"Type": "type", "From": "start_date", "To": "end_date"},
        launches=Launches("program", "program"),
        sections=of_program,
    ),
}
