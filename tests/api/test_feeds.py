"""Lists as feeds to subscribe to: held against the libraries that read them."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.http import http_date
from icalendar import Calendar

from docking.models import DockingEvent
from events.models import Event
from launches.models import Launch, LaunchStatus, NetPrecision
from spacedevs.api.feeds.net_precision import KINDS, in_words, kind, period
from spacedevs.http.response_cache import ResponseCache
from tests.conftest import STARTED
from tests.support import factories
from tests.support.routes import RESOURCES
from tests.support.wsgi import Asker, claiming

FED = [prefix for prefix, resource in RESOURCES.items() if resource.feed]
ATOM = "{http://www.w3.org/2005/Atom}"
NET = datetime(2026, 8, 19, 10, 30, 15, tzinfo=UTC)  # a Wednesday
CHANGED = datetime(2026, 5, 1, tzinfo=UTC)


def calendar(client, path="launches/", **parameters):
    """The entries of a calendar, as the library reads them, each without what is of no concern."""
    response = client.get(f"/2.3.0/{path}", {"format": "ics", **parameters})
    assert (response.status_code, response["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    read = Calendar.from_ical(response.content)
    assert [error for each in read.walk() for error in each.errors] == []
    return [
        {name: value.dt if hasattr(value, "dt") else value for name, value in each.items()} for each in read.events
    ]


def news(client, path="launches/", **parameters):
    response = client.get(f"/2.3.0/{path}", {"format": "atom", **parameters})
    assert (response.status_code, response["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
    return ElementTree.fromstring(response.content)  # noqa: S314 - it is our own


def titles(feed):
    return [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]


def summaries(entries):
    return [str(entry["SUMMARY"]) for entry in entries]


# Periods -----------------------------------------------------------------------------------------

PERIODS = {
    "": None,
    "second": None,
    "minute": None,
    "hour": None,
    "morning": (date(2026, 8, 19), date(2026, 8, 20)),
    "afternoon": (date(2026, 8, 19), date(2026, 8, 20)),
    "day": (date(2026, 8, 19), date(2026, 8, 20)),
    "week": (date(2026, 8, 17), date(2026, 8, 24)),
    "month": (date(2026, 8, 1), date(2026, 9, 1)),
    "quarter": (date(2026, 7, 1), date(2026, 10, 1)),
    "half": (date(2026, 7, 1), date(2027, 1, 1)),
    "year": (date(2026, 1, 1), date(2027, 1, 1)),
    "fiscal year": (date(2025, 10, 1), date(2026, 10, 1)),
    "decade": (date(2020, 1, 1), date(2030, 1, 1)),
}
WORDS = {
    "minute": "19 August 2026, 10:30 UTC",
    "day": "19 August 2026",
    "morning": "19 August 2026, in the morning, local time",
    "afternoon": "19 August 2026, in the afternoon, local time",
    "week": "some time in the week of 17 August 2026",
    "month": "some time in August 2026",
    "quarter": "some time in the third quarter of 2026",
    "half": "some time in the second half of 2026",
    "year": "some time in 2026",
    "fiscal year": "some time in fiscal year 2026",
    "decade": "some time in the 2020s",
}
UPSTREAM = {  # LL2 2.3.0's /config/net_precisions/: name, abbreviation, and the kind of period
    0: ("Second", "SEC", "second"),
    1: ("Minute", "MIN", "minute"),
    2: ("Hour", "HR", "hour"),
    3: ("Morning", "AM", "morning"),
    4: ("Afternoon", "PM", "afternoon"),
    5: ("Day", "DAY", "day"),
    6: ("Week", "WK", "week"),
    7: ("Month", "M", "month"),
    8: ("Quarter 1", "Q1", "quarter"),
    9: ("Quarter 2", "Q2", "quarter"),
    10: ("Quarter 3", "Q3", "quarter"),
    11: ("Quarter 4", "Q4", "quarter"),
    12: ("Year Half 1", "H1", "half"),
    13: ("Year Half 2", "H2", "half"),
    14: ("Year", "Y", "year"),
    15: ("Fiscal Year", "FY", "fiscal year"),
    16: ("Decade", "DEC", "decade"),
}


@pytest.mark.parametrize("precision", PERIODS)
def test_a_precision_tells_on_which_days_something_may_be(precision):
    assert period(NET, precision) == PERIODS[precision]


@pytest.mark.parametrize("precision", WORDS)
def test_a_precision_is_told_in_words(precision):
    assert in_words(NET, precision) == WORDS[precision]


@pytest.mark.parametrize("precision", PERIODS)
@pytest.mark.parametrize("moment", [datetime.min, datetime.max], ids=["first", "last"])
def test_a_period_ends_where_all_calendars_do(moment, precision):
    first, after = period(moment.replace(tzinfo=UTC), precision) or (moment.date(), moment.date())
    assert date.min <= first <= moment.date() <= after <= date.max


def test_every_precision_of_upstream_has_its_kind_by_id_or_by_abbreviation():
    by_id = {key: kind(NetPrecision(id=key, name=name)) for key, (name, _, _) in UPSTREAM.items()}
    by_abbrev = {key: kind(NetPrecision(id=900, abbrev=abbrev)) for key, (_, abbrev, _) in UPSTREAM.items()}
    assert by_id == by_abbrev == {key: each for key, (*_, each) in UPSTREAM.items()}


def test_a_precision_that_upstream_does_not_have_is_that_of_a_day():
    assert (kind(NetPrecision(id=900, name="Year of the Rat", abbrev="RAT")), kind(None)) == ("day", "")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["launches/", "events/"])
@pytest.mark.parametrize("key", UPSTREAM)
def test_every_precision_of_upstream_is_in_calendars_and_news(key, path, client):
    name, abbrev, kind = UPSTREAM[key]
    precision = NetPrecision.objects.create(id=key, name=name, abbrev=abbrev)
    if path == "launches/":
        factories.launch(net=NET, net_precision=precision, window_end=None)
    else:
        factories.row(Event, date=NET, date_precision=precision, duration=None)
    (entry,), (item,) = calendar(client, path), news(client, path).iter(f"{ATOM}entry")
    assert (entry["DTSTART"], entry.get("DTEND")) == (PERIODS[kind] or (NET, None))
    assert item.findtext(f"{ATOM}summary").startswith(f"<p>{in_words(NET, kind)}</p>")


# Calendars ---------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_launch_is_an_entry_of_its_window(client):
    launch = factories.launch(
        name="Falcon 9 | Crew; one, two",
        net=NET,
        net_precision__abbrev="MIN",
        window_end=NET + timedelta(hours=2),
        last_updated=CHANGED,
        status__name="Go for Launch",
        mission__description="Line\nbreak, comma; semicolon \\ and ä rocket 🚀 " + "x" * 100,
        pad__name="SLC-40",
        pad__location__name="Cape",
    )
    (entry,) = calendar(client)
    assert entry == {
        "UID": entry["UID"],
        "SUMMARY": "Falcon 9 | Crew; one, two",
        "DTSTART": NET,
        "DTEND": NET + timedelta(hours=2),
        "DTSTAMP": CHANGED,
        "LAST-MODIFIED": CHANGED,
        "SEQUENCE": (CHANGED - datetime(2010, 1, 1, tzinfo=UTC)).total_seconds(),
        "STATUS": "CONFIRMED",
        "TRANSP": "TRANSPARENT",
        "CATEGORIES": entry["CATEGORIES"],
        "GEO": entry["GEO"],
        "LOCATION": "SLC-40, Cape",
        "URL": f"http://testserver/2.3.0/launches/{launch.pk}/",
        "DESCRIPTION": f"Go for Launch\n{launch.mission.description}",
    }
    assert (entry["CATEGORIES"].cats, entry["GEO"].latitude) == (["Launch"], launch.pad.latitude)


@pytest.mark.django_db
def test_no_line_of_a_calendar_is_longer_than_others_can_read(client):
    factories.launch(name="ä🚀" * 200, mission__description="🚀" * 500)
    lines = client.get("/2.3.0/launches/?format=ics").content.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert not any(b"\n" in line for line in lines)
    assert summaries(calendar(client)) == ["ä🚀" * 200]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("precision", "title"),
    [("DAY", "Ariane 6"), ("M", "Ariane 6 (some time in August 2026)"), ("Y", "Ariane 6 (some time in 2026)")],
)
def test_a_launch_whose_hour_is_unknown_lasts_all_days_that_it_may_be(precision, title, client):
    factories.launch(name="Ariane 6", net=NET, net_precision__abbrev=precision, window_end=NET + timedelta(hours=2))
    (entry,) = calendar(client)
    assert ((entry["DTSTART"], entry["DTEND"]), entry["SUMMARY"]) == (PERIODS[KINDS[precision]], title)


@pytest.mark.django_db
@pytest.mark.parametrize(("abbrev", "status"), [("TBD", "TENTATIVE"), ("Hold", "TENTATIVE"), ("Success", "CONFIRMED")])
def test_a_launch_whose_date_is_a_guess_is_tentative(abbrev, status, client):
    factories.launch(status=factories.row(LaunchStatus, abbrev=abbrev))
    assert [entry["STATUS"] for entry in calendar(client)] == [status]


@pytest.mark.django_db
def test_a_stay_lasts_until_the_departure_or_has_no_end_yet(client):
    over = factories.docking_event(
        docking=NET,
        departure=NET + timedelta(days=90),
        flight_vehicle_chaser__spacecraft__name="Soyuz MS-28",
        space_station_target__name="ISS",
        docking_location__name="Rassvet",
    )
    factories.docking_event(docking=NET - timedelta(days=1), payload_flight_chaser__payload__name="Nauka")
    ended, lasting = calendar(client, "docking_events/")
    assert [ended[name] for name in ("SUMMARY", "DTSTART", "DTEND", "DESCRIPTION")] == [
        "Soyuz MS-28 at ISS, Rassvet",
        over.docking,
        over.departure,
        "Docked since 2026-08-19 10:30 UTC until 2026-11-17 10:30 UTC.",
    ]
    assert (lasting["SUMMARY"].partition(" at ")[0], "DTEND" in lasting) == ("Nauka", False)


@pytest.mark.django_db
def test_an_event_lasts_as_long_as_it_is_said_to(client):
    factories.event(name="Spacewalk", date=NET, duration=timedelta(hours=6), type__name="EVA", location="ISS")
    factories.event(name="Beyond", date=NET, duration=timedelta(days=99_999_999), last_updated=None)
    found = {entry["SUMMARY"]: entry for entry in calendar(client, "events/")}
    assert found["Spacewalk"]["DTEND"] == NET + timedelta(hours=6)
    assert (found["Spacewalk"]["CATEGORIES"].cats, found["Spacewalk"]["LOCATION"]) == (["EVA"], "ISS")
    assert "DTEND" not in found["Beyond"]


@pytest.mark.django_db
def test_an_entry_keeps_its_uid_when_it_changes_and_on_another_server(client):
    factories.launch(id=UUID(int=151), net=NET, last_updated=CHANGED)
    (before,) = calendar(client)
    Launch.objects.update(name="Renamed", net=NET + timedelta(days=1), last_updated=CHANGED + timedelta(days=1))
    response = client.get("/2.3.0/launches/?format=ics", headers={"host": "localhost"})
    (after,) = Calendar.from_ical(response.content).events
    assert (str(before["UID"]), before["UID"]) == ("1d380b91-28d1-5228-8fe6-261d3b56d3a7", after["UID"])
    assert after["LAST-MODIFIED"].dt - before["LAST-MODIFIED"] == timedelta(days=1)


@pytest.mark.django_db
def test_the_number_of_a_revision_rises_with_the_change_within_the_bounds_of_calendars(client):
    factories.launch(net=NET, last_updated=None)
    numbers = []
    for changed in (datetime(1970, 1, 1, tzinfo=UTC), CHANGED, CHANGED + timedelta(seconds=1), datetime.max):
        Launch.objects.update(last_updated=changed.replace(microsecond=0, tzinfo=UTC))
        numbers += [entry["SEQUENCE"] for entry in calendar(client)]
    assert numbers == [0, 515289600, 515289601, 2**31 - 1]


@pytest.mark.django_db
def test_a_calendar_has_no_uid_which_readers_take_for_that_of_its_entries(client):
    factories.launch()
    assert client.get("/2.3.0/launches/?format=ics").content.split(b"BEGIN:VEVENT")[0].count(b"UID") == 0


@pytest.mark.django_db
def test_a_calendar_without_entries_has_its_time_zone(client):
    read = Calendar.from_ical(client.get("/2.3.0/launches/?format=ics").content)
    (zone,) = read.subcomponents
    assert (zone.name, zone["TZID"], [each.name for each in zone.subcomponents]) == ("VTIMEZONE", "UTC", ["STANDARD"])


PLANNED = {"docking": STARTED + timedelta(days=9), "departure": STARTED + timedelta(days=99)}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("stay", "changed"),
    [
        ({"docking": NET, "departure": CHANGED}, CHANGED),
        ({"docking": NET, "departure": PLANNED["departure"]}, NET),
        (PLANNED, CHANGED),
        (PLANNED | {"flight_vehicle_chaser__launch__last_updated": None}, datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_stay_was_changed_when_something_happened_or_the_plan_of_its_launch_changed(stay, changed, client):
    factories.docking_event(**{"flight_vehicle_chaser__launch__last_updated": CHANGED, **stay})
    (entry,) = calendar(client, "docking_events/")
    assert (entry["DTSTAMP"], entry["LAST-MODIFIED"]) == (changed, changed)


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", ["docking_events", "events", "launches"])
def test_no_entry_was_changed_in_the_future_and_what_changed_last_comes_first(prefix, client):
    feed = RESOURCES[prefix].feed
    for days in (-9, 30, -20, 40):
        factories.row(RESOURCES[prefix].queryset.model, **{feed.time: STARTED + timedelta(days=days)})
    changes = [entry["DTSTAMP"] for entry in calendar(client, f"{prefix}/")]
    assert changes == sorted(changes, reverse=True)
    assert max(changes) <= STARTED


@pytest.mark.django_db
def test_a_feed_changes_when_a_planned_docking_happens(client):
    stay = factories.docking_event(**PLANNED)
    response = client.get("/2.3.0/docking_events/?format=ics")
    assert response["Expires"] == http_date(stay.docking.timestamp())


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["ics", "atom"])
@pytest.mark.parametrize("prefix", ["docking_events", "events", "launches"])
def test_a_feed_is_the_same_whenever_it_is_made(prefix, form, client):
    factories.row(RESOURCES[prefix].queryset.model)
    first, second = (client.get(f"/2.3.0/{prefix}/", {"format": form}).content for _ in range(2))
    assert first == second
    assert b"BEGIN:VEVENT" in first or b"<entry>" in first


@pytest.mark.django_db
def test_a_row_without_a_time_has_no_place_in_a_feed(client):
    factories.launch(net=None)
    assert (calendar(client), titles(news(client))) == ([], [])


# Which rows --------------------------------------------------------------------------------------


@pytest.fixture
def three():
    """Launches by their time, of which the first changed last; of one it is known only that it has lifted off."""
    return [
        factories.launch(name=name, net=NET + timedelta(days=day), last_updated=changed)
        for day, (name, changed) in enumerate(
            {"one": NET + timedelta(days=9), "two": None, "three": NET + timedelta(days=2)}.items()
        )
    ]


@pytest.mark.django_db
def test_what_changed_last_comes_first_unless_an_order_is_asked_for(three, client):
    assert titles(news(client)) == ["one", "three", "two"]
    assert titles(news(client, ordering="-net")) == ["three", "two", "one"]


@pytest.mark.django_db
def test_filters_and_search_are_those_of_the_list(three, client):
    assert summaries(calendar(client, net__gt=three[1].net.isoformat())) == ["three"]
    assert summaries(calendar(client, search="two")) == ["two"]


@pytest.mark.django_db
def test_a_part_of_a_table_keeps_its_order(client):
    soon = datetime.now(UTC) + timedelta(days=1)
    for day in (3, 1, 2):
        factories.launch(name=f"in {day}", net=soon + timedelta(days=day), last_updated=CHANGED + timedelta(days=day))
    factories.launch(name="past", net=soon - timedelta(days=9))
    assert summaries(calendar(client, "launches/upcoming/")) == ["in 1", "in 2", "in 3"]


@pytest.mark.django_db
def test_a_feed_holds_more_than_a_page(client):
    station, flight = factories.space_station(), factories.spacecraft_flight()
    port = factories.docking_location(spacestation=station)
    facts = {"docking_location": port, "space_station_target": station, "flight_vehicle_chaser": flight}
    DockingEvent.objects.bulk_create(DockingEvent(docking=NET + timedelta(n), **facts) for n in range(1100))
    with CaptureQueriesContext(connection) as few:
        assert len(calendar(client, "docking_events/")) == 100
    with CaptureQueriesContext(connection) as many:
        assert len(calendar(client, "docking_events/", limit=900)) == 900
    assert len(few) == len(many) == 3  # one of them asks when a stay begins or ends
    assert len(calendar(client, "docking_events/", limit=5000)) == 1000
    assert len(calendar(client, "docking_events/", limit=5000, offset=1000)) == 100


@pytest.mark.django_db
def test_news_lead_on_and_back(three, client):
    page = news(client, limit=1, offset=1)
    links = {link.get("rel"): link.get("href") for link in page.findall(f"{ATOM}link")}
    address = "http://testserver/2.3.0/launches/?format=atom&limit=1"
    assert links == {
        "alternate": "http://testserver/2.3.0/launches/?limit=1&offset=1",
        "self": f"{address}&offset=1",
        "next": f"{address}&offset=2",
        "previous": address,
    }


@pytest.mark.django_db
def test_a_detail_is_a_feed_of_one(three, client):
    assert summaries(calendar(client, f"launches/{three[1].pk}/")) == ["two"]
    assert titles(news(client, f"launches/{three[1].pk}/")) == ["two"]


# News --------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_news_say_what_changed_and_when(client):
    launch = factories.launch(
        name="A & B <c>", net=NET, net_precision=factories.row(NetPrecision, abbrev="DAY"), last_updated=CHANGED
    )
    feed = news(client)
    (entry,) = feed.iter(f"{ATOM}entry")
    (event,) = calendar(client)
    assert {each.tag.removeprefix(ATOM): each.text or each.attrib for each in entry} == {
        "title": "A & B <c>",
        "link": {"href": f"http://testserver/2.3.0/launches/{launch.pk}/", "rel": "alternate"},
        "updated": "2026-05-01T00:00:00+00:00",
        "id": f"urn:uuid:{event['UID']}",
        "summary": "<p>19 August 2026</p>",
        "category": {"term": "Launch"},
    }
    assert feed.findtext(f"{ATOM}updated") == "2026-05-01T00:00:00+00:00"
    assert feed.findtext(f"{ATOM}author/{ATOM}name")


@pytest.mark.django_db
def test_what_no_feed_can_hold_is_left_out(client):
    factories.launch(name="a\x01b\x0bc\ufffed", mission__description="<script>\x1b")
    assert summaries(calendar(client)) == titles(news(client)) == ["abcd"]
    assert "<script>" not in news(client).findtext(f"{ATOM}entry/{ATOM}summary")


# What else is asked ------------------------------------------------------------------------------

ODD = [
    ({"format": "ics", "net__gte": "x"}, 400),
    ({"format": "atom", "search": "a\x00"}, 400),
    ({"format": "ics", "strict": "true", "nonsense": "1"}, 400),
    ({"format": "rss"}, 404),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("query", "status"), ODD)
def test_what_cannot_be_answered_is_told_in_json(query, status, client):
    response = client.get("/2.3.0/launches/", query)
    assert (response.status_code, response["Content-Type"]) == (status, "application/json")
    assert isinstance(response.json(), dict)


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["ics", "atom"])
def test_a_row_that_is_not_there_and_a_method_that_is_not_allowed_are_told_in_json(form, client):
    answers = [client.get(f"/2.3.0/docking_events/7/?format={form}"), client.post(f"/2.3.0/launches/?format={form}")]
    assert [(each.status_code, each["Content-Type"]) for each in answers] == [
        (404, "application/json"),
        (405, "application/json"),
    ]
    assert client.options(f"/2.3.0/launches/?format={form}").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/calendar", "text/calendar; charset=utf-8"),
        ("application/atom+xml", "application/atom+xml; charset=utf-8"),
        ("text/*", "text/html; charset=utf-8"),
        ("application/*", "application/json"),
        ("*/*", "application/json"),
        ("text/calendar;q=0.5, application/json", "application/json"),
    ],
)
def test_a_feed_is_had_by_its_type_too(accept, kind, client):
    assert client.get("/2.3.0/launches/", headers={"accept": accept})["Content-Type"] == kind


@pytest.mark.django_db
def test_what_has_no_time_has_no_feed(client):
    assert client.get("/2.3.0/agencies/?format=ics").status_code == 404
    assert client.get("/2.3.0/agencies/", headers={"accept": "text/calendar"}).status_code == 406


@pytest.mark.django_db
def test_a_feed_is_kept_until_the_data_change(django):
    factories.launch(name="one")
    ask = Asker(ResponseCache(claiming(django), lambda: "1"))
    status, headers, body = ask("/2.3.0/launches/", "format=ics")
    assert (status, headers["Content-Type"], b"SUMMARY:one" in body) == (
        "200 OK",
        "text/calendar; charset=utf-8",
        True,
    )
    told = ask("/2.3.0/launches/", "format=ics", HTTP_IF_NONE_MATCH=headers["ETag"])
    assert (told[0], told[2]) == ("304 Not Modified", b"")
    with CaptureQueriesContext(connection) as statements:
        assert ask("/2.3.0/launches/", "format=ics")[2] == body
    assert len(statements) == 0


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", FED)
def test_the_document_names_the_types_of_feeds(prefix, client):
    document = client.get("/2.3.0/schema/?format=json").json()
    operation = document["paths"][f"/2.3.0/{prefix}/"]["get"]
    (form,) = (each for each in operation["parameters"] if each["name"] == "format")
    assert form["schema"]["enum"] == ["atom", "csv", "ics", "json", "jsonl"]
    assert operation["responses"]["200"]["content"].keys() == {
        "application/atom+xml",
        "application/json",
        "application/x-ndjson",
        "text/calendar",
        "text/csv",
    }
    assert operation["responses"]["400"]["content"].keys() == {"application/json"}
