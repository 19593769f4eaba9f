"""What only the older versions have: parameters of their own, and values made of what 2.3.0 shows otherwise."""

from datetime import UTC, datetime, timedelta

import pytest

from agencies.models import Agency, Country
from crew.models import Astronaut
from events.models import Event
from launches.models import FirstStage, Launch, Rocket, SpacecraftFlight
from media_assets.models import SocialMediaLink
from places.models import Location, Pad
from stations.models import Expedition, SpaceStation
from tests.support import factories
from vehicles.models import Launcher, LauncherConfig, SpacecraftConfig

pytestmark = pytest.mark.django_db

row = factories.row


@pytest.fixture
def ask(client):
    """The records of a list of version 2.2.0, or a record."""

    def ask(path, **parameters):
        response = client.get(f"/2.2.0/{path}", parameters)
        assert response.status_code == 200, response.content
        told = response.json()
        return told.get("results", told)

    return ask


# Parameters --------------------------------------------------------------------------------------


CASES = {  # what is asked: the rows, by what is told of them; and which of these are found
    "agencies/?agency_type=900001": (Agency, "type__id", [900001, 900002]),
    "agencies/?country_code=FRA": (Agency, "country__alpha_3_code", ["FRA", "USA"]),
    "astronaut/?name=Ride": (Astronaut, "name", ["Ride", "Rider"]),
    "astronaut/?status=900001": (Astronaut, "status__id", [900001, 900002]),
    "astronaut/?agency__name=NASA": (Astronaut, "agency__name", ["NASA", "NASA 2"]),
    "astronaut/?agency__abbrev=RFSA": (Astronaut, "agency__abbrev", ["RFSA", "ESA"]),
    "config/launcher/?family=Ariane": (LauncherConfig, "families__name", ["Ariane", "Vega"]),
    "config/launcher/?manufacturer=900001": (LauncherConfig, "manufacturer__id", [900001, 900002]),
    "config/launcher/?reusable=true": (LauncherConfig, "reusable", [True, False]),
    "config/spacecraft/?manufacturer=900001": (SpacecraftConfig, "agency__id", [900001, 900002]),
    "launch/?pad__ids=900001": (Launch, "pad__id", [900001, 900002]),
    "launch/?lsp__ids=900001,900003": (Launch, "launch_service_provider__id", [900001, 900002]),
    "launch/?launcher_config__id=900001": (Launch, "rocket__configuration__id", [900001, 900002]),
    "launcher/?launcher_config=900001": (Launcher, "launcher_config__id", [900001, 900002]),
    "launcher/?launcher_config__manufacturer=900001": (
        Launcher,
        "launcher_config__manufacturer__id",
        [900001, 900002],
    ),
    "pad/?location=900001": (Pad, "location__id", [900001, 900002]),
    "spacestation/?owners__name=NASA": (SpaceStation, "owners__name", ["NASA", "ESA"]),
    "spacestation/?owners__abbrev=RFSA": (SpaceStation, "owners__abbrev", ["RFSA", "ESA"]),
    "event/?id=900001": (Event, "id", [900001, 900002]),
}


@pytest.mark.parametrize("address", CASES)
def test_a_parameter_selects_what_its_name_says(address, ask):
    model, path, values = CASES[address]
    found, _ = (factories.row(model, **made(model, path, value)) for value in values)
    assert [str(each["id"]) for each in ask(address)] == [str(found.pk)]


def made(model, path, value):
    """The facts of a row that has a value at the end of a path; a list of rows where there may be several."""
    name, _, rest = path.partition("__")
    field = model._meta.get_field(name)
    if not rest:
        return {name: value}
    other = field.related_model
    made_there = other.objects.filter(**{rest: value}).first() if "__" not in rest else None
    made_there = made_there or row(other, **made(other, rest, value))
    return {name: [made_there] if field.many_to_many else made_there}


def test_docking_events_are_found_by_ship_and_by_station(ask):
    stay, _ = (factories.full_docking_event("space_station_target", "flight_vehicle_chaser") for _ in range(2))
    asked = {"flight_vehicle__id": stay.flight_vehicle_chaser_id, "space_station__id": stay.space_station_target_id}
    for name, value in asked.items():
        assert [each["id"] for each in ask("docking_event/", **{name: value})] == [stay.pk], name


def test_a_location_is_found_by_its_pads(ask):
    pad = row(Pad, location=row(Location))
    row(Location)
    assert [each["id"] for each in ask("location/", pad__location_id=pad.location_id)] == [pad.location_id]
    assert ask("location/", pad__location_id=pad.location_id + 1) == []


def test_launches_of_a_provider_include_what_it_has_built_when_they_are_asked_for(ask):
    builder, other = row(Agency, name="Builder"), row(Agency, name="Other")
    own = row(Launch, launch_service_provider=builder)
    built = row(
        Launch,
        launch_service_provider=other,
        rocket__configuration=row(LauncherConfig, manufacturer=builder),
    )

    def found(**asked):
        return {each["id"] for each in ask("launch/", **asked)}

    for asked in ({"lsp__id": builder.pk}, {"lsp__ids": builder.pk}, {"lsp__name": "Builder"}):
        assert found(**asked) == found(**asked, related="false") == {str(own.pk)}
        assert found(**asked, related="true") == {str(own.pk), str(built.pk)}
    assert found(related="true") == {str(own.pk), str(built.pk)}


def test_no_launch_has_an_id_of_a_service_that_has_ended(ask):
    row(Launch)
    assert (ask("launch/", r_spacex_api_id="5eb87cd9ffd86e000604b32a"), len(ask("launch/"))) == ([], 1)


# Values ------------------------------------------------------------------------------------------


def test_an_agency_shows_texts_where_2_3_0_shows_rows(ask):
    countries = [row(Country, alpha_3_code=code) for code in ("FRA", "ITA")]
    parent = row(Agency, name="Parent")
    agency = row(
        Agency,
        type__name="Government",
        country=countries,
        founding_year=1961,
        parent=parent,
        logo__image_url="https://example.org/logo.png",
        social_logo__image_url="https://example.org/nation.png",
    )
    told, bare = ask(f"agencies/{agency.pk}/"), ask(f"agencies/{parent.pk}/")
    names = ("type", "country_code", "founding_year", "parent", "image_url", "logo_url", "nation_url")
    assert [told[name] for name in names] == [
        "Government",
        "FRA,ITA",
        "1961",
        "Parent",
        None,
        "https://example.org/logo.png",
        "https://example.org/nation.png",
    ]
    assert [bare[name] for name in names] == [None, "", None, None, None, None, None]
    assert (told["launch_library_url"], list(told)[-2:]) == (None, ["launcher_list", "spacecraft_list"])


def test_an_astronaut_shows_accounts_by_network(ask):
    links = [
        row(SocialMediaLink, url=f"https://example.org/{name}", social_media__name=name)
        for name in ("Instagram", "Twitter", "X", "Youtube")
    ]
    astronaut = row(Astronaut, social_media_links=links, nationality=[row(Country, nationality_name="French")])
    told = ask(f"astronaut/{astronaut.pk}/")
    assert (told["twitter"], told["instagram"], told["nationality"]) == (
        "https://example.org/X",
        "https://example.org/Instagram",
        "French",
    )


def test_a_pad_has_its_place_as_texts_and_within_a_location_as_numbers(ask):
    agencies = [row(Agency), row(Agency)]
    pad = row(Pad, latitude=74, longitude=-52.79, agencies=agencies, location=row(Location, country=None))
    told, nested = ask(f"pad/{pad.pk}/"), ask(f"location/{pad.location_id}/")["pads"][0]
    assert (told["latitude"], told["longitude"], told["agency_id"]) == ("74.0", "-52.79", agencies[0].pk)
    assert (nested["latitude"], nested["longitude"], told["location"]["country_code"]) == (74.0, -52.79, "")


def test_a_launch_shows_its_first_spacecraft_and_its_stages_with_whole_days(ask):
    launch = row(Launch, rocket=row(Rocket), image__image_url="https://example.org/ariane.jpg")
    assert ask(f"launch/{launch.pk}/")["rocket"]["spacecraft_stage"] is None
    flights = [row(SpacecraftFlight, launch=launch) for _ in range(2)]
    row(FirstStage, launch=launch, turn_around_time=timedelta(days=50, hours=23))
    told = ask(f"launch/{launch.pk}/")
    assert told["image"] == "https://example.org/ariane.jpg"
    assert told["rocket"]["spacecraft_stage"]["id"] == flights[0].pk
    assert told["rocket"]["launcher_stage"][0]["turn_around_time_days"] == 50
    assert (list(told)[-1], told["type"], told["holdreason"], told["r_spacex_api_id"]) == (
        "type",
        "detailed",
        "",
        None,
    )


def test_the_list_mode_of_launches_is_flat(ask):
    row(
        Launch,
        launch_service_provider__name="Arianespace",
        mission__name="ATV 5",
        mission__type__name="Resupply",
        pad__name="ELA-3",
        pad__location__name="Kourou",
    )
    (told,) = ask("launch/", mode="list")
    names = ("lsp_name", "mission", "mission_type", "pad", "location", "landing", "launcher", "orbit", "type")
    assert [told[name] for name in names] == [
        "Arianespace",
        "ATV 5",
        "Resupply",
        "ELA-3",
        "Kourou",
        None,
        None,
        None,
        "list",
    ]


def test_a_docking_event_names_ship_launch_and_station(ask):
    stay = factories.full_docking_event("space_station_target", "flight_vehicle_chaser")
    told = ask(f"docking_event/{stay.pk}/")
    assert told["launch_id"] == str(stay.flight_vehicle_chaser.launch_id)
    assert told["flight_vehicle"]["id"] == stay.flight_vehicle_chaser_id
    assert told["space_station"]["id"] == stay.space_station_target_id


def test_dockings_of_a_spacecraft_at_a_station_are_the_only_ones(ask, client):
    parties = [(target, chaser) for target in factories.TARGETS for chaser in factories.CHASERS]
    stays = [factories.full_docking_event(*each, departure=None) for each in parties]
    known = stays[parties.index(("space_station_target", "flight_vehicle_chaser"))]
    assert [each["id"] for each in ask("docking_event/")] == [known.pk]
    assert [client.get(f"/2.2.0/docking_event/{each.pk}/").status_code for each in stays].count(200) == 1
    shown = [port["docked"] for each in ask("spacestation/", mode="detailed") for port in each["docking_location"]]
    assert [docked["id"] for docked in shown if docked] == [known.pk]
    flights = {each["id"]: each["docking_events"] for each in ask("spacecraft/flight/", mode="detailed")}
    assert [docking["id"] for dockings in flights.values() for docking in dockings] == [known.pk]


# 2.0.0 ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["normal", "detailed"])
def test_launches_of_2_0_0_have_the_keys_of_their_time_beside_the_others(mode, client):
    precisions = {None: (False, False), 1: (False, False), 2: (True, False), 5: (True, False), 7: (True, True)}
    for number, (precision, _) in enumerate(precisions.items()):
        known = precision and {"net_precision__id": precision, "net_precision__name": str(precision)}
        row(
            Launch,
            name=str(number),
            net=datetime(2026, 1, 1 + number, tzinfo=UTC),
            status__id=5 if number == 0 else 900 + number,
            status__name="Launch on Hold",
            status__abbrev="Hold",
            rocket=row(Rocket),
            mission__name="ATV 5",
            **(known or {"net_precision": None}),
        )
    old = client.get("/2.0.0/launch/", {"mode": mode}).json()["results"]
    new = client.get("/2.1.0/launch/", {"mode": mode}).json()["results"]
    assert [(each["tbdtime"], each["tbddate"]) for each in old] == list(precisions.values())
    assert [each["inhold"] for each in old] == [True, False, False, False, False]
    assert old[0]["status"] == {"id": 5, "name": "Hold"}
    assert {each["launch_library_id"] for each in old} == {None}
    assert list(old[0]["rocket"]["configuration"])[:3] == ["id", "launch_library_id", "url"]
    assert list(old[0]["mission"])[:3] == ["id", "launch_library_id", "name"]
    added = ["launch_library_id", "inhold", "tbdtime", "tbddate"]
    assert [name for name in old[0] if name not in added] == list(new[0])
    assert list(old[0])[:3] == ["id", "url", "launch_library_id"]
    names = list(old[0])
    assert names[names.index("window_start") + 1 :][:3] == added[1:]


def test_the_role_of_a_crew_member_is_a_text_in_2_0_0(client):
    stay = factories.full_docking_event("space_station_target", "flight_vehicle_chaser", departure=None)
    flight, expedition = stay.flight_vehicle_chaser, row(Expedition, spacestation=stay.space_station_target)
    expedition.crew.set(flight.launch_crew.all())
    member = flight.launch_crew.first()
    places = {
        f"launch/{flight.launch_id}/": ["rocket", "spacecraft_stage", "launch_crew"],
        f"spacecraft/flight/{flight.pk}/": ["launch_crew"],
        f"expedition/{expedition.pk}/": ["crew"],
    }

    def roles(version):
        for address, steps in places.items():
            told = client.get(f"/{version}/{address}").json()
            for step in steps:
                told = told[step]
            yield next(each["role"] for each in told if each["id"] == member.pk)

    role = member.role
    assert list(roles("2.0.0")) == [role.role] * 3
    assert list(roles("2.1.0")) == [{"id": role.pk, "role": role.role, "priority": role.priority}] * 3
