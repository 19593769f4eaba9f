"""A row that belongs to one other and is claimed by two records stays with the first, however far apart they are."""

import io
import json
import re
from copy import deepcopy
from typing import NamedTuple
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from events.models import Spacewalk
from launches.models import FirstStage, Launch, PayloadFlight, SpacecraftFlight
from places.models import Pad
from spacedevs.sync.importing.outcome import Record
from spacedevs.sync.importing.record_queue import Intake
from spacedevs.sync.importing.records import ingest, ingest_each

pytestmark = pytest.mark.django_db


class Claim(NamedTuple):
    """A row that two records can claim: the way to it in a record of its owner, and how these and it are called."""

    model: type
    endpoint: str
    key: str  # of the record, as the row that is made has it
    way: tuple
    row: str
    owner: str


CLAIMS = {
    "rocket": Claim(Launch, "launches", "pk", ("rocket",), "Rocket", "Launch"),
    "landing of a ship": Claim(
        SpacecraftFlight, "spacecraft_flights", "pk", ("landing",), "Landing", "SpacecraftFlight"
    ),
    "landing of a payload": Claim(PayloadFlight, "payload_flights", "pk", ("landing",), "Landing", "PayloadFlight"),
    "landing of a stage": Claim(
        FirstStage, "launches", "launch_id", ("rocket", "launcher_stage", 0, "landing"), "Landing", "FirstStage"
    ),
    "ship of a landing": Claim(
        SpacecraftFlight, "landings", "landing_id", ("spacecraftflight",), "SpacecraftFlight", "Landing"
    ),
    "ship of a launch": Claim(
        SpacecraftFlight, "launches", "launch_id", ("rocket", "spacecraft_stage", 0), "SpacecraftFlight", "Launch"
    ),
    "payload of a launch": Claim(
        PayloadFlight, "launches", "launch_id", ("rocket", "payloads", 0), "PayloadFlight", "Launch"
    ),
    "pad of a place": Claim(Pad, "locations", "location_id", ("pads", 0), "Pad", "Location"),
    "spacewalk of an expedition": Claim(
        Spacewalk, "expeditions", "expedition_id", ("spacewalks", 0), "Spacewalk", "Expedition"
    ),
}


def at(record, way):
    for step in way:
        record = record[step]
    return record


def put(record, way, value):
    """A record that says this at this place."""
    made = deepcopy(record)
    at(made, way[:-1])[way[-1]] = value
    return made


@pytest.fixture(scope="module", params=CLAIMS)
def claim(request):
    return CLAIMS[request.param]


@pytest.fixture(scope="module")
def two(claim, recorded):
    """Two records of those who can claim a row."""
    return recorded(claim.model, claim.endpoint, claim.key, 2)


@pytest.fixture
def imported(tmp_path, monkeypatch):
    """Takes records in, so many at once, from a file or from one for each; says what was refused."""

    def run(*found, chunk=250, files=1):
        monkeypatch.setattr("spacedevs.sync.management.commands.import_ll2.CHUNK", chunk)
        paths = [tmp_path / f"{number}.json" for number in range(files)]
        for number, path in enumerate(paths):
            path.write_text(json.dumps(found[number::files]))
        out = io.StringIO()
        try:
            call_command("import_ll2", *map(str, paths), stdout=out, stderr=out)
        except CommandError:
            return [line for line in out.getvalue().splitlines() if line.startswith("Refused: ")]
        return []

    return run


def answers(get, claim, *found):
    return [get(f"{claim.endpoint}/{record['id']}/") for record in found]


@pytest.mark.parametrize(("chunk", "files"), [(250, 1), (1, 1), (250, 2)], ids=["near", "far", "in two files"])
def test_the_record_that_claims_a_row_second_is_refused_by_name(chunk, files, claim, two, imported, get):
    first, second = two
    row = at(first, claim.way)
    for _ in range(2):  # the same again
        (line,) = imported(first, put(second, claim.way, row), chunk=chunk, files=files)
        assert re.match(rf"Refused: \w+ {second['id']}\b", line)
        assert f": {claim.row} {row['id']} belongs to {claim.owner} " in line
        assert answers(get, claim, first) == [first]


@pytest.mark.parametrize("chunk", [1, 250], ids=["far", "near"])
def test_what_changes_hands_does_so_whichever_record_comes_first(chunk, claim, two, imported, get):
    imported(*two)
    first, second = two
    row, other = at(first, claim.way), at(second, claim.way)
    moved = put(first, claim.way, other), put(second, claim.way, row)
    for order in (moved, moved[::-1]):
        assert imported(*two, chunk=chunk) == []
        assert answers(get, claim, *two) == two
        assert imported(*order, chunk=chunk) == []
        assert answers(get, claim, *moved) == list(moved)


def test_without_a_record_of_whoever_has_a_row_nobody_takes_it(claim, two, imported, get):
    imported(*two)
    first, second = two
    (line,) = imported(put(second, claim.way, at(first, claim.way)))
    assert f"belongs to {claim.owner} " in line
    assert answers(get, claim, *two) == two


@pytest.fixture(scope="module")
def launches(recorded):
    """Records of four launches, each with its rocket."""
    return recorded(Launch, "launches", "pk", 4)


def test_whoever_is_gone_keeps_nothing_though_another_record_is_refused(launches):
    """What a refused record leaves to be written is told the same of who is gone."""
    gone, heir, wrong, _ = launches
    ingest([Record("#", gone)])
    found = [Record("#/0", heir | {"rocket": gone["rocket"]}), Record("#/1", wrong | {"name": 5})]
    outcome = ingest_each(found, gone={(Launch, UUID(gone["id"]))})
    assert [refusal.record.place for refusal in outcome.refused] == ["#/1"]
    assert Launch.objects.get(pk=heir["id"]).rocket_id == gone["rocket"]["id"]


SAYINGS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([None, 0, 1, 2, 3])), min_size=1, max_size=8)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # to shrink what fails would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(sayings=SAYINGS, chunk=st.integers(1, 4))
def test_whatever_records_claim_in_whatever_pieces_nothing_is_lost(launches, sayings, chunk):
    """At the end each launch has what its last record says, but for those whose record was refused.

    None is where no two claim one."""
    before = transaction.savepoint()
    rockets = [launch["rocket"] for launch in launches]
    found = [
        Record(f"#/{number}", launches[launch] | {"rocket": None if rocket is None else rockets[rocket]})
        for number, (launch, rocket) in enumerate(sayings)
    ]
    intake = Intake()
    taken = [intake.take(found[start : start + chunk]) for start in range(0, len(found), chunk)] + [intake.end()]
    said = {record.value["id"]: record.value["rocket"] and record.value["rocket"]["id"] for record in found}
    has = {str(key): rocket for key, rocket in Launch.objects.values_list("pk", "rocket_id")}
    transaction.savepoint_rollback(before)
    refused = {refusal.record.value["id"] for outcome in taken for refusal in outcome.refused}
    claimed = [rocket for rocket in said.values() if rocket]
    assert bool(refused) == (len(set(claimed)) < len(claimed))
    assert {key: has[key] for key in said.keys() - refused} == {key: said[key] for key in said.keys() - refused}
