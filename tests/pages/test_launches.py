"""Lists of launches, and the page of one."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.models import Update
from launches.models import TimelineEvent
from media_assets.models import InfoURL, VidURL
from tests.support import factories

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
LISTS = "/launches/", "/launches/past/"
THEN = datetime(2020, 5, 30, 19, 22, 45, tzinfo=UTC)


def titles(client, address):
    """The missions of a list, in order."""
    return [row.title for row in client.get(address).context["shown"]]


@pytest.fixture
def three(client):
    """Two past launches in one year, one of which failed, and one to come."""
    return [
        factories.launch(
            name="Falcon 9 | Demo-2", net=THEN, status__abbrev="Success", launch_service_provider__name="SpaceX"
        ),
        factories.launch(name="Vega | SEOSat", net=THEN + DAY, status__abbrev="Failure"),
        factories.launch(name="Ariane 62 | PLATO", net=NOW + 40 * DAY, status__abbrev="TBD"),
    ]


def test_upcoming_and_past_launches_are_apart(client, three):
    assert [titles(client, address) for address in LISTS] == [["PLATO"], ["SEOSat", "Demo-2"]]


def test_a_year_tells_how_many_launches_it_had_and_how_many_failed(part, three):
    assert part("/launches/past/", "Outcome", "1\N{EN DASH}2 of 2").split(" 31 May")[0] == (
        "2020 2 launches, 1 failed in whole or part"
    )


def test_a_query_of_the_api_works_on_the_page(client, three):
    demo = three[0]
    for query in (
        f"id={demo.pk}",
        "search=demo-2",
        "status__ids=" + str(demo.status_id),
        f"lsp__id={demo.launch_service_provider_id}",
        "net__lt=2020-05-31T00:00:00Z",
        "year=2020&ordering=net&limit=1",
    ):
        assert titles(client, f"/launches/past/?{query}") == ["Demo-2"], query


def test_the_values_that_occur_can_be_chosen_with_their_numbers(client, three):
    fields = {each.name: each for each in client.get("/launches/past/?year=2020").context["fields"]}
    assert fields["year"].options == [("2020", "2020")]
    assert fields["year"].value == "2020"
    names = {three[0].status_id: three[0].status.name, three[1].status_id: three[1].status.name}
    assert sorted(fields["status__ids"].options) == sorted((str(key), f"{name} (1)") for key, name in names.items())


def test_fifty_launches_are_on_a_page(client):
    for number in range(51):
        factories.launch(name=f"Soyuz | Number {number:02}", net=THEN + number * DAY)
    assert titles(client, "/launches/past/") == [f"Number {number:02}" for number in range(50, 0, -1)]
    assert titles(client, "/launches/past/?offset=50") == ["Number 00"]


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize("query", ["lsp__id=x", "net__gt=never", "id=1", f"search={'x' * 600}", "year=x"])
def test_a_value_that_is_none_is_refused_on_a_page_that_names_it(client, address, query):
    response = client.get(f"{address}?{query}")
    assert (response.status_code, response["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert f"<code>{query.partition('=')[0]}</code>" in response.content.decode()


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize(
    "query", ["limit=-1", "offset=x", f"offset={2**70}", "nothing=1", "limit=0&offset=-7", "search=%2500"]
)
def test_a_number_that_is_none_is_ignored_as_in_the_api(client, address, query):
    assert client.get(f"{address}?{query}").status_code == 200


def test_a_list_where_nothing_matches_says_so(words, three):
    assert "No launches match. Show all" in words("/launches/?search=nothing")


@pytest.mark.parametrize("address", LISTS)
def test_more_launches_need_no_more_statements(client, address):
    def statements():
        with CaptureQueriesContext(connection) as context:
            client.get(address)
        return len(context)

    def add(number):
        for days in (-400, 400):
            factories.launch(name=f"A | {number}", net=NOW + days * DAY + number * timedelta(hours=1))

    add(0)
    few = statements()
    for number in range(1, 8):
        add(number)
    assert statements() == few


@pytest.fixture
def demo():
    """A past launch with everything that a page shows."""
    launch = factories.launch(
        name="Falcon 9 | Demo-2",
        net=THEN,
        net_precision__abbrev="SEC",
        status__abbrev="Success",
        status__name="Launch Successful",
        pad__name="39A",
        pad__location__name="Kennedy Space Center, FL",
        pad__location__timezone_name="America/New_York",
        mission__description="To the station.",
    )
    seat = factories.seat(astronaut__name="Douglas Hurley", role__role="Commander")
    ship = factories.spacecraft_flight(launch=launch, spacecraft__name="Endeavour", launch_crew=[seat])
    factories.docking_event(
        flight_vehicle_chaser=ship,
        space_station_target=factories.space_station(name="ISS"),
        docking_location__name="Harmony forward",
        docking=THEN + DAY,
        departure=THEN + 60 * DAY,
    )
    for minutes, name in ((-35, "Propellant load"), (0, "Liftoff")):
        TimelineEvent.objects.create(
            launch=launch,
            relative_time=timedelta(minutes=minutes),
            type=factories.row(TimelineEvent.type.field.related_model, abbrev=name, description=""),
        )
    Update.objects.create(launch=launch, comment="Docked.", created_on=THEN + DAY)
    return launch


def test_a_launch_tells_when_what_who_and_how_it_went(words, demo):
    text = words(f"/launches/{demo.pk}/")
    for told in (
        "✓ Launch Successful 30 May 2020, 19:22 UTC Time known to the second",
        "At the pad 30 May 2020, 15:22 (New York)",
        "Pad 39A, Kennedy Space Center, FL",
        "Mission To the station.",
        "Crew 1 D Douglas Hurley Commander",
        "Ship Endeavour",
        "Dockings 1 ISS, Harmony forward 31 May 2020, 19:22 to 29 July 2020, 19:22 UTC",
        "Before lift-off T\N{MINUS SIGN}35:00 Propellant load After lift-off T+00:00 Liftoff",
        "Updates 31 May 2020 Docked.",
    ):
        assert told in text, told


def test_a_launch_tells_how_its_date_changed(part):
    launch = factories.launch(name="Falcon 9 | Demo-2", net=THEN, net_precision=None)
    launch.net = THEN + 3 * DAY
    launch.save()
    told = part(f"/launches/{launch.pk}/", "Date changes", "; changed")
    assert told == "1 30 May 2020, 19:22 UTC → 2 June 2020, 19:22 UTC 3 d later"


def test_only_addresses_of_the_web_become_links(client, demo):
    for url in ("https://example.org/stream", "javascript:alert(1)", "data:text/html,x"):
        demo.vid_urls.add(VidURL.objects.create(url=url, title=url))
        demo.info_urls.add(InfoURL.objects.create(url=url, title=url))
        Update.objects.create(launch=demo, info_url=url)
    page = client.get(f"/launches/{demo.pk}/").content.decode()
    assert sorted(set(re.findall(r'href="([a-z]+:[^"]*)"', page))) == ["https://example.org/stream"]
    assert page.count('href="https://example.org/stream"') == 3


def test_launches_lead_to_those_before_and_after(part, three):
    assert part(f"/launches/{three[1].pk}/", "Before", "Record") == (
        f"Demo-2, 30 May 2020 After PLATO, {three[2].net.day} {three[2].net:%B} {three[2].net.year}"
    )


def test_a_launch_whose_date_passed_without_an_outcome_says_so(words):
    launch = factories.launch(net=THEN, status__abbrev="Go", net_precision=None)
    assert "The date has passed, and no outcome is recorded." in words(f"/launches/{launch.pk}/")


def test_a_launch_of_which_nothing_is_known_has_a_page(words):
    launch = factories.launch(
        name="",
        net=None,
        status=None,
        net_precision=None,
        rocket=None,
        pad=None,
        mission=None,
        launch_service_provider=None,
    )
    assert words(f"/launches/{launch.pk}/").startswith(
        "Upcoming launches Launch without a name Launch without a name Date not announced"
    )


@pytest.mark.parametrize("key", ["0", "x", "00000000-0000-0000-0000-000000000000"])
def test_a_launch_that_is_not_there_is_not_found(client, key):
    response = client.get(f"/launches/{key}/")
    assert (response.status_code, response["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_a_time_zone_that_is_none_is_left_out(words, demo):
    location = demo.pad.location
    location.timezone_name = "Nowhere/../x"
    location.save()
    assert "At the pad" not in words(f"/launches/{demo.pk}/")


@pytest.mark.parametrize("address", ["/", *LISTS])
def test_a_page_is_only_read(client, address):
    assert client.post(address).status_code == 405
