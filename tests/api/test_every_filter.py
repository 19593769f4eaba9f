"""Every filter of every endpoint selects the rows that it names, and no others.

What a filter means is read off its name, not off its declaration: `pad__location__name__contains` asks
whether the name of the location of the pad contains a text. What names do not say is written out."""

from datetime import UTC, datetime, timedelta
from operator import eq, ge, gt, le, lt
from typing import NamedTuple

import pytest
from django.db import models

from spacedevs.api.filters.filters import AnyOfFilter
from tests.contract.facts import filters_of
from tests.support.factories import DOCKED, LAUNCHED
from tests.support.paths import AHEAD, SAMPLES, Place, keys, listed, made
from tests.support.routes import RESOURCES

pytestmark = pytest.mark.django_db

# What filters mean whose names do not say it -----------------------------------------------------


def parts_of(moment):
    return {part: f"{moment}__{part}" for part in ("day", "month", "year")}


MEANINGS = {
    "agencies": {"country_code": "country__alpha_3_code"},
    "astronauts": {"agency_ids": "agency__id", "status_ids": "status__id"},
    "events": {
        **parts_of("date"),
        "agency__ids": "agencies__id",
        "date__gt__lt": "date__lt",
        "expedition__ids": "expeditions__id",
        "launch__ids": "launches__id",
        "spacestation__ids": "spacestations__id",
        "video_url": "vid_urls__url",
    },
    "expeditions": {"space_station": "spacestation"},
    "landings": {
        "firststage_launch__ids": "firststage__launch__id",
        "landing_type__ids": "type__id",
        "launcher__ids": "firststage__launcher__id",
        "launcher_config__ids": "firststage__launcher__launcher_config__id",
        "launcher_serial_numbers": "firststage__launcher__serial_number",
        "spacecraft__ids": "spacecraftflight__spacecraft__id",
        "spacecraft_config__ids": "spacecraftflight__spacecraft__spacecraft_config__id",
        "spacecraft_launch__ids": "spacecraftflight__launch__id",
    },
    "launcher_configuration_families": {"manufacturer__country_code": "manufacturer__country__alpha_3_code"},
    "launches": {
        **parts_of("net"),
        "launcher_config__id": "rocket__configuration__id",
        "launcher_config_family_ids": "rocket__configuration__families__id",
        "location__ids": "pad__location__id",
        "lsp__id": "launch_service_provider__id",
        "lsp__name": "launch_service_provider__name",
        "mission__agency__ids": "mission__agencies__id",
        "mission_type__ids": "mission__type__id",
        "orbit__ids": "mission__orbit__id",
        "serial_number": "first_stages__launcher__serial_number",
        "spacecraft_config__ids": "spacecraft_flights__spacecraft__spacecraft_config__id",
        "video_url": "vid_urls__url",
    },
    "locations": {"country_code": "country__alpha_3_code"},
    "pads": {"agencies_ids": "agencies__id"},
    "space_stations": {"owner__ids": "owners__id"},
    "spacewalks": {
        **parts_of("start"),
        "astronaut__ids": "crew__astronaut__id",
        "launch__ids": "spacecraft_flight__launch__id",
        "owner__ids": "spacestation__owners__id",
    },
}

# What no path can say: rows by what they are called here, and which of them each value selects. None is no value.

RECENT = datetime.now(UTC) - timedelta(hours=12)
PROVIDER, MANUFACTURER = "launch_service_provider", "rocket__configuration__manufacturer"
BUILT_AND_LAUNCHED = {
    "launched by it": {f"{PROVIDER}__name": "Arianespace", f"{MANUFACTURER}__name": "ArianeGroup"},
    "built by it": {f"{PROVIDER}__name": "Starsem", f"{MANUFACTURER}__name": "Arianespace"},
    "both": {f"{PROVIDER}__name": "Arianespace", f"{MANUFACTURER}__name": "Arianespace"},
    "neither": {f"{PROVIDER}__name": "Starsem", f"{MANUFACTURER}__name": "Progress"},
    "nobody's": {},
}
BUILT_AND_LAUNCHED_BY_ID = {
    "launched by it": {f"{PROVIDER}__id": 900001, f"{MANUFACTURER}__id": 900002},
    "built by it": {f"{PROVIDER}__id": 900003, f"{MANUFACTURER}__id": 900004},
    "nobody's": {},
}


def all_of(relation):
    rows = {
        "both": {f"{relation}__id": [900001, 900002]},
        "one": {f"{relation}__id": [900001]},
        "other": {f"{relation}__id": [900002]},
        "none": {},
    }
    asked = {
        "900001": ["both", "one"],
        "900002": ["both", "other"],
        "900001,900002": ["both"],
        ("900001", "900002"): ["both"],
        "900001,999999": [],
        "": ["both", "one", "other", "none"],
        None: ["both", "one", "other", "none"],
    }
    return rows, asked


def recent(moment):
    return (
        {"recent": {moment: RECENT}, "ahead": {moment: AHEAD}},
        {"true": ["ahead"], "false": ["recent", "ahead"], "": ["recent", "ahead"], None: ["recent", "ahead"]},
    )


def by_time(moment, **named):
    """Rows whose time is long past, was 12 hours ago and is to come; those that `named` selects when it is asked."""
    rows = {"past": {moment: LAUNCHED}, "recent": {moment: RECENT}, "ahead": {moment: AHEAD}}
    return rows, {**named, "": list(rows), None: list(rows)}


BOTH_TIMES = {
    "upcoming": by_time("net", true=["recent", "ahead"], false=["past"]),
    "previous": by_time("net", true=["past", "recent"], false=["ahead"]),
}


def within(times, *titles):
    """The same questions to an endpoint that has some of these rows alone."""
    return {
        name: (
            {title: rows[title] for title in titles},
            {value: [title for title in found if title in titles] for value, found in asked.items()},
        )
        for name, (rows, asked) in times.items()
    }


WRITTEN_OUT = {
    "agencies": {
        "spacecraft": (
            {"builder": {"spacecraft_list__name": ["Dragon", "Cygnus"]}, "other": {"spacecraft": "Dragon"}},
            {"true": ["builder"], "false": ["other"]},
        )
    },
    "astronauts": {
        "has_flown": (
            {"flown": {"first_flight": LAUNCHED}, "not": {}},
            {"true": ["flown"], "false": ["not"]},
        ),
        "is_human": (
            {"person": {"type__name": "Government"}, "dog": {"type__name": "Non-Human"}, "unknown": {}},
            {"true": ["person", "unknown"], "false": ["dog"]},
        ),
        "nationality": (
            {
                "dual": {"nationality__nationality_name": ["French", "FRENCH", "German"]},
                "single": {"nationality__nationality_name": ["German"]},
                "longer": {"nationality__nationality_name": ["French Guianan"]},
                "none": {},
            },
            {"French": ["dual"], "fRENCH": ["dual"], "german": ["dual", "single"], "Fre%": [], "Frenc_": []},
        ),
    },
    "docking_events": {
        "docked": (
            {"there": {}, "gone": {"departure": DOCKED}},
            {"true": ["there"], "false": ["gone"]},
        )
    },
    "expeditions": {
        "is_active": (
            {
                "begun": {"start": LAUNCHED, "end": None},
                "about to end": {"start": LAUNCHED, "end": AHEAD},
                "over": {"start": LAUNCHED, "end": DOCKED},
                "to come": {"start": AHEAD, "end": None},
                "undated": {"start": None, "end": None},
            },
            {"true": ["begun", "about to end"], "false": ["over", "to come", "undated"]},
        )
    },
    "events/upcoming": {"hide_recent_previous": recent("date")},
    "launcher_configurations": {"families__contains": all_of("families"), "program__contains": all_of("program")},
    "launches": {
        **BOTH_TIMES,
        "include_suborbital": (
            {
                "hop": {"mission__orbit__name": "Suborbital"},
                "flight": {"mission__orbit__name": "Low Earth Orbit"},
                "without orbit": {"mission__orbit": None},
                "without mission": {},
            },
            {
                "true": ["hop", "flight", "without orbit", "without mission"],
                "false": ["flight", "without orbit", "without mission"],
                "": ["hop", "flight", "without orbit", "without mission"],
                None: ["hop", "flight", "without orbit", "without mission"],
            },
        ),
        "is_crewed": (
            {
                "crewed": {"spacecraft_flights__launch_crew__role__role": ["Commander", "Pilot"]},
                "cargo": {"spacecraft_flights__spacecraft__name": ["Cygnus"]},
                "crewed later": {"spacecraft_flights__onboard_crew__role__role": ["Commander"]},
                "satellite": {},
            },
            {"true": ["crewed"], "false": ["cargo", "crewed later", "satellite"]},
        ),
        "related_lsp__id": (
            BUILT_AND_LAUNCHED_BY_ID,
            {
                "900001": ["launched by it"],
                "900004": ["built by it"],
                "900001,900004": ["launched by it", "built by it"],
                ("900002", "900003"): ["launched by it", "built by it"],
                "999999": [],
            },
        ),
        "related_lsp__name": (
            BUILT_AND_LAUNCHED,
            {
                "Arianespace": ["launched by it", "built by it", "both"],
                "Starsem": ["built by it", "neither"],
                "ArianeGroup,Progress": ["launched by it", "neither"],
                ("ArianeGroup", "Progress"): ["launched by it", "neither"],
                "arianespace": [],
                "Ariane": [],
            },
        ),
    },
    "launches/previous": within(BOTH_TIMES, "past", "recent"),
    "launches/upcoming": {"hide_recent_previous": recent("net"), **within(BOTH_TIMES, "recent", "ahead")},
}

# Cases -------------------------------------------------------------------------------------------

TEXTS = "éB_5%", "Éb_5%", "Ébx5%", "Nobody"
KINDS = {**SAMPLES, models.CharField: TEXTS, models.TextField: TEXTS}
PIECES = {("contains", int): 12, ("contains", str): "b_", ("icontains", str): "ÉB_"}
COMPARISONS = {
    "exact": eq,
    "gt": gt,
    "gte": ge,
    "lt": lt,
    "lte": le,
    "contains": lambda value, asked: str(asked) in str(value),
    "icontains": lambda value, asked: asked.lower() in value.lower(),
}
PARTS = {  # of a moment
    "day": (12, 21, 23, 30),
    "month": (4, 5, 6, 12),
    "year": (-3, -2, -1, 7),  # from the year of the moment
}


def table_of(tables, prefix):
    """What a table says of an endpoint, which may be one of a part."""
    return {**tables.get(prefix.partition("/")[0], {}), **tables.get(prefix, {})}


def declared():
    """Every filter there is, by endpoint and name."""
    return {
        (prefix, name): declaration
        for prefix, resource in RESOURCES.items()
        for name, declaration in resource.filterset_class.base_filters.items()
    }


def asked_as(value):
    """How a value is written in an address."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


class Case(NamedTuple):
    """What the value at the end of a path, or a part of that moment, must be to what is asked."""

    place: Place
    part: str
    lookup: str
    several: bool

    @classmethod
    def of(cls, prefix, name, declaration):
        """What a filter of this name must do; None if the name leads nowhere."""
        words = table_of(MEANINGS, prefix).get(name, name).split("__")
        lookup = words.pop() if words[-1] in COMPARISONS else "exact"
        part = words.pop() if len(words) > 1 and words[-1] in PARTS else ""
        path = RESOURCES[prefix].path_of("__".join([*words[:-1], "id" if words[-1] == "ids" else words[-1]]))
        place = Place(prefix, path)
        return cls(place, part, lookup, isinstance(declaration, AnyOfFilter)) if place.is_known else None

    def samples(self):
        if not self.part:
            return self.place.samples(KINDS)
        first = self.place.moment.year if self.part == "year" else 0
        return tuple(first + n for n in PARTS[self.part])

    def having(self, *values):
        """A row that has these values."""
        moment = self.place.moment
        return self.place.having(*(moment.replace(**{self.part: each}) if self.part else each for each in values))

    def questions(self):
        """What is asked, and the values that must be found by it."""
        values = self.samples()
        if self.several:
            asked = [(values[0], values[2]), (values[0],), (values[3],)]
        elif len(values) == 2 or self.lookup == "exact":
            asked = [(value,) for value in values]
        else:
            asked = [(PIECES.get((self.lookup, type(values[1])), values[1]),)]
        compare = COMPARISONS[self.lookup]
        for each in asked:
            found = {value for value in values[:3] if any(compare(value, one) for one in each)}
            spelled = [asked_as(one) for one in each]
            yield ",".join(spelled), found
            if len(each) > 1:
                yield spelled, found
            if self.several:  # as some clients write a list
                yield f"[{', '.join(spelled)}]", found


CASES = {
    (prefix, name): case
    for (prefix, name), declaration in declared().items()
    if name not in table_of(WRITTEN_OUT, prefix) and (case := Case.of(prefix, name, declaration))
}
CASES_WRITTEN_OUT = {
    (prefix, name): case for prefix in RESOURCES for name, case in table_of(WRITTEN_OUT, prefix).items()
}


def test_every_filter_has_a_case():
    assert {*CASES, *CASES_WRITTEN_OUT} == set(declared())


def test_every_meaning_is_that_of_a_filter():
    meant = {(prefix, name) for prefix in RESOURCES for name in table_of(MEANINGS, prefix)}
    assert meant - set(declared()) == set()


def test_every_filter_of_the_contract_has_a_case(contract):
    theirs = {
        (path.removeprefix("/2.3.0/").strip("/"), name)
        for path, about in contract["paths"].items()
        for name in filters_of(path, about)
    }
    assert {*CASES, *CASES_WRITTEN_OUT} == theirs | ADDED


# Filters of later builds of upstream, and of the next version of the contract.
DATE_PARTS = "day", "month", "year"
ADDED_LAUNCHES = (
    "launcher_config_family_ids",
    "mission__agency__ids",
    "mission_type__ids",
    *(f"net__{part}" for part in DATE_PARTS),
    "orbit__ids",
    "previous",
    "upcoming",
)
ADDED_EVENTS = "date__lt", "expedition__ids", "launch__ids", "program__ids", "spacestation__ids"
LATER = "gt", "gte", "lt", "lte"
ADDED_BY_ENDPOINT = {
    "astronauts": [f"date_of_{what}__{part}" for what in ("birth", "death") for part in DATE_PARTS],
    "docking_events": [
        "docked",
        *(f"docking__{part}" for part in DATE_PARTS),
        *(f"departure__{lookup}" for lookup in LATER),
        "flight_vehicle_target__id",
        "payload_flight_chaser__id",
        "payload_flight_target__id",
        "space_station_chaser__id",
    ],
    **dict.fromkeys(("events", "events/previous", "events/upcoming"), ADDED_EVENTS),
    "expeditions": ["is_active"],
    "launcher_configurations": ["reusable"],
    **dict.fromkeys(("launches", "launches/previous", "launches/upcoming"), ADDED_LAUNCHES),
    "locations": ["active"],
    "pads": ["active"],
    "spacecraft_flights": ["mission_end", *(f"mission_end__{lookup}" for lookup in LATER)],
    "updates": [f"created_on__{lookup}" for lookup in LATER],
}
ADDED = {(prefix, name) for prefix, names in ADDED_BY_ENDPOINT.items() for name in names}


@pytest.mark.parametrize(("prefix", "name"), CASES)
def test_a_filter_selects_what_its_name_says_and_nothing_else(prefix, name, get):
    case = CASES[prefix, name]
    questions = list(case.questions())
    rows = [(case.having(value), {value}) for value in case.samples()[:3]]
    rows += [(case.place.lacking(), set())]
    if case.place.leads_to_many:
        twice = next(sorted(found) * 2 for _, found in questions if found)[:2]
        rows += [(case.having(*twice), set(twice))]
    for asked, found in questions:
        wanted = keys(*(each for each, values in rows if values & found))
        assert sorted(listed(get, prefix, **{name: asked})) == sorted(wanted), asked


@pytest.mark.parametrize(("prefix", "name"), CASES_WRITTEN_OUT)
def test_a_filter_selects_what_is_written_and_nothing_else(prefix, name, get):
    rows, asked = CASES_WRITTEN_OUT[prefix, name]
    called = {str(made(prefix, **facts).pk): title for title, facts in rows.items()}
    for value, titles in asked.items():
        parameters = {} if value is None else {name: value}
        assert sorted(called[key] for key in listed(get, prefix, **parameters)) == sorted(titles), value
