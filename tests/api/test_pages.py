"""Pages for people: what can be asked on them, and that it works."""

import gzip
import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.http import QueryDict
from django.test import Client

from docking.models import CHASERS, TARGETS
from spacedevs.api.browsable.filter_form import Form
from spacedevs.api.filters.filters import (
    AnyOfFilter,
    DateFilter,
    DateTimeFilter,
    FlagFilter,
    FloatFilter,
    IntegerFilter,
)
from tests.support import factories
from tests.support.pages import shown_json
from tests.support.routes import ENDPOINTS, MODES, RESOURCES
from tests.support.world import rows_of

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
PAGE = {"accept": "text/html"}
NAMED = re.compile(r'<(?:input|select)[^>]* name="(\w+)"')


def page(client, path, status=200, **query):
    response = client.get(f"/2.3.0/{path}", query, headers=PAGE)
    assert response.status_code == status
    return response.content.decode()


def links(html):
    return [unescape(link) for link in re.findall(r'<a [^>]*?href="([^"]*)"', html)]


def field(html, name):
    """The input or the selection of a name."""
    return re.search(rf'<(?:input[^>]* name="{name}"[^>]*>|select name="{name}".*?</select>)', html, re.DOTALL)[0]


# Examples ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ENDPOINTS)
def test_every_example_of_the_help_works(prefix, client):
    shown = page(client, f"{prefix}/").partition('<details class="panel help">')[2].partition("</details>")[0]
    found = links(shown)
    assert f"/2.3.0/{prefix}/?format=json" in found
    for link in found:
        assert client.get(link).status_code == 200, link
        names = parse_qs(urlsplit(link).query)
        assert client.get(link, {"strict": "true"} if not names else {**names, "strict": "true"}).status_code == 200


def test_everything_in_the_table_of_contents_leads_somewhere(client):
    contents = page(client, "").partition('<nav class="contents"')[2].partition("</nav>")[0]
    found = links(contents)
    assert [f"/2.3.0/{prefix}/" for prefix in ENDPOINTS if f"/2.3.0/{prefix}/" not in found] == []
    tries = [link for link in found if "?" in link]
    assert len(tries) > 80
    for link in tries:
        assert client.get(link).status_code == 200, link


def test_the_table_of_contents_counts_what_the_lists_count(client):
    contents = page(client, "").partition('<nav class="contents"')[2].partition("</nav>")[0]
    counted = dict(
        re.findall(r'href="/2.3.0/([^"?]*)/">[^<]*</a> <span class="count" aria-label="(\d+) records">', contents)
    )
    listed = {prefix: str(client.get(f"/2.3.0/{prefix}/?limit=1").json()["count"]) for prefix in RESOURCES}
    assert counted == listed


def test_the_table_of_contents_says_a_sentence_of_each(client):
    contents = page(client, "").partition('<nav class="contents"')[2].partition("</nav>")[0]
    entries = contents.split('<div class="entry">')[1:]
    named = [re.search(r">([^<]+)</a>", entry)[1] for entry in entries]
    about = ["docs", "schema", "2.2.0", "2.1.0", "2.0.0", "changes", "search", "dataset", "dump"]
    assert len(named) == len(ENDPOINTS) + len(about)
    assert [name for name, entry in zip(named, entries, strict=True) if not re.search(r"<p>[^<]+\.</p>", entry)] == []


def test_the_page_of_the_root_holds_until_something_comes_or_goes_by_the_clock(client):
    assert "Expires" in client.get("/2.3.0/", headers=PAGE).headers
    assert "Expires" not in client.get("/2.3.0/").headers


# The form ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", RESOURCES)
def test_the_form_has_an_input_for_every_filter(prefix, client):
    resource = RESOURCES[prefix]
    some = {"search": resource.search_fields, "ordering": resource.ordering_fields}
    always = ["limit", "omit", *(name for name, fields in some.items() if fields)]
    named = [name for name in NAMED.findall(page(client, f"{prefix}/")) if name != "fields"]  # of which there are many
    assert sorted(named) == sorted([*resource.filter_names, *always])


@pytest.mark.parametrize("prefix", RESOURCES)
def test_inputs_are_of_the_kind_of_their_filters(prefix, client):
    html = page(client, f"{prefix}/")
    for name, kind in RESOURCES[prefix].filterset_class.base_filters.items():
        shown = field(html, name)
        if isinstance(kind, DateTimeFilter):
            assert 'type="datetime-local"' in shown
        elif isinstance(kind, DateFilter):
            assert 'type="date"' in shown
        elif isinstance(kind, FlagFilter):
            assert re.findall(r'value="(\w*)"', shown) == ["", "true", "false"]
        elif isinstance(kind, FloatFilter | IntegerFilter) and not isinstance(kind, AnyOfFilter):
            assert 'type="number"' in shown or " list=" in shown
        else:
            assert 'type="text"' in shown


def test_filters_are_grouped_by_what_they_ask_for():
    form = Form(RESOURCES["docking_events"], QueryDict("docked=true"))
    found = [
        (group.title, group.used, [(question.label, [(each.says, each.name) for each in question.answers])])
        for group in form.groups
        for question in group.questions
    ]
    assert found == [
        (
            "Time, in UTC",
            0,
            [
                (
                    "Docking",
                    [
                        ("after", "docking__gt"),
                        ("from", "docking__gte"),
                        ("before", "docking__lt"),
                        ("until", "docking__lte"),
                    ],
                )
            ],
        ),
        (
            "Time, in UTC",
            0,
            [
                (
                    "Departure",
                    [
                        ("after", "departure__gt"),
                        ("from", "departure__gte"),
                        ("before", "departure__lt"),
                        ("until", "departure__lte"),
                    ],
                )
            ],
        ),
        *[
            ("Time, in UTC", 0, [(f"Docking · {part}", [("is any of", f"docking__{part}")])])
            for part in ("day", "month", "year")
        ],
        *[
            ("Related records", 0, [(party.replace("_", " ").capitalize(), [("is", f"{party}__id")])])
            for party in ("docking_location", *TARGETS, *CHASERS)
        ],
        ("Yes/no", 1, [("Is still docked", [("", "docked")])]),
    ]


@pytest.mark.parametrize("prefix", RESOURCES)
def test_ids_are_offered_from_where_their_records_are_listed(prefix, client):
    for offers in set(re.findall(r'data-offers="([^"]*)"', page(client, f"{prefix}/"))):
        answer = client.get(unescape(offers))
        assert answer.status_code == 200
        assert all("id" in record for record in answer.json()["results"])


@pytest.mark.parametrize(
    ("name", "asked", "shown"),
    [
        ("docking__gte", "2024-01-01T06:00:00Z", 'value="2024-01-01T06:00:00"'),
        ("docking__gte", "2024-01-01T06:00:00+02:00", 'value="2024-01-01T04:00:00"'),
        ("docking__gte", "2024-01-01", 'value="2024-01-01T00:00:00"'),
        ("docking__gte", "2024-01-01T06:00", 'value="2024-01-01T06:00:00"'),
        ("docked", "True", '<option value="true" selected>'),
        ("docked", "0", '<option value="false" selected>'),
        ("space_station_target__id", "4", 'value="4"'),
        ("search", '"Mir" <', 'value="&quot;Mir&quot; &lt;"'),
        ("ordering", "-docking", '<option selected value="-docking">'),
        ("limit", "3", 'value="3"'),
    ],
)
def test_the_form_shows_what_was_asked(name, asked, shown, client):
    assert shown in field(page(client, "docking_events/", **{name: asked}), name)


def test_a_moment_of_the_form_asks_what_it_was_made_from(client, get):
    html = page(client, "docking_events/", docking__gte="2024-01-01T06:00:00+02:00")
    value = re.search(r'value="([^"]*)"', field(html, "docking__gte"))[1]
    asked, again = (get("docking_events/", docking__gte=each) for each in ("2024-01-01T06:00:00+02:00", value))
    assert asked["results"] == again["results"]


def test_several_ids_are_shown_as_they_were_asked(client):
    html = page(client, "launches/", status__ids="1,2")
    assert 'value="1,2"' in field(html, "status__ids")
    assert re.findall(r"<code>(\w+=[^<]*)</code><a", html) == ["status__ids=1,2"]


def test_a_form_that_was_sent_whole_asks_only_what_was_filled_in(client):
    """Without a script, a browser sends the empty fields too."""
    names = NAMED.findall(page(client, "launches/"))
    whole = client.get("/2.3.0/launches/", {**dict.fromkeys(names, ""), "search": "Soyuz"})
    assert whole.json()["results"] == client.get("/2.3.0/launches/?search=Soyuz").json()["results"]


def test_what_is_wrong_stands_beside_its_input(client):
    html = page(client, "docking_events/", status=400, docked="maybe")
    assert '<details class="filters" open>' in html
    assert re.search(
        r'name="docked".*?</select>\s*<strong class="error">Must be true or false\.</strong>', html, re.DOTALL
    )
    assert shown_json(client.get("/2.3.0/docking_events/?docked=maybe", headers=PAGE)) == (
        '{\n  "docked": [\n    "Must be true or false."\n  ]\n}'
    )


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00", "2024-13-41", "x", "'"])
def test_what_is_no_moment_is_told_on_the_page(moment, client):
    html = page(client, "docking_events/", status=400, docking__gte=moment)
    assert '<strong class="error">' in html


def test_what_is_asked_can_be_taken_back_one_by_one(client):
    html = page(client, "docking_events/", docked="true", search="Mir", offset="0", format="api")
    used = html.partition('<ul class="used"')[2].partition("</ul>")[0]
    assert links(used) == ["?search=Mir&format=api", "?docked=true&format=api", "?format=api"]


@pytest.mark.parametrize(("prefix", "mode"), [each for each in MODES if RESOURCES[each[0]].modes])
def test_mode_and_format_are_links_that_keep_the_question(prefix, mode, client):
    html = page(client, f"{prefix}/", mode=mode, limit=2)
    modes, formats = re.findall(r'<span class="choices".*?</span>', html)
    modes_of = RESOURCES[prefix].modes
    assert links(modes) == [f"?limit=2&mode={each}" for each in modes_of]
    assert re.findall('aria-current="true">([^<]*)', modes) == [mode]
    formats_of = ("json", "api", *(("ics", "atom") if RESOURCES[prefix].feed else ()))
    whole = [f"?mode={mode}&format={each}" for each in RESOURCES[prefix].exports]
    assert links(formats) == [*(f"?mode={mode}&limit=2&format={each}" for each in formats_of), *whole]


# Pages, records, staff ----------------------------------------------------------------------------


def test_pages_are_told_and_turned(client):
    html = page(client, "docking_events/", limit=2, offset=2)
    count = rows_of(RESOURCES["docking_events"]).count()
    pager = html.partition('<nav class="pager" aria-label="Pages">')[2].partition("</nav>")[0]
    assert f"<span>3–4 of {count}</span>" in pager  # noqa: RUF001
    assert re.search(r'href="([^"]*)" rel="next"', pager)[1].endswith("?limit=2&amp;offset=4")
    assert re.search(r'href="([^"]*)" rel="prev"', pager)[1].endswith("?limit=2")
    assert re.findall(r'aria-current="page">(\d+)', pager) == ["2"]


def test_nothing_found_is_said(client):
    assert "<span>No results</span>" in page(client, "docking_events/", search="nothing whatever")


def test_a_record_is_called_by_its_name(client):
    station = factories.space_station(name="Salyut <8>")
    assert "<h1>Salyut &lt;8&gt;</h1>" in page(client, f"space_stations/{station.pk}/")
    assert "<h1>Docking Event Instance</h1>" in page(client, "docking_events/151/")


def test_staff_see_what_an_answer_cost(editor):
    html = page(editor, "docking_events/", limit=1)
    assert re.search(r'<span class="cost">\d+\.\d ms · [\d.]+.(bytes|KB) · [1-9]\d* SQL statements</span>', html)
    assert 'class="cost"' not in page(Client(), "docking_events/")
    guest = Client()
    guest.force_login(User.objects.create(username="guest"))
    assert 'class="cost"' not in page(guest, "docking_events/")


def test_addresses_keep_the_format(client):
    html = client.get("/2.3.0/docking_events/?format=api&limit=1").content.decode()
    addresses = [
        link for link in links(html.partition('id="json">')[2]) if link.startswith("http://testserver/2.3.0/")
    ]
    assert addresses
    assert [link for link in addresses if "format=api" not in link] == []


def test_a_list_is_light_and_waits_for_no_script(client):
    """What a browser fetches for the heaviest list, compressed: less than 200 kB."""
    html = page(client, "launches/", mode="detailed")
    assert 'class="d3 long"' in html
    files = re.findall(r'(?:href|src)="/static/([^"]*)"', html)
    ours = ["api/favicon.svg", "api/page.css", "api/page.js", "site/pictures.js", "site/site.css"]
    assert sorted(set(files)) == ours
    weight = sum(len(gzip.compress(Path(finders.find(name)).read_bytes())) for name in set(files))
    assert len(gzip.compress(html.encode())) + weight < 200_000
    assert re.findall(r"<script(?![^>]* defer>)", html) == []
