"""What was docked where across the years, as bars, and the bars as a drawing."""

import re
from base64 import b64encode
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from xml.etree import ElementTree

import pytest

from docking.pages import timelines
from docking.pages.svg import COLOURS, GUTTER, WIDTH, Window, draw, style, style_digest
from docking.pages.timelines import Bar, Timeline
from docking.pages.years import Link, Years, zoom
from tests.support import factories
from vehicles.models import Spacecraft

SVG = "{http://www.w3.org/2000/svg}"
NOW = datetime(2024, 7, 2, 12, tzinfo=UTC)
THEN = datetime(2020, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def bar(name="Soyuz MS-28", row="Rassvet", kind="Soyuz", start=THEN, end=THEN + 100 * DAY, key=1):
    return Bar(row, name, kind, start, end, "dockingevent-detail", key)


def drawing(*bars, years=(2020, 2024), rows=("Rassvet",), now=NOW, alone=False):
    return ElementTree.fromstring(draw(Timeline("ISS", list(rows), list(bars)), Window(*years), now, alone))  # noqa: S314


def bars_of(svg):
    return svg.findall(f".//{SVG}a")


def edges(link):
    """Where the bar of a link begins and ends, and its top."""
    rect = link.find(f"{SVG}rect")
    x, width, y = (float(rect.get(name)) for name in ("x", "width", "y"))
    return x, x + width, y


# What is found -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_station_has_a_row_for_each_port_and_a_bar_for_each_stay():
    station = factories.space_station(name="Mir", founded=date(1986, 2, 20))
    factories.docking_location(spacestation=station, name="Kristall")
    stay = factories.docking_event(
        space_station_target=station,
        docking_location__name="Kvant",
        docking=THEN,
        departure=THEN + DAY,
        flight_vehicle_chaser__spacecraft__name="Soyuz TM-30",
        flight_vehicle_chaser__spacecraft__spacecraft_config__name="Soyuz TM",
    )
    factories.docking_event()
    ship = stay.flight_vehicle_chaser.spacecraft_id
    assert timelines.of_station(station) == Timeline(
        "Mir",
        ["Kristall", "Kvant"],
        [Bar("Kvant", "Soyuz TM-30", "Soyuz TM", THEN, THEN + DAY, "dockingevent-detail", stay.pk, ship)],
        1986,
    )


@pytest.mark.django_db
def test_a_kind_is_the_eldest_family_of_a_ship_or_what_else_docks():
    station = factories.space_station()
    elder, younger = (factories.spacecraft_family(name=name) for name in ("Dragon", "Dragon 2"))
    config = "flight_vehicle_chaser__spacecraft__spacecraft_config"
    for number, facts in enumerate(
        (
            {f"{config}__family": [younger, elder], f"{config}__name": "Crew Dragon"},
            {f"{config}__name": "Space Shuttle"},
            {"payload_flight_chaser__payload__name": "Nauka"},
            {"space_station_chaser__name": "Tiangong"},
        )
    ):
        factories.docking_event(space_station_target=station, docking=THEN + number * DAY, **facts)
    kinds = [each.kind for each in timelines.of_station(station).bars]
    assert kinds == ["Dragon", "Space Shuttle", "Module", "Space station"]


@pytest.mark.django_db
def test_a_ship_has_its_flights_its_stays_and_its_visitors():
    ship = factories.spacecraft(name="Atlantis")
    flight = factories.spacecraft_flight(
        spacecraft=ship, launch__name="Shuttle | STS-71", launch__net=THEN, mission_end=THEN + 9 * DAY
    )
    stay = factories.docking_event(
        flight_vehicle_chaser=flight,
        space_station_target__name="Mir",
        docking_location__name="Kristall",
        docking=THEN + DAY,
        departure=THEN + 5 * DAY,
    )
    visit = factories.docking_event(
        flight_vehicle_target=flight, docking=THEN + 2 * DAY, payload_flight_chaser__payload__name="Spacelab"
    )
    timeline = timelines.of_spacecraft(ship)
    assert timeline.rows == ["In flight", "Mir", "Docked at it"]
    assert [each[:7] for each in timeline.bars] == [
        ("In flight", "STS-71", "Flight", THEN, THEN + 9 * DAY, "spacecraftflight-detail", flight.pk),
        ("Mir", "Kristall", "Mir", THEN + DAY, THEN + 5 * DAY, "dockingevent-detail", stay.pk),
        ("Docked at it", "Spacelab", "Module", THEN + 2 * DAY, None, "dockingevent-detail", visit.pk),
    ]


@pytest.mark.django_db
def test_a_flight_without_an_end_lasts_only_as_the_last_of_a_ship_in_space():
    ship = Spacecraft.objects.get(pk=factories.spacecraft(recorded_in_space=True).pk)
    first, second, third = (
        factories.spacecraft_flight(spacecraft=ship, launch__net=THEN + number * 100 * DAY) for number in range(3)
    )
    factories.docking_event(flight_vehicle_chaser=first, docking=THEN + DAY, departure=THEN + 7 * DAY)
    ends = {each.key: each.end for each in timelines.of_spacecraft(ship).bars if each.kind == "Flight"}
    assert ends == {first.pk: THEN + 7 * DAY, second.pk: second.launch.net, third.pk: None}


@pytest.mark.django_db
def test_stations_are_drawn_from_their_founding_to_their_end():
    factories.space_station(name="Mir", founded=date(1986, 2, 20), deorbited=date(2001, 3, 23), status__name="Gone")
    factories.space_station(name="Almaz")
    factories.space_station(name="Skylab", founded=date(1973, 5, 14))
    timeline = timelines.of_stations(timelines.SpaceStation.objects.select_related("status"))
    assert timeline.rows == ["Skylab", "Mir"]
    assert [(each.name, each.kind, each.start.date(), each.end and each.end.date()) for each in timeline.bars] == [
        ("Skylab", "Space station", date(1973, 5, 14), None),
        ("Mir", "Gone", date(1986, 2, 20), date(2001, 3, 23)),
    ]


YEARS = {
    "nothing": (([], None), (2024, 2024)),
    "founded": (([], 1998), (1998, 1998)),
    "over": (([bar()], None), (2020, 2020)),
    "founded before": (([bar()], 1998), (1998, 2020)),
    "lasts": (([bar(end=None)], None), (2020, 2024)),
    "ahead": (([bar(start=NOW + 400 * DAY, end=None)], None), (2025, 2025)),
    "turned round": (([bar(end=THEN - 800 * DAY)], None), (2020, 2020)),
    "beyond all years": (([bar(end=datetime.max.replace(tzinfo=UTC))], 1), (1900, 2199)),
}


@pytest.mark.parametrize("name", YEARS)
def test_the_years_reach_from_the_first_to_the_last(name):
    (bars, founded), expected = YEARS[name]
    assert Timeline("ISS", [], bars, founded).years(NOW) == expected


def test_the_most_frequent_kinds_come_first_and_stay_there():
    bars = [bar(kind="Soyuz"), bar(kind="Progress"), bar(kind="Progress"), bar(kind="ATV")]
    assert Timeline("ISS", [], bars).kinds == ["Progress", "ATV", "Soyuz"]


# How it is drawn ---------------------------------------------------------------------------------


def test_a_bar_is_a_link_that_says_its_facts():
    (link,) = bars_of(drawing(bar(key=151)))
    assert (link.get("href"), link.findtext(f"{SVG}title")) == (
        "/2.3.0/docking_events/151/",
        "Soyuz MS-28 (Soyuz), Rassvet: 1 January 2020 to 10 April 2020, 100 days",
    )


def test_a_bar_lies_where_its_time_is():
    year = (WIDTH - GUTTER - 14) / 1827  # days of the five years
    (link,) = bars_of(drawing(bar(start=THEN + 366 * DAY, end=THEN + 466 * DAY)))
    assert edges(link)[:2] == pytest.approx((GUTTER + 366 * year, GUTTER + 466 * year), abs=0.1)


def test_a_bar_that_began_before_or_goes_on_is_cut():
    (link,) = bars_of(drawing(bar(start=THEN - 999 * DAY, end=NOW + 9999 * DAY)))
    assert edges(link)[:2] == (GUTTER, WIDTH - 14)


def test_bars_of_other_years_are_not_drawn():
    early, late = bar(start=THEN - 9 * DAY, end=THEN - DAY), bar(start=NOW + 999 * DAY, end=None)
    assert bars_of(drawing(early, late)) == []


def test_a_stay_that_lasts_has_an_open_end_at_now():
    lasting, over = bars_of(drawing(bar(end=None), bar(row="Poisk"), rows=("Rassvet", "Poisk")))
    assert (lasting.find(f"{SVG}path") is not None, over.find(f"{SVG}path") is None) == (True, True)
    assert lasting.findtext(f"{SVG}title").endswith(": 1 January 2020 to now, 1644 days")
    svg = drawing(bar(end=None))
    (line,) = svg.findall(f".//{SVG}path[@class='now']")
    assert line.get("d").startswith(f"M{edges(bars_of(svg)[0])[1]:.1f} ")


def test_now_is_drawn_only_in_years_that_hold_it():
    assert drawing(years=(2020, 2023)).findall(f".//{SVG}path[@class='now']") == []


def test_the_shortest_stay_can_be_seen():
    (link,) = bars_of(drawing(bar(end=THEN + timedelta(seconds=1)), years=(1960, 2024)))
    left, right, _ = edges(link)
    assert right - left == pytest.approx(2.5)


def test_stays_of_one_time_at_one_port_lie_side_by_side():
    bars = bar(key=1), bar(key=2, start=THEN + 50 * DAY, end=THEN + 150 * DAY), bar(key=3, start=THEN + 100 * DAY)
    tops = {link.get("href")[-2]: edges(link)[2] for link in bars_of(drawing(*bars))}
    assert tops["1"] == tops["3"] < tops["2"]


def test_kinds_have_colours_that_stay_when_one_zooms():
    bars = [bar(kind="Progress", key=n) for n in (1, 2)] + [bar(kind="Soyuz", key=3, start=NOW, end=None)]
    (link,) = bars_of(drawing(*bars, years=(2024, 2024)))
    assert link.get("class") == "stay k2"


def test_kinds_beyond_the_colours_share_one():
    bars = [bar(kind=f"Kind {n:02}", key=n) for n in range(COLOURS + 2)]
    svg = drawing(*bars)
    assert [link.get("class") for link in bars_of(svg)].count("stay k0") == 2
    legend = [each.text for each in svg.findall(f".//{SVG}text[@class='kind']")]
    assert legend == [*(f"Kind {n:02}" for n in range(COLOURS)), "Others"]


def test_a_name_is_written_where_there_is_room():
    names = [each.text for each in drawing(bar(), years=(2020, 2020)).findall(f".//{SVG}text[@class='name']")]
    assert names == ["Soyuz MS-28"]
    assert drawing(bar(), years=(1960, 2024)).findall(f".//{SVG}text[@class='name']") == []


TICKS = {
    (2024, 2024): ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    (2020, 2022): ["2020", "2021", "2022"],
    (1986, 2024): [str(year) for year in range(1986, 2025, 2)],
    (1900, 2199): [str(year) for year in range(1900, 2200, 20)],
}


@pytest.mark.parametrize("years", TICKS, ids=str)
def test_as_many_years_are_named_as_can_be_read(years):
    assert [each.text for each in drawing(years=years).findall(f".//{SVG}text[@class='tick']")] == TICKS[years]


def test_a_stay_that_is_to_come_and_has_no_end_says_when_it_begins():
    (link,) = bars_of(drawing(bar(start=NOW + 30 * DAY, end=None)))
    assert link.findtext(f"{SVG}title") == "Soyuz MS-28 (Soyuz), Rassvet: from 1 August 2024"
    assert link.find(f"{SVG}path") is None


def test_no_name_is_markup():
    evil = '"><script>alert(1)</script>&'
    assert draw(Timeline("\x01", ["\x02"], [bar(name="\x03")]), Window(2020, 2020), NOW).isprintable()
    svg = drawing(bar(name=evil, row=evil, kind=evil), rows=(evil,), years=(2020, 2020))
    assert svg.findall(f".//{SVG}script") == []
    assert evil in bars_of(svg)[0].findtext(f"{SVG}title")


def test_nothing_is_styled_in_the_markup_and_a_picture_carries_its_style():
    assert "style" not in draw(Timeline("ISS", ["Rassvet"], [bar(end=None)]), Window(2020, 2024), NOW)
    picture = drawing(bar(), alone=True)
    assert picture.findtext(f"{SVG}style") == style()
    assert style_digest() == f"'sha256-{b64encode(sha256(style().encode()).digest()).decode()}'"
    assert picture.findtext(f"{SVG}title") == "Timeline of ISS, 2020–2024"  # noqa: RUF001


def luminance(colour):
    channels = [int(colour[at : at + 2].ljust(2, colour[-1]), 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return sum(share * each for share, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(*colours):
    darker, lighter = sorted(map(luminance, colours))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_can_be_told_from_its_ground_and_read_upon(scheme):
    light, dark = style().split("@media")
    found = dict(re.findall(r"--([\w-]+): (#\w+);", light if scheme == "light" else dark))
    kinds = [found.pop(f"k{number}") for number in range(COLOURS + 1)]
    assert found.keys() == {"sheet", "stripe", "grid", "ink", "faint", "on-bar-text", "today"}
    pairs = [(kind, found[ground]) for kind in kinds for ground in ("sheet", "stripe", "on-bar-text")]
    pairs += [(found[text], found[ground]) for text in ("ink", "faint", "today") for ground in ("sheet", "stripe")]
    assert [pair for pair in pairs if contrast(*pair) < 4.5] == []
    assert len(set(kinds)) == len(kinds)


# Which years -------------------------------------------------------------------------------------

ASKED = {
    "": (1998, 2026),
    "from=2020&to=2024": (2020, 2024),
    "from=2020": (2020, 2026),
    "to=2004": (1998, 2004),
    "from=2030": (2030, 2030),
    "to=1990": (1990, 1990),
    "from=&to=": (1998, 2026),
    "from=2024&to=2020": "The first year is later than the last.",
    "from=x": "from: Enter a whole number.",
    "from=2020.5": "from: Enter a whole number.",
    "to=99999999999999999999999": "to: Enter a whole number.",
    "from=1": "from: Ensure this value is greater than or equal to 1900.",
    "to=2200": "to: Ensure this value is less than or equal to 2199.",
}


@pytest.mark.parametrize("query", ASKED)
def test_years_are_those_asked_for_or_what_is_wrong_with_them_is_told(query):
    years = Years(dict(pair.split("=") for pair in query.split("&") if pair), 1998, 2026)
    assert (years.cleaned_data["window"] if years.is_valid() else years.complaint) == ASKED[query]


def test_one_can_come_nearer_and_look_elsewhere():
    found = zoom(Window(2010, 2019), 1998, 2026)
    assert (found.whole, found.before, found.after) == (
        Link("All years", ""),
        Link("2000–2009", "from=2000&to=2009"),  # noqa: RUF001
        Link("2020–2029", "from=2020&to=2029"),  # noqa: RUF001
    )
    assert found.decades == [
        Link("1990s", "from=1990&to=1999"),
        Link("2000s", "from=2000&to=2009"),
        Link("2010s", "from=2010&to=2019", True),
        Link("2020s", "from=2020&to=2029"),
    ]
    assert [each.label for each in found.years] == [str(year) for year in range(2010, 2020)]


@pytest.mark.parametrize(("first", "last"), [(2011, 2011), (2010, 2019)])
def test_one_link_alone_tells_where_one_is(first, last):
    found = zoom(Window(first, last), first, last)
    assert [each.label for each in (found.whole, *found.decades, *found.years) if each.is_current] == ["All years"]


def test_there_is_no_way_to_where_nothing_is():
    found = zoom(Window(1998, 2026), 1998, 2026)
    assert (found.whole.is_current, found.years, found.before, found.after) == (True, [], None, None)
    assert [each.label for each in zoom(Window(1998, 1998), 1998, 2026).years] == ["1998", "1999"]
    assert zoom(Window(1960, 2190), 1958, 2199)[3:] == (
        Link("1900–1959", "from=1900&to=1959"),  # noqa: RUF001
        Link("2191–2199", "from=2191&to=2199"),  # noqa: RUF001
    )
