"""What can be shown can be taken in: answers become rows that answer the same."""

import json
from copy import deepcopy

import pytest
from django.db import transaction

from agencies.models import Agency
from docking.models import CHASERS, TARGETS, DockingEvent
from launches.models import Launch, MissionType, SpacecraftFlight
from media_assets.models import Image, ImageVariant, InfoURL
from places.models import Pad
from spacedevs.api.serializers import name_of
from spacedevs.router import RESOURCES
from spacedevs.sync.importing.batch import Refused
from spacedevs.sync.importing.records import ingest, records
from tests.support import factories
from vehicles.models import Spacecraft

pytestmark = pytest.mark.django_db


def take(*answers, component=None):
    return ingest([each for n, answer in enumerate(answers) for each in records(f"answer {n}", answer)], component)


def problems(*answers, **options):
    with pytest.raises(Refused) as refused, transaction.atomic():
        take(*answers, **options)
    return [str(problem) for problem in refused.value.problems]


@pytest.fixture
def answered(get):
    """What the API answers while these rows are there; afterwards they are not."""

    def answer(make, address):
        with transaction.atomic():
            shown = get(address.format(id=make().pk))
            transaction.set_rollback(True)
        return shown

    return answer


@pytest.fixture
def event(answered):
    """A detailed docking event with all that it shows, recorded from a database that is gone."""
    return answered(factories.full_docking_event, "docking_events/{id}/")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("chaser", CHASERS)
def test_a_recorded_docking_event_answers_the_same_from_an_empty_database(target, chaser, answered, get):
    recorded = answered(lambda: factories.full_docking_event(target, chaser), "docking_events/{id}/")
    take(recorded)
    assert json.dumps(get(f"docking_events/{recorded['id']}/")) == json.dumps(recorded)


@pytest.mark.parametrize("prefix", [prefix for prefix in RESOURCES if not prefix.startswith("config/")])
@pytest.mark.parametrize("mode", ["list", "normal", "detailed"])
def test_a_recorded_page_answers_the_same_from_an_empty_database(prefix, mode, answered, get):
    model = RESOURCES[prefix].queryset.model
    make = factories.full_docking_event if model is DockingEvent else lambda: factories.full(model)
    page = answered(make, f"{prefix}/?mode={mode}")
    resource = RESOURCES[prefix]
    take(page, component=name_of(resource.modes.get(mode, resource.modes.get("normal", resource.ladder[0]))))
    assert json.dumps(get(f"{prefix}/", mode=mode)) == json.dumps(page)


@pytest.mark.parametrize("shape", [lambda r: r, lambda r: [r], lambda r: {"count": 1, "results": [r]}])
def test_a_record_an_array_and_a_page_are_taken_alike(shape, event, get):
    take(shape(event))
    assert get(f"docking_events/{event['id']}/") == event


def test_taking_an_answer_in_again_changes_nothing(event):
    first, second = take(event), take(event)
    assert {fate for (_, fate), count in first.rows.items() if count} == {"created"}
    assert {fate for (_, fate), count in second.rows.items() if count} == {"unchanged"}


def test_what_changed_upstream_changes_here(event, get):
    take(event)
    event["docking_location"]["name"] = "Renamed"
    event["departure"] = None
    event["flight_vehicle_chaser"]["launch"]["mission"]["agencies"].pop()
    event["flight_vehicle_chaser"]["launch"]["image"]["variants"].pop()
    rows = take(event).rows
    assert {kind: count for (kind, fate), count in rows.items() if fate == "changed" and count} == {
        "DockingEvent": 1,
        "DockingLocation": 1,
    }
    assert get(f"docking_events/{event['id']}/") == event


def test_a_shallow_record_never_blanks_what_a_deeper_one_has_set(event, get):
    take(event)
    shallow = get("docking_events/", mode="normal")
    assert "pad" not in shallow["results"][0]["flight_vehicle_chaser"]["launch"]
    take(shallow)
    assert get(f"docking_events/{event['id']}/") == event


def test_null_and_the_empty_text_are_kept_apart(event, get):
    launch = event["flight_vehicle_chaser"]["launch"]
    launch.update(failreason="", hashtag=None, weather_concerns=" two  spaces\r\n")
    take(event)
    assert launch in get("launches/", limit=100)["results"]


@pytest.mark.parametrize("missing", ["docking", "docking_location", "space_station_target"])
def test_a_record_that_lacks_a_required_field_is_refused_by_its_place(missing, event):
    del event[missing]
    assert problems(event) == [f"answer 0#/{missing}: Is missing."]
    assert DockingEvent.objects.count() == Agency.objects.count() == 0


def test_every_fault_of_a_record_is_told_at_once(event):
    event["docking"] = "yesterday"
    event["space_station_target"]["name"] = None
    event["flight_vehicle_chaser"]["spacecraft"]["in_space"] = "yes"
    event["flight_vehicle_chaser"]["launch"]["id"] = "x"
    event["flight_vehicle_chaser"]["launch"]["net"] = 5
    found = problems([event])
    assert [problem.partition(": ")[0] for problem in found] == [
        "answer 0#/0/docking",
        "answer 0#/0/space_station_target/name",
        "answer 0#/0/flight_vehicle_chaser/spacecraft/in_space",
        "answer 0#/0/flight_vehicle_chaser/launch/id",
    ]
    assert DockingEvent.objects.count() == 0


FAULTS = [
    ("id", -(2**70), "Ensure this value is greater than or equal to -9223372036854775808."),
    ("id", "151", "Must be a whole number."),
    ("id", True, "Must be a whole number."),
    ("id", None, "May not be null."),
    ("id", -5, "Is not a valid id."),
    ("id", 10**18, "Is not a valid id."),
    ("docking", "2024-02-30T00:00:00Z", "Must be a date and time in ISO 8601."),
    ("docking", "2024-02-03", "Must be a date and time in ISO 8601."),
    ("docking", 5, "Must be a string."),
    ("docking", None, "May not be null."),
    ("docking_location", None, "May not be null."),
    ("docking_location", [], "Must be an object."),
    ("response_mode", 5, "Must be 'normal', not 5."),
]


@pytest.mark.parametrize(("name", "value", "problem"), FAULTS)
def test_a_value_that_a_field_cannot_have_is_refused_by_its_place(name, value, problem, event):
    event[name] = value
    assert problems(event)[0] == f"answer 0#/{name}: {problem}"


@pytest.mark.parametrize(
    ("year", "bound"), [(2**31, "less than or equal to 2147483647"), (-1, "greater than or equal to 0")]
)
def test_a_number_that_one_database_cannot_hold_is_refused_on_each(year, bound, answered):
    agency = answered(lambda: factories.full(Agency), "agencies/{id}/") | {"founding_year": year}
    assert problems(agency) == [f"answer 0#/founding_year: Ensure this value is {bound}."]


@pytest.mark.parametrize("length", ["5", "00:05", "1 day", "P-1DT2H", "P1W", "-1 00:00:00"])
def test_a_length_of_time_that_launch_library_does_not_write_is_refused(length, event):
    event["flight_vehicle_chaser"]["duration"] = length
    assert problems(event) == ["answer 0#/flight_vehicle_chaser/duration: Must be a length of time in ISO 8601."]


def test_what_belongs_to_two_rows_at_once_is_refused_by_its_place(answered):
    flight = answered(lambda: factories.full(SpacecraftFlight), "spacecraft_flights/{id}/")
    landing = flight["landing"]["id"]
    assert problems([flight, {**flight, "id": flight["id"] + 1}]) == [
        f"answer 0#/1/landing: Landing {landing} belongs to SpacecraftFlight {flight['id']}; "
        "it can move after a record shows that without it."
    ]


TEXTS = {
    "x" * 256: "Ensure this value has at most 255 characters (it has 256).",
    "a\x00b": "Contains an invalid character.",
    "a\ud800b": "Contains an invalid character.",
    5: "Must be a string.",
}


@pytest.mark.parametrize("value", TEXTS)
def test_a_text_that_no_database_keeps_is_refused(value, event):
    event["space_station_target"]["name"] = value
    assert f"answer 0#/space_station_target/name: {TEXTS[value]}" in problems(event)


@pytest.mark.parametrize(
    "answer",
    [
        {"hello": 1},
        {"id": 1},
        {"id": 1, "name": "x", "url": "http://["},
        {"detail": "Request was throttled."},
        "text",
        5,
        None,
        [1],
        [[]],
        {"results": [{}]},
    ],
)
def test_what_is_no_answer_of_launch_library_is_refused(answer):
    assert len(problems(answer)) == 1


def test_a_record_that_can_be_several_things_wants_to_be_told_which():
    record = {"id": 1, "name": "Government"}
    (problem,) = problems(record)
    assert "AgencyType" in problem
    assert "choose one with --component" in problem
    assert take(record, component="AgencyType").rows["AgencyType", "created"] == 1


def test_fields_that_nobody_knows_are_left_out_and_told(event, get):
    event["space_station_target"]["mascot"] = "Ivan"
    assert take({**event, "weather": "fair"}).unknown == {
        ("DockingEventEndpointDetailed", "weather"): 1,
        ("SpaceStationMini", "mascot"): 1,
    }
    del event["space_station_target"]["mascot"]
    assert get(f"docking_events/{event['id']}/") == event


def test_two_targets_are_refused_with_the_reason(event):
    event["payload_flight_target"] = None
    event["space_station_target"] = None
    (problem,) = problems(event)
    assert problem == "answer 0#: Choose one target: a station, a spacecraft flight or a payload flight."
    assert DockingEvent.objects.count() == Launch.objects.count() == 0


def test_what_belongs_to_one_row_alone_can_change_hands(answered, get):
    flights = [answered(lambda: factories.full(SpacecraftFlight), "spacecraft_flights/{id}/")]
    flights.append({**deepcopy(flights[0]), "id": flights[0]["id"] + 1})
    flights[1]["url"] = f"http://testserver/2.3.0/spacecraft_flights/{flights[1]['id']}/"
    flights[1]["landing"] = {**flights[0]["landing"], "id": flights[0]["landing"]["id"] + 1}
    flights[1]["landing"]["url"] = f"http://testserver/2.3.0/landings/{flights[1]['landing']['id']}/"
    take(flights)
    flights[0]["landing"], flights[1]["landing"] = flights[1]["landing"], flights[0]["landing"]
    take(flights)
    assert get("spacecraft_flights/", mode="detailed")["results"] == flights


# What answers only name --------------------------------------------------------------------------


def test_what_is_known_by_its_name_alone_is_in_no_list(event, get):
    take(event)
    kind = MissionType.objects.get()
    assert (kind.name, kind.pk < 0) == (event["flight_vehicle_chaser"]["launch"]["mission"]["type"], True)
    assert get("config/mission_types/") == {"count": 0, "next": None, "previous": None, "results": []}


def test_what_is_known_by_its_name_alone_can_be_shown_where_it_belongs(get, client):
    agency = factories.agency(id=-3, name="Somebody")
    pad = factories.pad(agencies=[agency])
    assert get(get(f"pads/{pad.id}/")["agencies"][0]["url"])["name"] == "Somebody"
    assert client.get(f"/2.3.0/pads/{pad.id}/?format=api").status_code == 200
    assert get("agencies/")["results"] == []


def test_what_was_known_by_its_name_takes_the_id_that_comes_later(get):
    child, parent = factories.full(Agency, factories.row), factories.agency(name="Parent")
    child.parent = parent
    child.save()
    recorded, later = get(f"agencies/{child.pk}/"), get(f"agencies/{parent.pk}/")
    Agency.objects.all().delete()

    take(recorded)
    assert list(Agency.objects.filter(pk__lt=0).values_list("name", flat=True)) == ["Parent"]
    take(later)
    assert set(Agency.objects.values_list("pk", flat=True)) == {child.pk, parent.pk}
    assert (get(f"agencies/{child.pk}/"), get(f"agencies/{parent.pk}/")) == (recorded, later)


def test_a_name_means_the_row_that_bears_it(get):
    parent = factories.agency(name="Parent")
    child = factories.agency(parent=parent)
    recorded = get(f"agencies/{child.pk}/")
    child.delete()
    take(recorded)
    assert Agency.objects.get(pk=recorded["id"]).parent == parent
    assert Agency.objects.count() == 2


def test_a_server_of_ours_shows_rows_of_unknown_ids_and_they_are_taken_in_as_they_are(get):
    somebody = factories.agency(id=-3, name="Somebody")
    pad = factories.pad(agencies=[somebody])
    shown, elsewhere = get(f"pads/{pad.id}/"), get(f"agencies/{somebody.id}/")
    Pad.objects.all().delete()
    Agency.objects.all().delete()
    for _ in range(2):
        take([shown, elsewhere])
        assert (get(f"pads/{pad.id}/"), get("agencies/-3/")) == (shown, elsewhere)
        assert list(Agency.objects.values_list("pk", "name")) == [(-3, "Somebody")]


def test_rows_of_unknown_ids_make_room_for_those_of_an_upstream(get):
    theirs = factories.agency(id=-1, name="Theirs")
    shown = get(f"pads/{factories.pad(agencies=[theirs]).id}/")
    Pad.objects.all().delete()
    Agency.objects.all().delete()
    ours, both = factories.agency(id=-1, name="Ours"), factories.agency(id=-2, name="Both")
    pad = factories.pad(agencies=[ours, both])
    take([shown, {**get("agencies/-2/"), "id": -7, "url": "http://testserver/2.3.0/agencies/-7/"}])
    assert [agency["name"] for agency in get(f"pads/{shown['id']}/")["agencies"]] == ["Theirs"]
    assert {agency["name"] for agency in get(f"pads/{pad.id}/")["agencies"]} == {"Ours", "Both"}
    assert set(Agency.objects.values_list("pk", "name")) == {(-1, "Theirs"), (-8, "Ours"), (-7, "Both")}


# Rows that answers show without an id ------------------------------------------------------------


def test_links_are_kept_in_the_order_in_which_they_came(event):
    links = event["flight_vehicle_chaser"]["launch"]["mission"]["info_urls"]
    links[:] = [{**links[0], "url": f"https://example.org/{n}", "title": None} for n in (3, 1, 2)]
    take(event)
    assert list(InfoURL.objects.values_list("url", flat=True)) == [link["url"] for link in links]


def test_a_link_that_changed_stays_the_row_that_it_was(event, get):
    links = event["flight_vehicle_chaser"]["launch"]["mission"]["info_urls"]
    take(event)
    before = list(InfoURL.objects.values_list("pk", flat=True))
    links[0]["title"] = "Renamed"
    links.append({**deepcopy(links[0]), "url": "https://example.org/new"})
    take(event)
    assert list(InfoURL.objects.values_list("pk", flat=True))[: len(before)] == before
    assert get(f"docking_events/{event['id']}/") == event


def test_a_description_longer_than_the_published_document_allows_is_kept(answered, get):
    recorded = answered(lambda: factories.launch(vid_urls=[factories.vid_url()]), "launches/{id}/")
    recorded["vid_urls"][0]["description"] = "x" * 798  # as recorded in 2026
    take(recorded)
    assert get(f"launches/{recorded['id']}/")["vid_urls"] == recorded["vid_urls"]


def test_links_that_are_gone_are_deleted(event):
    take(event)
    event["flight_vehicle_chaser"]["launch"]["mission"]["info_urls"] = []
    take(event)
    assert InfoURL.objects.count() == 0


def test_a_variant_that_is_gone_is_deleted_and_those_of_other_images_stay(event):
    take(event)
    total, image = ImageVariant.objects.count(), event["flight_vehicle_chaser"]["launch"]["image"]
    gone = len(image["variants"])
    image["variants"] = []
    take(event)
    assert ImageVariant.objects.count() == total - gone > 0
    assert Image.objects.get(pk=image["id"]).variants.count() == 0


# Afterwards --------------------------------------------------------------------------------------


def test_rows_made_by_hand_come_after_those_taken_in(event):
    take(event)
    taken = {model: set(model.objects.values_list("pk", flat=True)) for model in (Pad, Agency, Spacecraft)}
    for model, keys in taken.items():
        assert factories.row(model).pk > max(keys)


def test_the_recorded_event_is_served_as_it_was_recorded(shared, get):
    recorded = json.loads((shared / "golden" / "docking_event_151.json").read_text("utf-8"))
    take(recorded)
    served = json.dumps(get("docking_events/151/"))
    expected = json.dumps(recorded).replace("https://ll.thespacedevs.com/", "http://testserver/")
    assert served == expected.replace("/?format=api", "/")
