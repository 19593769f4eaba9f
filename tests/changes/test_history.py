"""launches/{id}/history/ shows how the date and the status of a launch changed, by whatever writer."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from launches.models import Launch
from spacedevs.changes import history
from spacedevs.changes.models import ValueChange
from tests.support import factories

pytestmark = pytest.mark.django_db

LAUNCH = UUID("e3df2ecd-c239-472f-95e4-2b89b4f75800")
NET = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def launch():
    return factories.launch(pk=LAUNCH, net=NET, status__id=2, status__name="To Be Determined")


def net(before, after):
    return {"field": "net", "before": before, "after": after, "before_id": None, "after_id": None}


def test_each_change_with_both_values_newest_first(launch, get):
    go = factories.launch(status__id=1, status__name="Go for Launch").status
    launch.net, launch.status = NET + timedelta(days=3), go
    launch.save()
    Launch.objects.filter(pk=LAUNCH).update(net=NET + timedelta(days=2))
    Launch.objects.filter(pk=LAUNCH).update(net=None)
    answer = get(f"launches/{LAUNCH}/history/")
    moments = [entry.pop("moment") for entry in answer["results"]]
    assert moments == sorted(moments, reverse=True)
    assert answer == {
        "id": str(LAUNCH),
        "url": f"http://testserver/2.3.0/launches/{LAUNCH}/",
        "slips": 1,
        "results": [
            {"slip": None, "changes": [net("2026-03-03T12:00:00Z", None)]},
            {"slip": -86400.0, "changes": [net("2026-03-04T12:00:00Z", "2026-03-03T12:00:00Z")]},
            {
                "slip": 259200.0,
                "changes": [
                    net("2026-03-01T12:00:00Z", "2026-03-04T12:00:00Z"),
                    {
                        "field": "status",
                        "before": "To Be Determined",
                        "after": "Go for Launch",
                        "before_id": 2,
                        "after_id": 1,
                    },
                ],
            },
        ],
    }


def test_a_launch_that_never_changed_has_an_empty_history(launch, get):
    assert get(f"launches/{LAUNCH}/history/")["results"] == []


def test_a_launch_that_is_not_there_has_none(client):
    response = client.get(f"/2.3.0/launches/{LAUNCH}/history/")
    assert (response.status_code, response.json()) == (404, {"detail": "No Launch matches the given query."})


def test_it_outlives_the_change_log_and_the_status(launch, get):
    other = factories.launch(status__id=9, status__name="Gone").status
    Launch.objects.filter(pk=LAUNCH).update(status=other)
    Launch.objects.filter(pk=LAUNCH).update(status=launch.status)
    Launch.objects.exclude(pk=LAUNCH).delete()
    other.delete()
    newest, oldest = get(f"launches/{LAUNCH}/history/")["results"]
    assert [newest["changes"][0][name] for name in ("before", "before_id")] == [None, 9]
    assert [oldest["changes"][0][name] for name in ("after", "after_id")] == [None, 9]


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["save", "update", "bulk_update"]),
        st.one_of(st.none(), st.integers(-5, 5)),
        st.sampled_from([1, 2, None]),
        st.sampled_from(["", "Another"]),
    ),
    max_size=8,
)


@given(edits=EDITS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_edits_of_any_kind_are_what_a_slow_reader_would_have_seen(launch, edits):
    """The oracle reads the row after each edit and compares."""
    for number in (1, 2):
        if not Launch.objects.filter(status_id=number).exists():
            factories.launch(status__id=number)
    Launch.objects.filter(pk=LAUNCH).update(net=NET, status=2)
    ValueChange.objects.all().delete()
    seen = [values()]
    for how, days, status, name in edits:
        row = Launch.objects.get(pk=LAUNCH)
        row.net = None if days is None else NET + timedelta(days=days)
        row.status_id, row.hashtag = status, name
        write(row, how)
        seen.append(values())
    expected = [
        {name: (before[name], after[name]) for name in before if before[name] != after[name]}
        for before, after in pairwise(seen)
        if before != after
    ]
    told = [
        {each["field"]: (plain(each, "before"), plain(each, "after")) for each in entry["changes"]}
        for entry in reversed(history.of(Launch.objects.get(pk=LAUNCH)))
    ]
    assert told == expected


def write(row, how):
    if how == "save":
        row.save()
    elif how == "update":
        Launch.objects.filter(pk=row.pk).update(net=row.net, status=row.status_id, hashtag=row.hashtag)
    else:
        Launch.objects.bulk_update([row], ["net", "status", "hashtag"])


def values():
    return dict(Launch.objects.filter(pk=LAUNCH).values("net", "status").get())


def plain(each, side):
    return each[f"{side}_id"] or (each[side] if each["field"] == "net" else None)
