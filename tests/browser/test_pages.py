"""What people see of the API and its documentation, in a browser: light and dark, at a desk and on a phone."""

import json
from itertools import product

import pytest
from axe_playwright_python.sync_playwright import Axe

from agencies.models import Agency
from launches.models import Launch
from stations.models import SpaceStation
from tests.support import factories
from tests.support.routes import KINDS
from vehicles.models import Spacecraft

pytestmark = pytest.mark.django_db(transaction=True)
SIZES = {"desk": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
DOCUMENTS = "/docs/", "/docs/endpoints/", "/docs/filters/", "/docs/modes/", "/docs/reference/"
PAGES = {
    "root": ["/2.3.0/?format=api"],
    "list": ["/2.3.0/docking_events/?format=api&docked=true&limit=1", "/2.3.0/launches/?format=api&limit=1&mode=list"],
    "detail": ["/2.3.0/agencies/{agency}/?format=api"],
    "search": ["/2.3.0/search/?format=api&q=xyzzy", "/2.3.0/search/?format=api&q=station"],
    "start": ["/"],
    "launches": ["/launches/", "/launches/past/", "/launches/{launch}/"],
    "nouns": ["/search/?q=a-name", "/agencies/", "/agencies/{agency}/", "/dockings/", "/rockets/", "/people/"],
    "stations": ["/stations/", "/stations/{station}/", "/spacecraft/{spacecraft}/"],
    "documents": [*DOCUMENTS, "/docs/reference/launches/", "/docs/reference/components/LaunchDetailed/"],
    "swagger": ["/2.3.0/docs/"],
}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], "resultTypes": ["violations"]}


@pytest.fixture
def rows():
    return [factories.full_docking_event(*kind) for kind in KINDS]


def opened(page, address):
    page.goto(address)
    page.evaluate("for (const each of document.querySelectorAll('.filters, .group, .help')) each.open = true")
    if address == "/2.3.0/docs/":
        page.wait_for_selector(".opblock-tag")


def serious(page):
    """What axe-core finds that keeps people out."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        (each["id"], node["target"], node.get("failureSummary", "")[:300])
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"][:3]
    ]


@pytest.mark.parametrize("kind", PAGES)
def test_pages_are_for_everyone_and_fit(kind, rows, browse):
    """Each is opened once, then looked at in each scheme and size."""
    page = browse()
    keys = {
        model._meta.verbose_name.split()[-1]: model.objects.first().pk
        for model in (Agency, Launch, SpaceStation, Spacecraft)
    }
    for address in PAGES[kind]:
        opened(page, address.format(**keys))
        for size, scheme in product(SIZES, ("light", "dark")):
            page.set_viewport_size(SIZES[size])
            page.emulate_media(color_scheme=scheme)
            # Colours may pass over slowly into those of the other scheme.
            page.evaluate("Promise.allSettled(document.getAnimations().map(each => each.finished))")
            assert serious(page) == [], (address, size, scheme)
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= SIZES[size]["width"], (address, size, scheme)


def test_pages_work_without_scripts(rows, browse):
    page = browse(java_script_enabled=False)
    page.goto("/2.3.0/docking_events/?format=api")
    page.click("summary:has-text('Filters')")
    page.select_option("[name=docked]", "true")
    page.click(".first button")
    assert page.locator(".used code").all_inner_texts() == ["docked=true"]
    page.click("a:has-text('detailed')")
    assert "mode=detailed" in page.url
    assert "docked=true" in page.url


def test_a_form_asks_only_with_what_was_filled_in(rows, browse):
    page = browse()
    page.goto("/2.3.0/docking_events/?format=api&mode=detailed")
    page.fill("[name=search]", "Mir")
    page.select_option("[name=ordering]", "-docking")
    page.click(".first button")
    page.wait_for_url("**/docking_events/?format=api&mode=detailed&search=Mir&ordering=-docking")


def test_a_moment_is_chosen_and_asked(rows, browse):
    page = browse()
    page.goto("/2.3.0/docking_events/?format=api")
    page.click("summary:has-text('Filters')")
    page.fill("[name=docking__gte]", "2024-01-01T06:00:00")
    page.press("[name=docking__gte]", "Enter")
    page.wait_for_url("**/docking_events/?format=api&docking__gte=2024-01-01T06%3A00*")
    assert page.input_value("[name=docking__gte]").startswith("2024-01-01T06:00")


def test_ids_are_offered_by_the_names_of_their_records(browse):
    stations = [factories.space_station(name=name) for name in ("Mir", "Skylab")]
    page = browse()
    page.goto("/2.3.0/docking_events/?format=api")
    page.click("summary:has-text('Filters')")
    with page.expect_response("**/space_stations/?*search=sky*"):
        page.locator("[name=space_station_target__id]").press_sequentially("sky")
    offered = page.locator("#list_space_station_target__id option")
    offered.first.wait_for(state="attached")
    page.wait_for_function("document.querySelectorAll('#list_space_station_target__id option').length == 1")
    assert [(each.get_attribute("value"), each.inner_text()) for each in offered.all()] == [
        (str(stations[1].pk), "Skylab")
    ]


def test_of_several_ids_the_last_is_offered(browse):
    first, second = (factories.space_station(name=name) for name in ("Mir", "Skylab"))
    page = browse()
    page.goto("/2.3.0/spacewalks/?format=api")
    page.click("summary:has-text('Filters')")
    page.click("summary:has-text('Records')")
    page.locator("[name=spacestation__ids]").press_sequentially(f"{first.pk},sky")
    option = page.locator(f"#list_spacestation__ids option[value='{first.pk},{second.pk}']")
    option.wait_for(state="attached")


def test_json_folds_and_its_lines_have_addresses(rows, browse):
    page = browse()
    page.goto("/2.3.0/docking_events/?format=api")
    line = page.locator("#json summary:has-text('docking_location')").first
    folded = line.locator("xpath=..")
    within = folded.locator("div").first
    assert within.is_visible()
    line.click()
    assert not within.is_visible()
    line.focus()
    page.keyboard.press("Enter")
    assert within.is_visible()
    number = line.get_attribute("id")
    line.click(position={"x": 10, "y": 8})
    page.wait_for_url(f"**#{number}")
    assert within.is_visible()


def test_all_is_folded_and_opened_and_copied_as_json(rows, browse):
    page = browse(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/2.3.0/docking_events/?format=api")
    open_parts = "document.querySelectorAll('#json details[open]').length"
    parts = page.evaluate(open_parts)
    page.click("text=Fold all")
    assert page.evaluate(open_parts) == 1  # the list of results itself
    page.click("text=Open all")
    assert page.evaluate(open_parts) == parts
    page.click("text=Copy")
    page.wait_for_selector("text=Copied")
    copied = page.evaluate("navigator.clipboard.readText()").replace("format=api", "format=json")
    assert json.loads(copied) == page.request.get("/2.3.0/docking_events/?format=json").json()


@pytest.fixture
def folded(rows, browse, monkeypatch):
    """A list, of which the page has only the first record."""
    monkeypatch.setattr("spacedevs.api.browsable.json_html.OPEN", 10)

    def folded(**about):
        page = browse(**about)
        page.goto("/2.3.0/docking_events/?format=api&ordering=-docking&limit=3")
        return page

    return folded


def whole(page):
    """The same list as it is when all of it is drawn."""
    return page.request.get("/2.3.0/docking_events/?format=json&ordering=-docking&limit=3").json()


def shown(page):
    """The JSON that a page shows; its own links name another format."""
    lines = page.evaluate("lines()").replace("format=api", "format=json")
    return json.loads(lines)


def test_a_folded_record_is_drawn_when_it_is_opened(folded):
    page = folded()
    later = page.locator("#json details.later")
    assert (later.count(), page.locator("#json details.d3").count()) == (2, 3)
    later.last.locator("summary").click()
    page.locator("#json .later").nth(1).wait_for(state="detached")
    last = page.locator("#json details.d3").last
    assert last.locator("div").first.is_visible()
    numbers = [int(number) for number in last.evaluate("e => [...e.querySelectorAll('[id]')].map((line) => line.id)")]
    assert numbers == [*range(numbers[0], numbers[-1] + 1)]


def test_all_is_drawn_when_all_is_opened(folded):
    page = folded()
    page.click("text=Open all")
    page.locator("#json .later").first.wait_for(state="detached")
    assert shown(page) == whole(page)
    numbers = page.evaluate("[...json.querySelectorAll('[id]')].map((line) => Number(line.id))")
    assert numbers == [*range(1, len(numbers) + 1)]


def test_what_is_not_drawn_is_copied_too(folded):
    page = folded(permissions=["clipboard-read", "clipboard-write"])
    page.click("text=Copy")
    page.wait_for_selector("text=Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert json.loads(copied) == whole(page)
    assert copied.splitlines()[:2] == ["{", f'  "count": {whole(page)["count"]},']


def test_without_scripts_a_folded_record_has_a_page_of_its_own(folded):
    page = folded(java_script_enabled=False)
    page.locator("#json .later summary").last.click()
    page.locator("#json .later a").last.click()
    page.wait_for_url("**offset=2*")
    expected = page.request.get("/2.3.0/docking_events/?format=json&ordering=-docking&limit=1&offset=2").json()
    page.wait_for_selector(f"#json div:has-text('\"id\": {expected['results'][0]['id']},')")


def test_a_record_that_cannot_be_loaded_keeps_its_link(folded):
    page = folded()
    page.route("**/*offset=1", lambda route: route.fulfill(body="a proxy's page", content_type="text/html"))
    page.locator("#json .later summary").first.click()
    page.wait_for_selector("#said:has-text('could not be loaded')", state="attached")
    assert page.locator("#json .later a").first.is_visible()


def test_the_address_of_a_line_in_a_folded_record_opens_it(rows, browse, monkeypatch):
    monkeypatch.setattr("spacedevs.api.browsable.json_html.OPEN", 10)
    page = browse()
    page.goto("/2.3.0/docking_events/?format=api")
    last = page.locator("#json details.d3").last
    assert last.get_attribute("open") is None
    number = int(last.locator("summary").get_attribute("id")) + 1
    other = browse()
    other.goto(f"/2.3.0/docking_events/?format=api#{number}")
    other.locator(f"[id='{number}']").wait_for(state="visible")


def test_the_keyboard_gets_past_the_json(rows, browse):
    page = browse()
    page.goto("/2.3.0/docking_events/?format=api&limit=1")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.locator(".skip-answer a").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**#after")


def test_swagger_ui_asks_the_server(rows, browse):
    page = browse(color_scheme="dark")
    page.goto("/2.3.0/docs/")
    page.click("#operations-tag-Docking_events")
    page.click("text=/2.3.0/docking_events/ >> nth=0")
    page.click("text=Try it out")
    page.click("button:has-text('Execute')")
    page.wait_for_selector(".live-responses-table .response-col_status:has-text('200')")
    assert page.evaluate("document.documentElement.classList.contains('dark-mode')")
