"""The pages for people: who is docked where now, and was across the years."""

import gzip
import re
from datetime import UTC, date, datetime, time, timedelta
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.http import parse_http_date

from docking.models import DockingEvent
from docking.pages.svg import style_digest
from launches.models import SpacecraftFlight
from spacedevs.http.response_cache import ResponseCache
from stations.models import SpaceStation
from tests.support import factories
from tests.support.wsgi import Asker, claiming
from vehicles.models import Spacecraft

pytestmark = pytest.mark.django_db

THEN = datetime(2024, 3, 5, 7, 28, tzinfo=UTC)
DAY = timedelta(days=1)
MANY = 600


@pytest.fixture
def iss():
    station = factories.space_station(name="ISS", founded=date(1998, 11, 20), status__name="Active")
    factories.docking_location(spacestation=station, name="Harmony zenith")
    return station


@pytest.fixture
def stay(iss):
    """A ship with a crew of one, that has been there since then."""
    flight = factories.spacecraft_flight(
        spacecraft__name="Soyuz MS-28",
        launch__net=THEN - DAY,
        onboard_crew=[factories.seat(astronaut__name="Oleg Kononenko", role__role="Commander")],
    )
    return factories.docking_event(
        space_station_target=iss, docking_location__name="Rassvet", docking=THEN, flight_vehicle_chaser=flight
    )


def words(client, address):
    """The text of a page."""
    response = client.get(address)
    assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")
    text = re.sub("<title>.*?</title>|<[^>]+>", " ", response.content.decode())
    return " ".join(text.split()).replace(" ,", ",")


def part(text, begin, end):
    return text.partition(begin)[2].partition(end)[0].strip()


def pages(station, ship):
    return [
        "/stations/",
        "/stations/timeline.svg",
        f"/stations/{station.pk}/",
        f"/stations/{station.pk}/timeline.svg",
        f"/spacecraft/{ship.pk}/",
        f"/spacecraft/{ship.pk}/timeline.svg",
    ]


def test_a_station_shows_who_is_at_which_port_and_who_is_aboard(client, iss, stay):
    gone = factories.spacecraft_flight()
    factories.docking_event(
        space_station_target=iss,
        docking_location__name="Poisk",
        flight_vehicle_chaser=gone,
        docking=THEN,
        departure=THEN + DAY,
    )
    factories.expedition(name="Expedition 70", spacestation=iss, start=THEN)
    text = words(client, f"/stations/{iss.pk}/")
    days = (datetime.now(UTC).date() - THEN.date()).days
    kind = stay.flight_vehicle_chaser.spacecraft.spacecraft_config.name
    assert part(text, "Docked now", "Free") == (
        f"1 Rassvet Soyuz MS-28 {kind} Since 5 March 2024, 07:28 UTC, {days} days"
    )
    assert part(text, "Free", "Aboard now") == "Poisk"
    assert part(text, "Aboard now", "Timeline") == (
        "1 Expedition 70, since 5 March 2024 O Oleg Kononenko Commander, with Soyuz MS-28 since 5 March 2024"
    )


def test_a_station_where_nobody_is_says_so(client):
    station = factories.space_station(name="Mir")
    text = words(client, f"/stations/{station.pk}/")
    assert part(text, "Docked now", "Timeline") == "0 No vehicle is docked."
    assert "No records in these years." in text


def test_the_table_holds_what_is_drawn(client, iss, stay):
    factories.docking_event(
        space_station_target=iss,
        docking_location=stay.docking_location,
        docking=THEN - 100 * DAY,
        departure=THEN - 90 * DAY,
        payload_flight_chaser__payload__name="Nauka",
    )
    rows = part(words(client, f"/stations/{iss.pk}/?from=2023&to=2023"), "From To Days", "Softdock serves")
    assert rows == "Rassvet Nauka Module 2023-11-26 2023-12-06 10"
    rows = part(words(client, f"/stations/{iss.pk}/?from=2024"), "From To Days", "Softdock serves")
    assert (rows.startswith("Rassvet Soyuz MS-28 "), " 2024-03-05 now " in rows) == (True, True)


def test_all_stations_are_there_those_in_use_first(client, iss, stay):
    factories.space_station(name="Mir", founded=date(1986, 2, 20), deorbited=date(2001, 3, 23), status__name="Gone")
    text = words(client, "/stations/")
    assert part(text, "In use", "Timeline") == (
        "ISS Since 20 November 1998, 1 docking 1 docked 1 aboard Soyuz MS-28 Rassvet"
    )
    assert part(text, "Former and others", "Softdock serves") == "Mir 1986–2001, 0 dockings"  # noqa: RUF001


def test_station_that_came_down_in_its_first_year_is_of_one_year(client):
    factories.space_station(name="Salyut 1", founded=date(1971, 4, 19), deorbited=date(1971, 10, 11))
    table = part(words(client, "/stations/"), "As a table", "Softdock serves")
    assert table.endswith("Salyut 1 1971, 0 dockings")


def test_a_ship_shows_where_it_was(client, stay):
    text = words(client, f"/spacecraft/{stay.flight_vehicle_chaser.spacecraft_id}/")
    assert part(text, "Docked now", "Last changed") == "ISS, Rassvet, since 5 March 2024"
    assert "ISS Rassvet 2024-03-05 now " in part(text, "From To Days", "Softdock serves")
    assert client.get("/spacecraft/")["Location"] == "/2.3.0/spacecraft/"


def test_every_link_of_the_pages_leads_somewhere(client, iss, stay):
    ship = stay.flight_vehicle_chaser.spacecraft
    for address in pages(iss, ship):
        for link in set(re.findall('href="([^"]+)"', client.get(address).content.decode())):
            link = link.replace("&amp;", "&").partition("#")[0]
            if link and not link.startswith("/static/"):
                target = f"{address.partition('?')[0]}{link}" if link.startswith("?") else link
                assert (link, client.get(target).status_code in (200, 302)) == (link, True)


def test_a_picture_is_all_that_it_needs(client, iss, stay):
    response = client.get(f"/stations/{iss.pk}/timeline.svg?from=2024&to=2024")
    assert response["Content-Type"] == "image/svg+xml; charset=utf-8"
    policy = dict(each.split(" ", 1) for each in response["Content-Security-Policy"].split("; "))
    assert (policy["style-src"], policy["script-src"], policy["default-src"]) == (
        style_digest(),
        "'none'",
        "'none'",
    )
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    root = ElementTree.fromstring(response.content)  # noqa: S314 - it is our own
    assert (root.tag, root.get("width")) == ("{http://www.w3.org/2000/svg}svg", "1200")


@pytest.mark.parametrize("query", ["from=x", "from=2024&to=2020", "to=\x00", "from=%D9%A2", "to=" + "9" * 400])
def test_years_that_are_none_are_refused(query, client, iss, stay):
    for address in pages(iss, stay.flight_vehicle_chaser.spacecraft):
        response = client.get(f"{address}?{query}".replace("\x00", "%00"))
        assert (response.status_code, response["Content-Type"]) == (400, "text/plain; charset=utf-8")


@pytest.mark.parametrize("key", ["0", "7", "07", "x", "9" * 18, "9" * 40, "1/x"])
@pytest.mark.parametrize("path", ["stations/{}/", "stations/{}/timeline.svg", "spacecraft/{}/"])
def test_what_is_not_there_is_not_found(path, key, client):
    assert client.get(f"/{path.format(key)}").status_code == 404


def test_pages_are_read_alone(client, iss):
    assert client.post(f"/stations/{iss.pk}/").status_code == 405


def test_a_script_in_a_name_is_text(client, iss, stay):
    evil = '<script>alert(1)</script>"'
    ship = stay.flight_vehicle_chaser.spacecraft
    for row in (iss, ship, stay.docking_location, ship.spacecraft_config, iss.status):
        type(row).objects.filter(pk=row.pk).update(name=evil)
    for address in pages(iss, ship):
        text = client.get(address).content.decode()
        assert ("<script>alert" in text, "&lt;script&gt;alert" in text) == (False, True)


def test_pages_have_nothing_inline_and_their_files_are_ours(client, iss, stay):
    for address in pages(iss, stay.flight_vehicle_chaser.spacecraft):
        text = client.get(address).content.decode()
        assert re.findall(r"<script(?! src=.?/static/\S+ [^>]*defer>)|\bon\w+=|\bstyle=|javascript:", text) == []
        assert ("<style" in text) == address.endswith(".svg")
        assert [each for each in re.findall('<(?:img src|link[^>]*href)="([^"]+)', text) if "//" in each] == []


# How much it takes -------------------------------------------------------------------------------


def fill(station, number):
    """Stays of so many ships at twelve ports, for a year and a half each."""
    ports = [factories.docking_location(spacestation=station) for _ in range(12)]
    some = factories.spacecraft()
    launch = factories.launch(net=THEN - 3 * DAY)
    ships = Spacecraft.objects.bulk_create(
        Spacecraft(name=f"Progress MS-{n}", status=some.status, spacecraft_config=some.spacecraft_config)
        for n in range(number)
    )
    flights = SpacecraftFlight.objects.bulk_create(SpacecraftFlight(spacecraft=ship, launch=launch) for ship in ships)
    DockingEvent.objects.bulk_create(
        DockingEvent(
            docking=THEN - n * 15 * DAY,
            departure=THEN + (150 - n * 15) * DAY,
            docking_location=ports[n % 12],
            space_station_target=station,
            flight_vehicle_chaser=flight,
        )
        for n, flight in enumerate(flights)
    )


def statements(client, address):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_it_takes_as_many_statements_for_all_dockings_of_a_large_station_as_for_few(client, iss, stay):
    addresses = pages(iss, stay.flight_vehicle_chaser.spacecraft)
    few = [statements(client, address) for address in addresses]
    assert max(few) <= 14
    fill(iss, MANY)
    assert [statements(client, address) for address in addresses] == few


def test_all_dockings_of_a_large_station_fit_a_page_and_a_picture(client, iss):
    fill(iss, MANY)
    picture = client.get(f"/stations/{iss.pk}/timeline.svg").content
    assert picture.count(b"<a ") == MANY
    assert (len(picture) < 200_000, len(gzip.compress(picture)) < 40_000) == (True, True)
    page = client.get(f"/stations/{iss.pk}/").content
    assert page.count(b"<tr>") == MANY + 1
    assert (len(page) < 400_000, len(gzip.compress(page)) < 80_000) == (True, True)


# How long it holds -------------------------------------------------------------------------------


def test_a_page_holds_for_the_day_it_counts_or_until_somebody_comes_or_goes(client, iss, stay):
    def expires(address):
        return datetime.fromtimestamp(parse_http_date(client.get(address)["Expires"]), UTC)

    now = datetime.now(UTC).replace(microsecond=0)
    midnight = datetime.combine(now.date() + DAY, time(), UTC)
    addresses = pages(iss, stay.flight_vehicle_chaser.spacecraft)
    assert {expires(address) for address in addresses} <= {midnight, midnight + DAY}
    soon = min(now + timedelta(hours=1), midnight)
    DockingEvent.objects.filter(pk=stay.pk).update(departure=soon)
    assert {expires(address) for address in (addresses[0], addresses[2])} == {soon}


@pytest.mark.parametrize("index", range(6))
def test_a_page_is_kept_until_the_data_change(index, django, iss, stay):
    address = pages(iss, stay.flight_vehicle_chaser.spacecraft)[index]
    version = ["1"]
    ask = Asker(ResponseCache(claiming(django), lambda: version[0]))
    status, headers, body = ask(address)
    assert (status, headers["Cache-Control"]) == ("200 OK", "public, no-cache, max-age=0")
    assert not headers.keys() & {"Set-Cookie", "Expires", "Access-Control-Allow-Origin"}
    with CaptureQueriesContext(connection) as captured:
        assert ask(address)[2] == body
        told, said, nothing = ask(address, HTTP_IF_NONE_MATCH=headers["ETag"])
    assert (len(captured), told, nothing) == (0, "304 Not Modified", b"")
    assert said == {name: headers[name] for name in ("ETag", "Cache-Control", "X-Accel-Expires", "Vary")}
    version[0] = "2"
    SpaceStation.objects.filter(pk=iss.pk).update(name="Another")
    Spacecraft.objects.update(name="Another")
    assert ask(address, HTTP_IF_NONE_MATCH=headers["ETag"])[0] == "200 OK"


@pytest.mark.django_db
def test_no_statement_groups_by_what_a_manager_computes(client, editor):
    """Such a statement computes each station's figures for each of its dockings, and so grows with their square."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/stations/").status_code == 200
        assert editor.get("/admin/").status_code == 200
    grouped = [
        re.split(" HAVING | ORDER BY ", each) for query in queries for each in query["sql"].split("GROUP BY")[1:]
    ]
    assert grouped
    assert [columns for columns, *_ in grouped if "SELECT" in columns] == []
