"""The start page says what flies next, who is in space, what is docked, and what changed last."""

import html
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.http import parse_http_date

from events.models import Update
from spacedevs.http.response_cache import ResponseCache
from tests.support import factories
from tests.support.wsgi import Asker

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
BEGIN, END = "Next launch", "All upcoming launches"


def launch(name, days, abbrev="Go", **values):
    at = {"net": NOW + days * DAY, "status__abbrev": abbrev, "status__name": f"Status {abbrev}"}
    return factories.launch(name=name, **at | values)


@pytest.fixture
def stay():
    """A ship with a crew of one at a station."""
    flight = factories.spacecraft_flight(
        spacecraft__name="Soyuz MS-28",
        launch__net=NOW - 10 * DAY,
        onboard_crew=[factories.seat(astronaut__name="Oleg Kononenko")],
    )
    return factories.docking_event(
        space_station_target=factories.space_station(name="ISS"),
        docking_location__name="Rassvet",
        docking=datetime(2024, 3, 5, tzinfo=UTC),
        flight_vehicle_chaser=flight,
    )


def test_the_next_launch_stands_before_those_after_it(part):
    launch("Ariane 62 | PLATO", 90.5, "TBD", net_precision__abbrev="M", rocket=None, pad=None)
    launch("Falcon 9 | Crew-14", 3.01, rocket=None, launch_service_provider__name="SpaceX", pad__name="39A")
    text = part("/", BEGIN, END)
    first, _, second = text.partition("After that")
    net = NOW + 3.01 * DAY
    assert first.split(" Pad ")[0] == (
        f"● Status Go SpaceX Crew-14 {net.day} {net:%B} {net.year}, {net:%H:%M} UTC Time as recorded; in 3 days"
    )
    assert "39A" in first
    month = NOW + 90.5 * DAY
    assert second.strip().startswith(f"{month:%B} {month.year} PLATO")
    assert second.strip().endswith("? TBD")


def test_a_launch_of_the_last_day_stands_above_the_next(words):
    launch("Electron | Owl", -0.5, "Success", rocket=None)
    launch("Vega-C | Sentinel", 2, rocket=None)
    text = words("/")
    assert text.index("✓ Success Owl") < text.index(BEGIN) < text.index("Sentinel")


def test_without_an_upcoming_launch_the_last_ones_are_shown(part):
    for days in (-2, -30, -400, -500):
        launch(f"Proton | Number {-days}", days, "Success", rocket=None)
    text = part("/", "The last launches", END)
    assert [word for word in ("Number 2", "Number 30", "Number 400", "Number 500") if word in text] == [
        "Number 2",
        "Number 30",
        "Number 400",
    ]


def test_people_and_ships_stand_by_their_station(words, stay):
    text = words("/")
    assert "In space now 1 ISS 1 Oleg Kononenko Docked now 1 ISS 1 Soyuz MS-28 Rassvet, since 5 Mar 2024" in text


def test_the_latest_updates_stand_below(part, stay):
    for day in range(1, 8):
        Update.objects.create(comment=f"Update {day}", created_on=datetime(2026, 1, day, tzinfo=UTC))
    assert part("/", "What changed last", "All changes") == " ".join(
        f"{day} Jan 2026 Update {day}" for day in range(7, 2, -1)
    )


def test_an_empty_database_says_what_to_do_first(words):
    text = words("/")
    assert "These data are empty Load a mirror of Launch Library ( how ), or enter data in the admin ." in text
    assert BEGIN not in text


def test_the_example_works(client, stay):
    page = html.unescape(client.get("/").content.decode())
    address = page.partition("curl '")[2].partition("'")[0]
    assert address == "http://testserver/2.3.0/launches/upcoming/?mode=list&limit=5"
    assert client.get(address).status_code == 200


def test_more_rows_need_no_more_statements(client, stay):
    def statements():
        with CaptureQueriesContext(
            connection,
        ) as context:
            client.get("/")
        return len(context)

    launch("Falcon 9 | First", 1)
    launch("Falcon 9 | Second", 2)
    Update.objects.create(comment="One", launch=launch("Falcon 9 | Third", 3))
    few = statements()
    for number in range(9):
        Update.objects.create(comment="More", launch=launch(f"Falcon 9 | Number {number}", 4 + number))
    factories.docking_event(space_station_target=stay.space_station_target, docking=NOW - DAY)
    assert statements() == few


def test_it_expires_with_the_hour_before_a_launch_and_else_at_midnight(client):
    launch("Falcon 9 | Far", 20)
    far = parse_http_date(client.get("/")["Expires"])
    launch("Falcon 9 | Near", 1.2)
    near = parse_http_date(client.get("/")["Expires"])
    now = datetime.now(UTC).timestamp()
    assert far % 86400 == 0
    assert near % 3600 == 0
    assert now < near <= now + 3600 + 1
    assert now < far <= now + 86400 + 1


@pytest.mark.django_db(transaction=True)
def test_it_is_kept_until_what_it_shows_changes(django, stay):
    soon = launch("Falcon 9 | Crew-14", 20)
    ask = Asker(ResponseCache(django))
    (_, before, first), (_, kept, _) = ask("/"), ask("/")
    soon.name = "Falcon 9 | Crew-15"
    soon.save()
    _, after, again = ask("/")
    assert before["ETag"] == kept["ETag"] != after["ETag"]
    assert (b"Crew-14" in first, b"Crew-15" in again, b"Crew-14" in again) == (True, True, False)
