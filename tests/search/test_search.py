"""/2.3.0/search/ finds records of all kinds by their names, the best first."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agencies.models import Agency
from docking.models import DockingEvent
from launches.models import Launch
from spacedevs.api.views import Resource
from spacedevs.db.footprints.recording import OF_ROWS, Change, recording
from spacedevs.db.paths import fields_along, leads_to_many
from spacedevs.search import statements
from spacedevs.search.asked import Asked
from spacedevs.search.ranking import match, similarity
from spacedevs.search.views import kinds
from tests.support import factories
from tests.support.routes import RESOURCES
from tests.support.wsgi import Asker

pytestmark = pytest.mark.django_db


@pytest.fixture
def find(get):
    """The hits for a text: kind and name."""

    def find(q, **parameters):
        return [(each["kind"], each["name"]) for each in get("search/", q=q, **parameters)["results"]]

    return find


def agencies(*names, **values):
    return [factories.agency(name=name, abbrev="", **values) for name in names]


# What a hit shows --------------------------------------------------------------------------------


def test_a_hit_shows_what_a_search_box_needs(get):
    image = factories.image(thumbnail_url="https://example.org/small.jpg")
    launch = factories.launch(name="Falcon 9 | Starlink", net="2026-03-01T12:00:00Z", status__name="Go", image=image)
    assert get("search/", q="  Starlink ") == {
        "q": "Starlink",
        "results": [
            {
                "kind": "launches",
                "id": str(launch.pk),
                "name": "Falcon 9 | Starlink",
                "url": f"http://testserver/2.3.0/launches/{launch.pk}/",
                "picture": "https://example.org/small.jpg",
                "line": "2026-03-01 12:00 UTC, Go",
                "match": "word",
            }
        ],
    }


def test_a_hit_without_a_picture_and_a_line_says_so(get):
    agency = factories.agency(name="Xenon", abbrev="")
    (hit,) = get("search/", q="xenon")["results"]
    assert (hit["id"], hit["picture"], hit["line"]) == (str(agency.pk), None, None)


def test_every_kind_is_found_by_its_name_at_the_address_of_its_record(get, client):
    rows = {
        "agencies": factories.agency(name="Zeta agency"),
        "astronauts": factories.astronaut(name="Zeta person"),
        "docking_events": factories.stay(
            space_station_target__name="Station", flight_vehicle_chaser__spacecraft__name="Zeta ship"
        ),
        "events": factories.event(name="Zeta event"),
        "launcher_configurations": factories.launcher_config(name="Zeta rocket"),
        "launchers": factories.launcher(serial_number="Zeta 1"),
        "launches": factories.launch(name="Zeta launch"),
        "locations": factories.location(name="Zeta place"),
        "pads": factories.pad(name="Zeta pad"),
        "programs": factories.program(name="Zeta program"),
        "space_stations": factories.space_station(name="Zeta station"),
        "spacecraft": factories.spacecraft(name="Zeta craft"),
        "spacecraft_configurations": factories.spacecraft_config(name="Zeta model"),
    }
    assert kinds().keys() == rows.keys()
    for kind, row in rows.items():
        found = get("search/", q="zeta", kinds=kind, limit=100)["results"]
        (hit,) = [each for each in found if each["id"] == str(row.pk)]
        assert str(get(hit["url"])["id"]) == hit["id"]
    assert ("docking_events", "Zeta ship at Station") in [
        (each["kind"], each["name"]) for each in get("search/", q="zeta", limit=100)["results"]
    ]


def test_a_docking_is_named_as_editors_see_it():
    made = factories.stay(space_station_target__name="Mir", flight_vehicle_chaser__spacecraft__name="Soyuz TM-2")
    (row,) = statements.first("", DockingEvent.objects.all(), RESOURCES["docking_events"].hit)
    assert row.names == ("Soyuz TM-2 at Mir",)
    assert (made.chaser.spacecraft.name, made.target.name) == ("Soyuz TM-2", "Mir")


@pytest.mark.parametrize("prefix", [prefix for prefix, resource in RESOURCES.items() if resource.hit])
def test_what_a_resource_declares_are_columns_of_one_row(prefix):
    hit, model = RESOURCES[prefix].hit, RESOURCES[prefix].queryset.model
    names = [name for name in hit.names if isinstance(name, str)]
    paths = [*names, *hit.texts, *hit.line, hit.order.removeprefix("-"), *[f"{hit.picture}__pk"] * bool(hit.picture)]
    assert [path for path in paths if leads_to_many(model, path) or not fields_along(model, path)] == []
    assert [name for name in hit.names[1:] if not isinstance(name, str)] == []


# The order ---------------------------------------------------------------------------------------


def test_the_whole_name_comes_before_its_beginning_a_word_a_part_and_other_texts(get):
    agencies("Restart Star", "Star", "Starsem", "Big Star", "Bastard")
    factories.pad(name="A", location__name="Star City")
    found = get("search/", q="STAR", kinds="agencies,pads")["results"]
    assert [(each["name"], each["match"]) for each in found] == [
        ("Star", "exact"),
        ("Starsem", "prefix"),
        ("Big Star", "word"),
        ("Restart Star", "word"),
        ("Bastard", "part"),
        ("A", "text"),
    ]


def test_an_abbreviation_is_a_name(get):
    factories.agency(name="National Aeronautics and Space Administration", abbrev="NASA")
    factories.agency(name="Nasal", abbrev="N")
    found = get("search/", q="nasa")["results"]
    assert [each["match"] for each in found] == ["exact", "prefix"]


def test_of_equal_hits_the_most_used_is_first(find):
    for name, number in (("Star A", 1), ("Star B", 30), ("Star C", 2)):
        factories.agency(name=name, total_launch_count=number)
    assert [name for _, name in find("star")] == ["Star B", "Star C", "Star A"]


def test_of_equal_hits_each_kind_has_one_in_turn(find):
    for number in range(3):
        factories.launch(name=f"Star launch {number}", last_updated=f"2026-01-0{9 - number}T00:00:00Z")
        factories.program(name=f"Star {number}", start_date=f"2026-01-0{9 - number}T00:00:00Z")
    assert find("star", limit=5) == [
        ("programs", "Star 0"),
        ("launches", "Star launch 0"),
        ("programs", "Star 1"),
        ("launches", "Star launch 1"),
        ("programs", "Star 2"),
    ]


def test_all_words_must_occur_in_any_order_and_anywhere(find):
    factories.launch(name="Falcon 9 | Starlink 2", pad__name="SLC-40")
    factories.launch(name="Atlas V | Starliner", pad__name="SLC-41")
    assert find("starlink falcon") == [("launches", "Falcon 9 | Starlink 2")]
    assert find("atlas slc-41") == [("launches", "Atlas V | Starliner")]
    assert find("falcon starliner", kinds="launches") == []


def test_the_beginning_of_a_name_finds_all_that_begins_with_it(find):
    factories.program(name="Starlink")
    factories.spacecraft_config(name="CST-100 Starliner", agency__name="Boeing")
    factories.launch(name="Falcon 9 | Starlink 2")
    assert find("sta") == [
        ("programs", "Starlink"),
        ("spacecraft_configurations", "CST-100 Starliner"),
        ("launches", "Falcon 9 | Starlink 2"),
    ]


@pytest.mark.parametrize(("name", "q"), [("Éole", "éo"), ("Восток", "восток"), ("Çelik", "çELIK")])
def test_letters_of_any_alphabet_are_found_in_any_case(name, q, find):
    agencies(name)
    assert find(q) == [("agencies", name)]


def test_agencies_that_are_known_by_name_alone_are_no_hits(find):
    factories.agency(pk=-1, name="Starsem")
    assert find("starsem") == []


# Spelling ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("q", ["Starlnik", "startlink", "starlinq", "StarLnk", "strarlink"])
def test_a_name_is_found_though_it_is_misspelt(q, get):
    factories.program(name="Starlink")
    agencies("Starsem", "Arianespace")
    assert [(each["name"], each["match"]) for each in get("search/", q=q)["results"]] == [("Starlink", "similar")]


def test_the_name_that_is_most_alike_is_first(find):
    factories.location(name="SpaceX Starbase, TX, USA")
    agencies("SpaceX", "Space Pioneer")
    assert find("spasex") == [("agencies", "SpaceX"), ("locations", "SpaceX Starbase, TX, USA")]


def test_several_words_may_be_misspelt(find):
    factories.space_station(name="International Space Station")
    assert find("intrnational space staton") == [("space_stations", "International Space Station")]


def test_a_name_is_found_by_its_initials(find):
    factories.space_station(name="International Space Station")
    factories.launch(name="Antares | ISS resupply")
    found = [("space_stations", "International Space Station"), ("launches", "Antares | ISS resupply")]
    assert [find(text) for text in ("ISS", "iss")] == [found, found]


def test_nothing_similar_is_told_beside_what_has_the_words(find):
    agencies("Starlink", "Starlinq")
    assert find("starlink") == [("agencies", "Starlink")]


@pytest.mark.parametrize("q", ["xyzzy", "zz", "--", "Ω Ω"])
def test_what_is_like_nothing_finds_nothing(q, find):
    agencies("Starlink")
    assert find(q) == []


def test_names_are_compared_by_letters_only_if_they_share_trigrams():
    assert similarity("KLNITSRA", Asked("STARLINK")) == 0
    assert similarity("", Asked("STARLINK")) == 0
    assert match(["Starlink"], Asked("starlink")) == 0


# The parameters ----------------------------------------------------------------------------------


def test_only_the_kinds_that_are_named_are_searched(find):
    agencies("Star")
    factories.program(name="Star")
    assert find("star", kinds="programs") == [("programs", "Star")]
    assert find("star", kinds=" programs/, agencies,") == [("agencies", "Star"), ("programs", "Star")]


def test_an_unknown_kind_is_refused_with_those_that_there_are(client):
    response = client.get("/2.3.0/search/", {"q": "star", "kinds": "programs,ships"})
    said = f"Unknown endpoint: ships. Choose from: {', '.join(kinds())}."
    assert (response.status_code, response.json()) == (400, {"kinds": [said]})


@pytest.mark.parametrize(("limit", "number"), [("1", 1), ("100", 25), ("", 20), ("0", 1), ("101", 25), ("x", 20)])
def test_there_are_as_many_hits_as_wanted_up_to_a_limit(limit, number, client):
    agencies(*(f"Star {number}" for number in range(25)))
    response = client.get("/2.3.0/search/", {"q": "star", "limit": limit})
    assert (len(response.json()["results"]), response.headers.get("X-Ignored-Values")) == (
        number,
        "limit" if limit in ("0", "101", "x") else None,
    )


REFUSED = "Search for 2 to 100 characters and at most 8 words."


@pytest.mark.parametrize("q", [None, "", " ", "x", " x ", "%", "'", "x" * 101, "a b c d e f g h i", "x " * 5000])
def test_a_text_by_which_nothing_can_be_found_is_refused(q, client):
    response = client.get("/2.3.0/search/", {} if q is None else {"q": q[:4000]})
    assert (response.status_code, response.json()) == (400, {"q": [REFUSED]})


def test_null_characters_are_refused(client):
    response = client.get("/2.3.0/search/?q=sta%00r")
    assert (response.status_code, response.json()) == (400, {"q": ["Null characters are not allowed."]})


@pytest.mark.parametrize(
    "text", ["%%", "50%", "A_B", "O'Neil", 'A "B"', "A\\B", "(A|B", "[A]", ".*", "a;--", "\U0001f680\U0001f680"]
)
def test_no_character_has_another_meaning(text, find):
    agencies(text, "Another", "ACB", "50 per cent")
    assert find(text, kinds="agencies") == [("agencies", text)]


# What it costs -----------------------------------------------------------------------------------


def test_each_kind_is_one_statement_however_much_is_found(find):
    agencies(*(f"Star {number}" for number in range(30)))
    for number in range(30):
        factories.launch(name=f"Star {number}", pad__name=f"Pad {number}")
    with CaptureQueriesContext(connection) as asked:
        assert len(find("sta")) == 20
    searched = [each["sql"] for each in asked if "LIKE" in each["sql"]]
    tables = {re.search(r'FROM "(\w+)"', sql)[1] for sql in searched}
    assert len(searched) == len(tables) == len(kinds())


def test_no_more_rows_are_read_than_are_ranked(find, monkeypatch):
    monkeypatch.setattr(statements, "CANDIDATES", 3)
    monkeypatch.setattr(statements, "SPELT", 2)
    for number in range(5):
        factories.agency(name=f"Star {number}", total_launch_count=number)
    assert [name for _, name in find("star")] == ["Star 4", "Star 3", "Star 2"]
    assert [name for _, name in find("stra")] == ["Star 4", "Star 3"]


# What changes it ---------------------------------------------------------------------------------


@pytest.fixture
def footprint(django):
    """What a response was made of, as the response cache records it."""
    told = {}

    def application(environ, start_response):
        told["environ"] = environ
        return django(environ, start_response)

    def read(query):
        with recording() as recorded:
            status, *_ = Asker(application)("/2.3.0/search/", query, HTTP_HOST="testserver")
        assert status == "200 OK"
        return recorded.footprint() if OF_ROWS in told["environ"] else None

    return read


def test_a_response_is_kept_until_a_name_or_a_line_changes(footprint):
    agencies("Starsem")
    made = footprint("q=star&kinds=agencies")
    touched = {
        name: made.is_touched(Change("agencies_agency", "u", "1", frozenset({name})))
        for name in ("name", "founding_year")
    }
    assert (Agency._meta.db_table, touched) == ("agencies_agency", {"name": True, "founding_year": False})
    assert made.is_touched(Change("agencies_agency", "i", "2", frozenset()))


def test_a_response_from_stored_search_texts_is_kept_until_the_next_commit(footprint):
    factories.launch(name="Starlink")
    assert footprint("q=star&kinds=launches") is None


def test_a_renamed_agency_is_found_at_once_also_by_its_launches(find):
    agency = factories.agency(name="Old Space")
    factories.launch(name="Rocket | Satellite", launch_service_provider=agency)
    agency.name = "Blue Yonder"
    agency.save()
    assert find("yonder") == [("agencies", "Blue Yonder"), ("launches", "Rocket | Satellite")]
    assert Launch.objects.filter(search_text__contains="BLUE YONDER").count() == 1


# The page ----------------------------------------------------------------------------------------


def test_the_page_has_a_search_box_and_the_hits(client):
    agency = factories.agency(name="<Star>", abbrev="St")
    page = client.get("/2.3.0/search/", {"q": "<star>"}, headers={"accept": "text/html"}).content.decode()
    assert f'<a href="http://testserver/2.3.0/agencies/{agency.pk}/">&lt;Star&gt;</a>' in page
    assert 'name="q" type="search" value="&lt;star&gt;"' in page


def test_the_page_without_a_text_is_a_search_box(client):
    response = client.get("/2.3.0/search/", headers={"accept": "text/html"})
    page = response.content.decode()
    assert (response.status_code, 'type="search" value=""' in page, "Nothing has such a name" in page) == (
        400,
        True,
        False,
    )


def test_every_kind_is_an_endpoint_of_whole_tables():
    assert all(issubclass(each, Resource) and not each.part for each in kinds().values())
