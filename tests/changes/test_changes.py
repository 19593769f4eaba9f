"""/2.3.0/changes/ tells each record that changed, once, with what became of it."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.test.utils import CaptureQueriesContext

from agencies.models import Agency, AgencyType, MissionPatch
from events.models import LiveStream
from launches.models import FirstStage, Launch, TimelineEvent
from media_assets.models import Image
from spacedevs.changes.owners import fields_showing, graph, tables_below
from spacedevs.changes.records import changes_after
from spacedevs.db.change_log.reading import Log
from spacedevs.db.dataset_version import data_tables
from tests.support import factories
from tests.support.routes import ENDPOINTS, RESOURCES

# In a transaction that a test rolls back nothing would ever be complete.
pytestmark = pytest.mark.django_db(transaction=True)
on_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="is PostgreSQL's own")

LAUNCH = UUID("e3df2ecd-c239-472f-95e4-2b89b4f75800")


@pytest.fixture
def launch():
    return factories.launch(
        pk=LAUNCH,
        name="Falcon 9 | Starlink",
        net="2026-03-01T12:00:00Z",
        launch_service_provider__id=121,
        launch_service_provider__name="SpaceX",
        image__id=5,
    )


@pytest.fixture
def cursor(launch, get):
    """The cursor after the rows of a test."""
    return get("changes/")["cursor"]


def shown(answer):
    """The changes of an answer: endpoint, id and action."""
    return [(each["endpoint"], each["id"], each["action"]) for each in answer["results"]]


def test_without_a_cursor_it_is_that_of_now(launch, get):
    now = get("changes/")
    assert {**now, "cursor": ""} == {
        "cursor": "",
        "has_more": False,
        "next": f"http://testserver/2.3.0/changes/?since={now['cursor']}",
        "results": [],
    }
    assert get("changes/", since=now["cursor"])["results"] == []


def test_a_record_is_told_once_with_what_became_of_it(launch, cursor, get):
    AgencyType.objects.create(id=7, name="Private")
    kind = AgencyType.objects.create(id=8, name="A")
    Launch.objects.update(name="Falcon 9 | Starlink 2")
    Launch.objects.update(probability=80)
    kind.delete()
    before = datetime.now(UTC).replace(microsecond=0)
    answer = get("changes/", since=cursor)
    moments = [datetime.fromisoformat(each.pop("moment")) for each in answer["results"]]
    cursors = [each.pop("cursor") for each in answer["results"]]
    assert answer["results"] == [
        {
            "endpoint": "config/agency_types",
            "id": "7",
            "url": "http://testserver/2.3.0/config/agency_types/7/",
            "action": "created",
            "fields_changed": [],
        },
        {
            "endpoint": "launches",
            "id": str(LAUNCH),
            "url": f"http://testserver/2.3.0/launches/{LAUNCH}/",
            "action": "updated",
            "fields_changed": ["name", "probability"],
        },
        {
            "endpoint": "config/agency_types",
            "id": "8",
            "url": "http://testserver/2.3.0/config/agency_types/8/",
            "action": "deleted",
            "fields_changed": [],
        },
    ]
    assert all(abs((moment - before).total_seconds()) < 3600 for moment in moments)
    assert shown(get("changes/", since=cursors[1])) == shown(answer)[2:]
    assert get("changes/", since=answer["cursor"])["results"] == []


def test_pages_follow_each_other_to_the_end(cursor, get):
    AgencyType.objects.bulk_create([AgencyType(id=number, name=str(number)) for number in range(100, 107)])
    ids, more, pages = [], True, 0
    while more:
        page = get("changes/", since=cursor, limit=3)
        ids += [int(each["id"]) for each in page["results"]]
        assert page["next"] == f"http://testserver/2.3.0/changes/?limit=3&since={page['cursor']}"
        cursor, more, pages = page["cursor"], page["has_more"], pages + 1
    assert (sorted(ids), pages) == (list(range(100, 107)), 3)


CHILDREN = {
    "a timeline entry": lambda launch: TimelineEvent.objects.create(launch=launch),
    "a stage": lambda launch: factories.first_stage(launch=launch),
    "a link": lambda launch: launch.mission_patches.add(MissionPatch.objects.create(id=4, name="A")),
    "a picture that it shows": lambda launch: Image.objects.filter(pk=5).update(name="Another"),
}


@pytest.mark.parametrize("child", CHILDREN)
def test_a_row_without_an_endpoint_is_a_change_of_the_record_that_shows_it(child, launch, cursor, get):
    CHILDREN[child](launch)
    assert ("launches", str(LAUNCH), "updated") in shown(get("changes/", since=cursor))


def test_a_removed_row_is_one_too(launch, get):
    stage = factories.first_stage(launch=launch)
    cursor = get("changes/")["cursor"]
    stage.delete()
    assert shown(get("changes/", since=cursor)) == [("launches", str(LAUNCH), "updated")]


def test_a_stage_that_moves_is_a_change_of_both_launches(launch, get):
    other = factories.launch()
    stage = factories.first_stage(launch=launch)
    cursor = get("changes/")["cursor"]
    FirstStage.objects.filter(pk=stage.pk).update(launch=other)
    assert sorted(shown(get("changes/", since=cursor))) == sorted(
        ("launches", str(key), "updated") for key in (LAUNCH, other.pk)
    )


def test_a_shared_row_changes_alone(launch, cursor, get):
    Agency.objects.filter(pk=121).update(name="Space Exploration Technologies")
    assert shown(get("changes/", since=cursor)) == [("agencies", "121", "updated")]


def test_a_row_of_a_dashboard_is_a_change_of_the_dashboard(cursor, get):
    LiveStream.objects.create(title="Starbase")
    [change] = get("changes/", since=cursor, include="record")["results"]
    assert (change["endpoint"], change["id"], change["url"], change["record"]) == (
        "dashboard/starship",
        None,
        "http://testserver/2.3.0/dashboard/starship/",
        None,
    )


def test_records_come_along_in_a_mode(launch, cursor, get):
    Launch.objects.update(probability=80)
    kind = AgencyType.objects.create(id=8, name="A")
    kind.delete()
    answer = get("changes/", since=cursor, include="record", mode="list")
    records = {each["id"]: each["record"] for each in answer["results"]}
    [listed] = get("launches/", mode="list", id=LAUNCH)["results"]
    assert records == {str(LAUNCH): listed, "8": None}


def test_only_the_endpoints_that_are_asked_for(launch, cursor, get):
    AgencyType.objects.create(id=7, name="Private")
    TimelineEvent.objects.create(launch=launch)
    answer = get("changes/", since=cursor, endpoints="launches,agencies")
    assert shown(answer) == [("launches", str(LAUNCH), "updated")]


BAD = {
    "a cursor that is none": ({"since": "x"}, {"since": ["This is not a cursor of `changes/`."]}),
    "an endpoint that is none": ({"endpoints": "launches,x"}, {"endpoints": ["Unknown endpoint: x."]}),
    "something else to include": ({"include": "x"}, {"include": ["Choose from: record."]}),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_fault_is_told(fault, client):
    query, complaint = BAD[fault]
    response = client.get("/2.3.0/changes/", query)
    assert (response.status_code, response.json()) == (400, complaint)


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1001", "9" * 30, "\u0661"])
def test_a_limit_that_is_none_is_ignored_and_named(limit, client):
    response = client.get("/2.3.0/changes/", {"limit": limit})
    assert (response.status_code, response.headers["X-Ignored-Values"]) == (200, "limit")
    assert client.get("/2.3.0/changes/", {"limit": limit, "strict": "true"}).status_code == 400


@pytest.mark.parametrize("address", ["changes/?since=", "launches/?changed_since="])
def test_a_cursor_of_another_database_is_gone(address, client):
    response = client.get(f"/2.3.0/{address}0123456789ab-1-2")
    assert (response.status_code, response.json()) == (
        410,
        {
            "detail": "This cursor has expired. Request `changes/` without `since` for a new one, read the lists that "
            "you need, and then follow the changes from the new cursor."
        },
    )


@pytest.mark.parametrize("path", RESOURCES)
def test_every_list_can_be_asked_for_what_changed(path, cursor, get):
    assert get(f"{path}/", changed_since=cursor)["results"] == []


def test_a_list_has_what_changed_since_in_any_version(launch, cursor, get, client):
    other = factories.launch(status=launch.status)
    TimelineEvent.objects.create(launch=launch)
    both = {str(LAUNCH), str(other.pk)}
    assert {each["id"] for each in get("launches/", changed_since=cursor)["results"]} == both
    older = client.get("/2.2.0/launch/", {"changed_since": cursor}).json()
    assert {each["id"] for each in older["results"]} == both
    assert get("launches/", changed_since=cursor, search="nothing")["count"] == 0
    assert client.get("/2.3.0/launches/", {"changed_since": "x"}).status_code == 400


@on_postgresql
def test_while_a_transaction_is_open_no_answer_is_kept(launch, cursor, client):
    """Its end completes changes without a new version."""
    other = connections.create_connection(DEFAULT_DB_ALIAS)
    addresses = [f"/2.3.0/changes/?since={cursor}", f"/2.3.0/launches/?changed_since={cursor}"]
    try:
        with other.cursor() as sql:
            sql.execute("BEGIN")
            sql.execute("INSERT INTO agencies_agencytype (id, name) VALUES (7, 'A')")
            Launch.objects.update(probability=80)
            waiting = [client.get(address) for address in addresses]
            sql.execute("ROLLBACK")
    finally:
        other.close()
    complete = [client.get(address) for address in addresses]
    assert [response.headers.get("Cache-Control") for response in waiting] == ["no-store", "no-store"]
    assert [len(response.json()["results"]) for response in waiting + complete] == [0, 0, 1, 1]
    assert [response.headers.get("Cache-Control") for response in complete] == [None, None]


# For people ----------------------------------------------------------------------------------------


def test_the_page_reads_like_news(launch, cursor, client):
    Launch.objects.update(net="2026-03-04T12:30:00Z")
    AgencyType.objects.create(id=7, name="Private")
    for query, text in ({}, "is new"), ({"since": cursor}, "changed"):
        page = client.get("/2.3.0/changes/", query, headers={"accept": "text/html"}).content.decode()
        page = " ".join(page.split())
        assert f"Falcon 9 | Starlink</a> {text}: slipped from 2026-03-01 12:00 UTC to 2026-03-04 12:30 UTC" in page
        assert (
            'agency type</span> <span class="what"><a href="/2.3.0/config/agency_types/7/">Private</a> is new' in page
        )


def test_the_root_names_it(client):
    page = client.get("/2.3.0/", headers={"accept": "text/html"}).content.decode()
    assert '<a href="/2.3.0/changes/">changes</a>' in page


# What belongs to what ---------------------------------------------------------------------------------


def test_every_table_with_data_leads_to_records():
    assert set().union(*tables_below().values()) == data_tables()


def test_every_endpoint_of_rows_is_told():
    whole = {path for path, resource in RESOURCES.items() if not resource.part}
    assert set(graph().endpoints.values()) == whole
    assert set(graph().objects.values()) == {"dashboard/starship"} <= ENDPOINTS.keys()


def test_fields_follow_from_the_serializers():
    fields = fields_showing(RESOURCES["launches"])
    own = fields["launches_launch"]
    assert (own["net"], own["status_id"], own["image_id"]) == (("net",), ("status",), ("image",))
    assert fields["launches_firststage"] == {"": ("rocket",)}
    assert fields["launches_timelineevent"] == {"": ("timeline",)}
    assert "agencies_agency" not in fields


def test_changes_are_found_in_a_number_of_statements_that_rows_do_not_change(
    launch, cursor, django_assert_num_queries
):
    log = Log.read()
    counts = []
    for number in (1, 20):
        position = log.position(cursor)
        for _ in range(number):
            factories.first_stage(launch=factories.launch())
        with CaptureQueriesContext(connection) as queries:
            page = changes_after(Log.read(), position, {"launches"}, limit=1000)
        assert len(page.changes) >= number
        counts.append(len(queries))
    assert counts[0] == counts[1]
