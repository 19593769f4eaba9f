"""The pages of stations, looked at in a browser that is strict about what they load."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support import factories

pytestmark = pytest.mark.django_db(transaction=True)

THEN = datetime(2024, 3, 5, 7, 28, tzinfo=UTC)


@pytest.fixture
def station():
    """A station with a ship that has been there since then, and one that is gone."""
    mir = factories.space_station(name="Mir", status__name="Active")
    for name, facts in {"Soyuz TM-30": {}, "Progress M1-1": {"departure": THEN + timedelta(days=90)}}.items():
        factories.docking_event(
            space_station_target=mir,
            docking_location__name=f"Port of {name}",
            docking=THEN,
            flight_vehicle_chaser__spacecraft__name=name,
            flight_vehicle_chaser__launch__net=THEN - timedelta(days=2),
            **facts,
        )
    return mir


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_visitor_comes_nearer_and_follows_a_bar(scheme, open_browser, station):
    page = open_browser("anna")
    page.emulate_media(color_scheme=scheme)
    page.goto("/stations/")
    page.click("text=Mir >> nth=0")
    page.wait_for_url(f"**/stations/{station.pk}/")
    page.click("text=2020s")
    page.click(".zoom >> text=2024")
    page.wait_for_url("**/?from=2024&to=2024#timeline")
    ground = page.eval_on_selector("svg .ground", "each => getComputedStyle(each).fill")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(21, 28, 38)"}[scheme]
    page.click("summary:has-text('as a table')")
    assert page.locator("tbody tr").count() == 2
    page.click("svg a:has-text('Progress')")
    page.wait_for_url("**/2.3.0/docking_events/*/")


def test_picture_stands_alone_and_is_shown_by_others(open_browser, station):
    page = open_browser("anna")
    address = f"/stations/{station.pk}/timeline.svg?from=2024&to=2024"
    page.goto(address, wait_until="networkidle")
    assert page.eval_on_selector("svg .ground", "each => getComputedStyle(each).fill") == "rgb(255, 255, 255)"
    page.goto("/stations/", wait_until="networkidle")
    size = page.evaluate(
        """async address => { const shown = new Image(); shown.src = address; await shown.decode();
        return [shown.naturalWidth, shown.naturalHeight > 100] }""",
        address,
    )
    assert size == [1200, True]


def test_pages_of_stations_fit_a_phone(open_browser, station):
    page = open_browser("anna")
    page.set_viewport_size({"width": 390, "height": 844})
    ship = station.docking_events_target.first().flight_vehicle_chaser.spacecraft_id
    for address in ("/stations/", f"/stations/{station.pk}/", f"/spacecraft/{ship}/"):
        page.goto(address, wait_until="networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address


def test_picture_that_cannot_be_had_is_replaced_by_a_drawing(browse, station):
    station.image = factories.image(thumbnail_url="https://example.com/away.jpg")
    station.save()
    page = browse()
    page.route("**/away.jpg", lambda route: route.fulfill(body="no picture", content_type="image/jpeg"))
    page.goto(f"/stations/{station.pk}/", wait_until="networkidle")
    shown = "figure img", "image => [image.src.split('/').at(-1), image.naturalWidth > 0, image.alt]"
    assert page.eval_on_selector(*shown) == ["none.svg", True, "Mir"]
