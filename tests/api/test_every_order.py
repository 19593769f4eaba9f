"""Every order that an endpoint offers is kept, and every field that it searches is found."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.factories import LAUNCHED
from tests.support.paths import AHEAD, DAY, NUMBERS, Place, keys, listed, made
from tests.support.routes import RESOURCES

pytestmark = pytest.mark.django_db

WORD = "Zqx"  # in no other text
WRITTEN_OUT = {("payloads", "payloadflight__rocket__launch__net")}
ORDERS = [
    (prefix, term)
    for prefix, resource in RESOURCES.items()
    for term in resource.ordering_fields
    if (prefix, term) not in WRITTEN_OUT
]
SEARCHED = [(prefix, field) for prefix, resource in RESOURCES.items() for field in resource.search_fields]
OFFERED = [
    *((prefix, "ordering", term) for prefix, term in [*ORDERS, *WRITTEN_OUT]),
    *((prefix, "search", field) for prefix, field in SEARCHED),
]


def place_of(prefix, name):
    return Place(prefix, RESOURCES[prefix].path_of(name))


def test_every_order_and_every_search_of_the_contract_is_offered(contract):
    theirs = {
        (path.removeprefix("/2.3.0/").strip("/"), what, name)
        for path, about in contract["paths"].items()
        for what in ("ordering", "search")
        for name in about.get(what) or ()
    }
    ours = {each for each in OFFERED if not each[0].startswith("config/")}  # of these it names no fields
    assert ours == theirs


# Orders ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("prefix", "term"), ORDERS)
def test_rows_come_in_the_order_that_is_asked_for(prefix, term, get):
    place = place_of(prefix, term)
    low, *others = place.samples()[:3]
    rising = [place.having(value) for value in (*others, low)]  # not in the order of their keys
    rising = keys(rising.pop(), *rising, place.lacking())
    assert listed(get, prefix, ordering=term) == rising
    assert listed(get, prefix, ordering=f"-{term}") == rising[::-1]


def test_payloads_come_in_the_order_of_their_latest_launches(get):
    days = [LAUNCHED + n * DAY for n in range(4)]
    twice = made("payloads", flights__launch__net=[days[0], days[3]])
    once, earlier = (made("payloads", flights__launch__net=[days[n]]) for n in (2, 1))
    undated, unflown = made("payloads", flights__launch__net=[None]), made("payloads")
    rising = keys(earlier, once, twice)
    term = "payloadflight__rocket__launch__net"
    assert listed(get, "payloads", ordering=term) == [*rising, *keys(undated, unflown)]
    # Rows that tie stand in the order of their keys, whichever way they are asked for.
    assert listed(get, "payloads", ordering=f"-{term}") == [*keys(undated, unflown), *rising[::-1]]


@pytest.mark.parametrize(("prefix", "moment"), [("launches", "net"), ("events", "date")])
def test_what_is_past_comes_latest_first_and_what_is_ahead_soonest_first(prefix, moment, get):
    now = datetime.now(UTC)
    moments = [now - timedelta(hours=1), AHEAD, now - timedelta(hours=25), now - timedelta(hours=23), LAUNCHED, None]
    recent, ahead, yesterday, within_a_day, past, undated = (
        keys(made(prefix, **{moment: each}))[0] for each in moments
    )
    assert listed(get, f"{prefix}/previous") == [recent, within_a_day, yesterday, past]
    assert listed(get, f"{prefix}/upcoming") == [within_a_day, recent, ahead]
    assert listed(get, prefix) == [past, yesterday, within_a_day, recent, ahead, undated]


@pytest.mark.parametrize("prefix", RESOURCES)
def test_an_order_that_is_not_offered_changes_nothing(prefix, get):
    rows = keys(made(prefix), made(prefix))
    usual = listed(get, prefix)
    assert sorted(usual) == sorted(rows)
    assert listed(get, prefix, ordering="nonsense") == listed(get, prefix, ordering="-pk") == usual


# Searches ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("prefix", "field"), SEARCHED)
def test_a_word_is_found_wherever_an_endpoint_searches(prefix, field, get):
    place = place_of(prefix, field)
    is_number = place.samples() == NUMBERS
    word = NUMBERS[0] if is_number else WORD[: place.field.max_length]
    there = place.having(*[word] * (1 + place.leads_to_many))
    made(prefix)
    place.lacking()
    assert listed(get, prefix, search=str(word).lower()) == keys(there)


@pytest.mark.parametrize("prefix", [prefix for prefix, resource in RESOURCES.items() if not resource.search_fields])
def test_a_search_where_nothing_is_searched_asks_nothing(prefix, get):
    there = made(prefix)
    assert listed(get, prefix, search=WORD) == keys(there)
