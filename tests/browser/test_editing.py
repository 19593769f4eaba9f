"""A day of an editor, walked through in a browser."""

from io import BytesIO

import pytest
from PIL import Image as Pillow

from media_assets.models import ImageLicense
from stations.models import SpaceStation
from tests.support.factories import (
    agency,
    docking_event,
    docking_location,
    row,
    space_station,
    spacecraft_config,
    spacecraft_flight,
)
from vehicles.models import SpacecraftStatus

from .conftest import PASSWORD, new_editor

pytestmark = pytest.mark.django_db(transaction=True)


def choose(page, field, text):
    """Finds a row by typing, as an editor does, and takes it."""
    page.click(f"#id_{field} ~ .select2")
    page.fill(".select2-search--dropdown .select2-search__field", text)
    page.click(f".select2-results__option--highlighted:has-text('{text}')")


def offered(page, field):
    """What a field offers that finds its rows by typing."""
    page.click(f"#id_{field} ~ .select2")
    page.wait_for_selector(".select2-results__option:not(.loading-results)")
    texts = page.locator(".select2-results__option").all_inner_texts()
    page.keyboard.press("Escape")
    return texts


def save(page):
    page.click("[name=_save] >> nth=0")
    page.wait_for_selector(".messagelist .success")


def picture():
    file = BytesIO()
    Pillow.new("RGB", (600, 300), (200, 30, 30)).save(file, "PNG")
    return {"name": "mir.png", "mimeType": "image/png", "buffer": file.getvalue()}


def test_editor_logs_in_and_sees_what_needs_attention(browse):
    new_editor("anna")
    page = browse()
    page.goto("/admin/")
    page.fill("[name=username]", "anna")
    page.fill("[name=password]", PASSWORD)
    page.click("[type=submit]")
    page.wait_for_selector("#attention")


def test_editor_records_a_docking_ends_it_and_takes_that_back(open_browser):
    spacecraft_config(name="Soyuz TM")
    row(SpacecraftStatus, name="Active")
    agency(name="Energia")
    space_station(name="Salyut 7")
    page = open_browser("anna")

    page.goto("/admin/stations/spacestation/add/")
    page.fill("#id_name", "Mir")
    page.click("text=Add another port")
    page.fill("#id_docking_location-0-name", "Kristall")
    save(page)

    page.goto("/admin/vehicles/spacecraft/add/")
    page.fill("#id_name", "Soyuz TM-16")
    page.fill("#id_description", "It docked at Kristall.")
    page.select_option("#id_status", label="Active")
    choose(page, "spacecraft_config", "Soyuz TM")
    save(page)

    page.goto("/admin/launches/launch/add/")
    page.locator("#id_name").press_sequentially("Soyuz-U2")
    choose(page, "launch_service_provider", "Energia")
    for name in ("net", "window_start", "window_end"):
        page.fill(f"#id_{name}_0", "1993-01-24")
        page.fill(f"#id_{name}_1", "05:58:05")
    page.click("text=Add another Spacecraft flight")
    choose(page, "spacecraft_flights-0-spacecraft", "Soyuz TM-16")
    save(page)

    page.goto("/admin/docking/dockingevent/add/")
    choose(page, "flight_vehicle_chaser", "Soyuz TM-16")
    choose(page, "space_station_target", "Salyut 7")
    assert offered(page, "docking_location") == ["No results found"]
    choose(page, "space_station_target", "Mir")
    choose(page, "docking_location", "Kristall")
    page.fill("#id_docking_0", "1993-01-26")
    page.fill("#id_docking_1", "07:31:17")
    save(page)

    def recorded():
        (stay,) = page.request.get("/2.3.0/docking_events/?format=json").json()["results"]
        return stay

    stay = recorded()
    assert (stay["space_station_target"]["name"], stay["docking"], stay["departure"]) == (
        "Mir",
        "1993-01-26T07:31:17Z",
        None,
    )

    page.goto(f"/admin/stations/spacestation/{SpaceStation.objects.get(name='Mir').pk}/change/")
    assert "Soyuz TM-16" in page.inner_text(".field-docked >> nth=0")
    assert page.inner_text(".field-docked_vehicles .readonly") == "1"
    page.fill("#id_height", "31")
    page.click("text=Undock now")
    page.wait_for_selector(".messagelist .success")
    assert recorded()["departure"] is not None
    assert page.is_visible("text=Dock here …")
    assert page.inner_text(".field-docked_vehicles .readonly") == "0"
    assert page.input_value("#id_height") == "31"  # what is typed beside it stays

    page.goto(f"/admin/docking/dockingevent/{stay['id']}/history/")
    assert "Departure:" in page.inner_text(".versions")
    page.click("text=Restore this >> nth=0")
    page.wait_for_selector(".messagelist .success")
    assert recorded()["departure"] is None

    page.goto(f"/2.3.0/docking_events/{stay['id']}/")
    page.click("text=Edit")
    page.wait_for_url(f"**/admin/docking/dockingevent/{stay['id']}/change/")
    page.click("text=View on site")
    page.wait_for_url(f"**/2.3.0/docking_events/{stay['id']}/")


def test_form_of_a_stay_opens_with_the_port_that_it_has(open_browser):
    """Also where a link filled it in; the admin tells of a change of each field once the page is there."""
    station = space_station(name="Mir")
    port = docking_location(name="Kristall", spacestation=station)
    stay = docking_event(space_station_target=station, docking_location=port)
    page = open_browser("anna")
    filled = f"space_station_target={station.pk}&docking_location={port.pk}"
    for address in (f"{stay.pk}/change/", f"add/?{filled}"):
        page.goto(f"/admin/docking/dockingevent/{address}")
        page.wait_for_load_state("networkidle")
        assert page.input_value("#id_docking_location") == str(port.pk)
    page.goto(f"/admin/docking/dockingevent/{stay.pk}/change/")
    save(page)


def test_second_target_takes_the_place_of_the_first_and_back(open_browser):
    mir, ship = space_station(name="Mir"), spacecraft_flight(spacecraft__name="Soyuz TM-16")
    page = open_browser("anna")
    page.goto("/admin/docking/dockingevent/add/")
    for target, other, text in (
        ("space_station_target", "flight_vehicle_target", "Mir"),
        ("flight_vehicle_target", "space_station_target", "Soyuz TM-16"),
        ("space_station_target", "flight_vehicle_target", "Mir"),
    ):
        choose(page, target, text)
        made = {"space_station_target": mir, "flight_vehicle_target": ship}[target]
        assert (page.input_value(f"#id_{target}"), page.input_value(f"#id_{other}")) == (str(made.pk), "")


def test_choosing_a_party_empties_the_others_of_its_kind(open_browser):
    space_station(name="Mir")
    space_station(name="Salyut 7")
    page = open_browser("anna")
    page.goto("/admin/docking/dockingevent/add/")
    choose(page, "space_station_chaser", "Mir")
    choose(page, "space_station_target", "Salyut 7")
    assert page.input_value("#id_space_station_chaser")
    page.evaluate(
        "django.jQuery('#id_payload_flight_chaser').append(new Option('A payload', '1', true, true)).change()"
    )
    assert page.input_value("#id_space_station_chaser") == ""
    assert page.input_value("#id_space_station_target")


def test_picture_is_looked_at_before_and_after_it_is_sent(open_browser):
    row(ImageLicense, name="CC0")
    page = open_browser("anna")
    page.goto("/admin/media_assets/image/add/")
    page.fill("#id_name", "Mir")
    page.select_option("#id_license", label="CC0")
    page.set_input_files("#id_upload", picture())
    page.wait_for_selector("#id_upload ~ img.preview")
    page.click("[name=_continue] >> nth=0")
    shown = page.wait_for_selector(".field-preview img")
    page.wait_for_function("image => image.complete", arg=shown)
    assert shown.evaluate("image => image.naturalWidth") == 255


def test_second_of_two_editors_is_told_what_the_first_did(open_browser):
    station = space_station(name="Mir")
    anna, boris = open_browser("anna"), open_browser("boris")
    for page in (anna, boris):
        page.goto(f"/admin/stations/spacestation/{station.pk}/change/")
    anna.fill("#id_name", "Mir-2")
    save(anna)
    boris.fill("#id_height", "31")
    boris.click("[name=_save] >> nth=0")
    assert "anna changed this" in boris.inner_text(".errorlist.nonfield")
    assert (boris.input_value("#id_name"), boris.input_value("#id_height")) == ("Mir-2", "31")
    save(boris)
    station.refresh_from_db()
    assert (station.name, station.height) == ("Mir-2", 31.0)


PAGES = [
    "/admin/",
    "/admin/docking/dockingevent/",
    "/admin/docking/dockingevent/add/",
    "/admin/agencies/agency/export/",
]


def test_station_that_was_deleted_meanwhile_comes_back_as_it_was_typed(open_browser):
    station = space_station(name="Mir")
    docking_location(name="Kristall", spacestation=station)
    anna, boris = open_browser("anna"), open_browser("boris")
    boris.goto(f"/admin/stations/spacestation/{station.pk}/change/")
    anna.goto(f"/admin/stations/spacestation/{station.pk}/delete/")
    anna.click("[type=submit] >> nth=-1")
    anna.wait_for_selector(".messagelist .success")
    boris.fill("#id_height", "31")
    boris.click("[name=_save] >> nth=0")
    assert "anna deleted this" in boris.inner_text(".errorlist.nonfield")
    assert boris.input_value("#id_height") == "31"
    assert not SpaceStation.objects.exists()
    save(boris)
    assert [*SpaceStation.objects.values_list("pk", "height", "docking_location__name")] == [
        (station.pk, 31.0, "Kristall")
    ]


def test_port_that_was_deleted_stays_where_it_was_until_both_are_sure(open_browser):
    """Once it is told it is marked for deletion, and stays so however often the page is shown again."""
    station = space_station(name="Mir")
    for name in ("Kvant", "Poisk", "Sofora"):
        docking_location(name=name, spacestation=station)
    anna, boris = open_browser("anna"), open_browser("boris")
    for page in (anna, boris):
        page.goto(f"/admin/stations/spacestation/{station.pk}/change/")
    anna.check("#id_docking_location-1-DELETE")
    save(anna)
    boris.fill("#id_founded", "no date")
    for _ in range(2):
        boris.click("[name=_save] >> nth=0")
        boris.wait_for_selector(".errornote")
        names = [boris.input_value(f"#id_docking_location-{number}-name") for number in range(3)]
        assert names == ["Kvant", "Poisk", "Sofora"]
        assert boris.is_checked("#id_docking_location-1-DELETE")
    boris.fill("#id_founded", "1986-02-20")
    save(boris)
    assert [*station.docking_location.values_list("name", flat=True)] == ["Kvant", "Sofora"]


def test_who_adds_a_row_can_type_at_once(open_browser):
    page = open_browser("anna")
    page.goto("/admin/stations/spacestation/add/")
    page.keyboard.type("Mir")
    assert page.input_value("#id_name") == "Mir"


def test_name_of_a_row_and_the_tools_of_its_page_do_not_meet(open_browser):
    station = space_station(name="A name of a station that is long " * 6)
    page = open_browser("anna")
    page.goto(f"/admin/stations/spacestation/{station.pk}/change/")
    name, tools = (page.locator(each).bounding_box() for each in ("#content > h2", ".object-tools"))
    assert name["y"] + name["height"] <= tools["y"]


def test_pages_fit_a_phone(open_browser):
    page = open_browser("anna")
    page.set_viewport_size({"width": 390, "height": 844})
    for address in PAGES:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address


def test_what_a_file_would_change_scrolls_within_its_page(open_browser):
    page = open_browser("anna")
    page.goto("/admin/agencies/agency/import/")
    file = {"name": "agencies.csv", "mimeType": "text/csv", "buffer": b"id,name,type\n,ESA,\n"}
    page.set_input_files("[name=import_file]", file)
    page.select_option("[name=format]", label="csv")
    page.click("input[value=Submit]")
    page.wait_for_selector(".import-preview")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
