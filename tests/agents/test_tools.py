"""The tools answer what people ask about spaceflight, in few words, and say what to do if they cannot."""

import json

import pytest

from agencies.models import Agency
from launches.models import Launch
from spacedevs.agents.asking import Api
from spacedevs.agents.calling import TOOLS, called
from spacedevs.agents.fitting import MOST, fitted
from spacedevs.api.schema import Generator
from tests.support import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("django")]
LATER = "2100-01-01T00:00:00Z"


def ask(name, /, **arguments):
    """The answer of a tool."""
    text, is_error = called(Api(), name, arguments)
    assert not is_error, text
    assert len(text.encode()) <= MOST
    return json.loads(text)


def refused(name, /, **arguments):
    """What a tool says that cannot answer."""
    text, is_error = called(Api(), name, arguments)
    assert is_error, text
    return text


@pytest.fixture
def station():
    return factories.space_station(id=4, name="International Space Station")


def docked(station, name, docking, departure=None, crew=()):
    """A ship at a station, with a crew."""
    stay = factories.stay(
        space_station_target=station,
        flight_vehicle_chaser__spacecraft__name=name,
        docking=docking,
        departure=departure,
    )
    for person in crew:
        stay.flight_vehicle_chaser.onboard_crew.add(factories.seat(astronaut__name=person, role__role="Pilot"))
    return stay


# Questions ---------------------------------------------------------------------------------------


def test_the_next_launches_come_soonest_first_with_what_people_want_to_know():
    factories.launch(name="Later", net="2101-01-01T00:00:00Z")
    first = factories.launch(
        name="Falcon 9 | Starlink",
        net=LATER,
        pad__name="SLC-40",
        status__name="Go",
        launch_service_provider__name="SpaceX",
    )
    factories.launch(name="Past", net="2001-01-01T00:00:00Z")
    assert ask("next_launches", limit=1) == {
        "count": 2,
        "results": [
            {
                "id": str(first.pk),
                "name": "Falcon 9 | Starlink",
                "net": LATER,
                "net_precision": None,
                "status": "Go",
                "provider": "SpaceX",
                "rocket": None,
                "mission": None,
                "orbit": None,
                "pad": "SLC-40",
                "location": None,
            }
        ],
    }
    assert [each["name"] for each in ask("next_launches", words="starlink slc-40")["results"]] == [
        "Falcon 9 | Starlink"
    ]
    assert ask("next_launches", before="2099-01-01")["count"] == 0


def test_search_gives_the_hits_of_the_api(get):
    factories.program(name="Starlink")
    assert ask("search", q="starlink", kinds="launches")["results"] == []
    told = ask("search", q="starlnik")
    (hit,) = told["results"]
    assert hit["url"] == f"/2.3.0/programs/{hit['id']}/"  # agents may have come by another address
    hit["url"] = f"http://testserver{hit['url']}"
    assert told == get("search/", q="starlnik")


@pytest.mark.parametrize("named", ["Falcon 9 | Starlink 2", "starlink 2", "{id}"])
def test_a_launch_is_told_by_its_name_or_id(named):
    launch = factories.launch(name="Falcon 9 | Starlink 2")
    factories.launch(name="Falcon 9 | Starlink 3")
    assert ask("get_launch", launch=named.format(id=launch.pk))["id"] == str(launch.pk)


def test_who_is_docked_now_is_what_the_station_shows(station):
    stay = docked(station, "Soyuz MS-25", "2024-03-25T15:00:00Z")
    docked(station, "Soyuz MS-24", "2023-09-15T15:00:00Z", departure="2024-04-06T04:00:00Z")
    told = ask("who_is_docked", station="ISS")
    assert (told["station"], [each["id"] for each in told["docked"]]) == ("International Space Station", [stay.pk])


def test_who_was_docked_at_a_moment(station):
    earlier = docked(station, "Soyuz MS-24", "2023-09-15T15:00:00Z", departure="2024-04-06T04:00:00Z")
    docked(station, "Soyuz MS-26", "2024-09-11T15:00:00Z")
    docked(factories.space_station(name="Mir"), "Other", "2023-09-15T15:00:00Z")
    told = ask("who_is_docked", station="4", at="2024-01-01")
    assert told == {
        "station": "4",
        "at": "2024-01-01",
        "docked": [
            {
                "vehicle": "Soyuz MS-24",
                "at": "International Space Station",
                "id": earlier.pk,
                "docking": "2023-09-15T15:00:00Z",
                "departure": "2024-04-06T04:00:00Z",
                "port": earlier.docking_location.name,
            }
        ],
    }


def test_who_is_aboard_now_and_who_was_at_a_moment(station):
    docked(station, "Soyuz MS-24", "2023-09-15T15:00:00Z", departure="2024-04-06T04:00:00Z", crew=["Loral O'Hara"])
    docked(station, "Soyuz MS-25", "2024-03-25T15:00:00Z", crew=["Tracy Dyson"])
    now, before = ask("who_is_aboard", station="4"), ask("who_is_aboard", station="4", at="2024-01-01")
    assert [each["name"] for each in now["crew"]] == ["Tracy Dyson"]
    assert [(each["name"], each["role"], each["came_with"]) for each in before["crew"]] == [
        ("Loral O'Hara", "Pilot", "Soyuz MS-24")
    ]


def test_without_known_crews_the_expeditions_tell_who_was_aboard(station):
    expedition = factories.expedition(
        name="Expedition 1", spacestation=station, start="2000-11-02T00:00:00Z", end="2001-03-18T00:00:00Z"
    )
    expedition.crew.add(factories.seat(astronaut__name="William Shepherd"))
    told = ask("who_is_aboard", station="4", at="2001-01-01")
    assert [(each["name"], each["came_with"]) for each in told["crew"]] == [("William Shepherd", "Expedition 1")]


def test_dockings_between_two_moments(station):
    for name, moment in (("A", "2024-01-01"), ("B", "2024-02-01"), ("C", "2024-03-01")):
        docked(station, name, f"{moment}T12:00:00Z")
    docked(factories.space_station(name="Mir"), "D", "2024-02-01T12:00:00Z")
    told = ask("dockings_between", start="2024-01-15", end="2024-03-01T12:00:00Z", station="ISS")
    assert (told["count"], [each["vehicle"] for each in told["results"]]) == (2, ["B", "C"])


def test_astronauts_and_rockets_are_found_by_name():
    person = factories.astronaut(name="Thomas Pesquet")
    rocket = factories.launcher_config(name="Falcon 9", total_launch_count=400)
    assert ask("get_astronaut", astronaut="pesquet")["id"] == person.pk
    assert ask("rocket_record", rocket="falcon 9")["total_launch_count"] == 400
    assert ask("rocket_record", rocket=rocket.pk)["name"] == "Falcon 9"


def test_what_changed_begins_with_a_cursor():
    told = ask("what_changed")
    assert (sorted(told), told["results"]) == (["cursor", "has_more", "next", "results"], [])


def test_any_endpoint_is_asked_with_its_parameters():
    agency = factories.agency(name="SpaceX", abbrev="SpX", featured=True)
    factories.agency(name="Other", featured=False)
    told = ask("query_endpoint", endpoint="/2.3.0/agencies/", parameters={"featured": True, "limit": 3})
    assert [(each["id"], each["response_mode"]) for each in told["results"]] == [(agency.pk, "list")]
    assert ask("query_endpoint", endpoint="agencies", id=str(agency.pk))["abbrev"] == "SpX"
    fewer = {"endpoint": "agencies", "parameters": {"featured": True, "fields": "id,name"}}
    assert ask("query_endpoint", **fewer)["results"] == [{"id": agency.pk, "name": "SpaceX"}]
    ids = {"endpoint": "launches", "parameters": {"lsp__id": [agency.pk, 7], "mode": "normal"}}
    assert ask("query_endpoint", **ids)["count"] == 0


def test_endpoints_are_described_as_they_are_declared():
    told = ask("describe_endpoint", endpoint="docking_events")
    assert (told["modes"], "docked" in told["filters"], told["ordering"]) == (
        ["normal", "detailed"],
        True,
        ["departure", "docking"],
    )
    assert "launches" in ask("describe_endpoint")["endpoints"]


# Errors ------------------------------------------------------------------------------------------


REFUSED = [
    ("nope", {}, "There is no tool 'nope'. There are: next_launches, search, "),
    ("next_launches", {"limit": 0}, "`limit` must be a whole number from 1 to 25."),
    ("next_launches", {"limit": True}, "`limit` must be a whole number from 1 to 25."),
    ("next_launches", {"limit": "many"}, "`limit` must be a whole number from 1 to 25."),
    ("next_launches", {"words": ["x"]}, "`words` must be a text."),
    (
        "next_launches",
        {"before": "soon"},
        'GET /2.3.0/launches/upcoming/ answered 400: {"net__lte":["Enter a valid date/time."]} Call describe',
    ),
    ("get_launch", {}, "`launch` is missing: Id of the launch, or its name"),
    ("get_launch", {"launch": "xyzzy"}, "Nothing among launches has the name 'xyzzy'. Call search with fewer"),
    (
        "get_launch",
        {"launch": "00000000-0000-4000-8000-000000000000"},
        "GET /2.3.0/launches/00000000-0000-4000-8000-000000000000/ answered 404",
    ),
    (
        "get_launch",
        {"launch": "\x00\x00"},
        'GET /2.3.0/search/ answered 400: {"q":["Null characters are not allowed."]}',
    ),
    ("search", {"q": "x"}, 'GET /2.3.0/search/ answered 400: {"q":["Search for 2 to 100 characters'),
    ("search", {"name": "x"}, "Unknown argument `name`. search takes: q, kinds, limit."),
    ("query_endpoint", {"endpoint": "ships"}, "There is no endpoint 'ships'. There are: agencies, "),
    ("query_endpoint", {"endpoint": "../admin"}, "There is no endpoint '../admin'. There are: agencies, "),
    ("query_endpoint", {"endpoint": "launches", "id": "1/../2"}, "`id` must be the id of a record"),
    (
        "query_endpoint",
        {"endpoint": "launches", "parameters": "year=2024"},
        '`parameters` must be an object, such as {"limit": 5}.',
    ),
    ("query_endpoint", {"endpoint": "launches", "parameters": {"year": {}}}, "The parameter `year` must be a text"),
    (
        "query_endpoint",
        {"endpoint": "launches", "parameters": {"yeer": 1}},
        'GET /2.3.0/launches/ answered 400: {"yeer":["Unknown parameter. Did you mean year?"]}',
    ),
    (
        "what_changed",
        {"since": "x"},
        'GET /2.3.0/changes/ answered 400: {"since":["This is not a cursor of `changes/`."]}',
    ),
    ("describe_endpoint", {"endpoint": "api-throttle"}, "api-throttle is one object without parameters"),
]


@pytest.mark.parametrize(("name", "arguments", "says"), REFUSED)
def test_an_error_says_what_to_do(name, arguments, says):
    assert refused(name, **arguments)[: len(says)] == says


def test_a_failure_of_ours_is_logged_and_told_without_details(monkeypatch, caplog):
    monkeypatch.setattr(Api, "get", lambda *asked, **parameters: 1 / 0)
    assert refused("what_changed") == "This failed at the server, which has logged it. Try another tool."
    assert "The tool what_changed failed" in caplog.text


@pytest.mark.parametrize("hosts", [["*"], [".example.org"], ["ll.example.org"], ["*", "[::1]"]])
@pytest.mark.parametrize("is_tls", [False, True])
def test_the_api_is_asked_whatever_host_names_it_has(hosts, is_tls, settings):
    settings.ALLOWED_HOSTS, settings.TLS, settings.SECURE_SSL_REDIRECT = hosts, is_tls, False
    factories.agency(pk=7, name="SpaceX")
    assert ask("query_endpoint", endpoint="agencies", id="7")["url"] == "/2.3.0/agencies/7/"


def test_nothing_is_written():
    factories.launch(name="Starlink")
    before = [model.objects.count() for model in (Launch, Agency)]
    for name in TOOLS:
        called(Api(), name, dict.fromkeys(TOOLS[name].arguments, "1"))
    assert [model.objects.count() for model in (Launch, Agency)] == before


# Sizes -------------------------------------------------------------------------------------------


def test_a_long_list_is_cut_between_records_and_says_so():
    records = [{"id": number, "text": "x" * 200} for number in range(200)]
    told = json.loads(fitted({"count": 200, "results": records}))
    shown = len(told["results"])
    assert (told["results"], told["count"]) == (records[:shown], 200)
    assert (told["cut"], 60 < shown < 100) == ([f"results: {shown} of 200"], True)
    assert told["advice"].startswith("Ask for less: a smaller `limit`")


def test_images_and_repeated_records_go_first():
    image = {
        "id": 1,
        "image_url": "https://example.org/1.jpg",
        "thumbnail_url": "https://example.org/2.jpg",
        "credit": "x" * 900,
    }
    agency = {
        "id": 1,
        "url": "http://testserver/2.3.0/agencies/1/",
        "name": "SpaceX",
        "image": image,
        "about": "y" * 90,
    }
    told = json.loads(fitted({"results": [{"id": number, "agency": agency} for number in range(30)]}))
    assert "cut" not in told
    assert told["results"][0]["agency"]["image"] == "https://example.org/1.jpg"
    assert told["results"][29] == {"id": 29, "agency": {"id": 1, "url": agency["url"], "name": "SpaceX"}}


@pytest.mark.parametrize(
    "answer",
    [
        {"results": [{"text": "x" * 100_000}]},
        {"results": [{"crew": [{"name": "x" * 300} for _ in range(300)]} for _ in range(3)]},
        [["é" * 90] * 50] * 90,
        {str(number): "x" * 300 for number in range(90)},
        {str(number): number for number in range(9000)},
        {"deep": [[["x" * 5000] * 9] * 9]},
    ],
)
def test_no_answer_is_larger_than_a_model_should_read(answer):
    text = fitted(answer)
    assert len(text.encode()) <= MOST
    assert json.loads(text)["cut"] is not None


def test_a_record_is_left_of_a_list_even_if_it_is_large():
    record = {"id": 1, "updates": [{"text": "x" * 400} for _ in range(200)]}
    told = json.loads(fitted({"results": [record] * 5}))
    assert (len(told["results"]), told["results"][0]["id"]) == (1, 1)


# The OpenAPI document for agents -----------------------------------------------------------------


def test_the_document_for_agents_has_what_the_tools_ask_and_no_more(client):
    response = client.get("/2.3.0/schema/?for=agents")
    document = response.json()
    asked = {f"/2.3.0/{path}" for tool in TOOLS.values() for path in tool.asks}
    assert (set(document["paths"]), response["Content-Type"], len(response.content) < 60_000) == (
        asked,
        "application/json",
        True,
    )
    text = response.content.decode()
    named = {each.partition('"')[0] for each in text.split("#/components/schemas/")[1:]}
    assert named - document["components"]["schemas"].keys() == set()
    whole = Generator().get_schema(public=True)
    ids = {methods["get"]["operationId"] for methods in document["paths"].values()}
    assert ids <= {methods["get"]["operationId"] for methods in whole["paths"].values()}


@pytest.mark.parametrize("query", ["for=agents&openapi=3.0", "for=agents&format=json"])
def test_it_has_both_versions_and_is_json_however_asked(query, client):
    assert client.get(f"/2.3.0/schema/?{query}").json()["openapi"][:3] == ("3.0" if "3.0" in query else "3.1")


def test_an_unknown_reader_is_refused(client):
    response = client.get("/2.3.0/schema/?for=robots&format=json")
    assert (response.status_code, response.json()) == (400, {"for": ["Unknown reader. Choose from: agents."]})


def test_llms_txt_leads_to_the_tools_and_every_page(client):
    response = client.get("/llms.txt")
    text = response.content.decode()
    links = [each.partition(")")[0] for each in text.split("](http://testserver")[1:]]
    assert (response["Content-Type"], text.startswith("# Softdock\n\n> ")) == ("text/plain; charset=utf-8", True)
    assert [link for link in links if link != "/mcp/" and client.get(link).status_code != 200] == []
    assert {"/mcp/", "/docs/agents/", "/2.3.0/schema/?for=agents"} <= set(links)
