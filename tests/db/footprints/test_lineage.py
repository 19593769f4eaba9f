"""What a process remembers of the past: enough to say what still holds, and never too much."""

from array import array

import pytest

from spacedevs.db.footprints import lineage
from spacedevs.db.footprints.lineage import Lineage, Look
from spacedevs.db.footprints.recording import Change, Footprint, digest
from spacedevs.db.footprints.statements import Reads


def change(table, action, key="1", *columns):
    return Change(table, action, key, frozenset(columns))


def footprint(whole=(), shown=(), rows=()):
    parts = ({table: frozenset(columns) for table, *columns in part} for part in (whole, shown))
    return Footprint((Reads(*parts),), array("I", sorted(digest(*row) for row in rows)))


# A list of launches, found by name, that shows two of them with status, and an agency.
LIST = footprint(
    whole=[("launch", "name")],
    shown=[("launch", "name", "status"), ("agency", "name")],
    rows=[("launch", 1), ("launch", 2), ("agency", 7)],
)
TOUCHED = {
    change("launch", "i", "9"): True,
    change("launch", "d", "9"): True,
    change("launch", "u", "9", "name"): True,
    change("launch", "u", "9", "status"): False,
    change("launch", "u", "2", "status", "other"): True,
    change("launch", "u", "2", "other"): False,
    change("agency", "u", "7", "name"): True,
    change("agency", "u", "1", "name"): False,
    change("agency", "i", "8"): False,
    change("agency", "i", None): True,
    change("agency", "d", "7"): True,
    change("pad", "d", "1"): False,
}


@pytest.mark.parametrize("each", TOUCHED)
def test_a_footprint_is_touched_by_what_it_shows_and_by_what_was_chosen_from(each):
    assert LIST.is_touched(each) == TOUCHED[each]


class Committed:
    """Stands for the database."""

    def __init__(self):
        self.version, self.changes, self.looks = "0", [], 0

    def commit(self, *changes):
        self.version = str(int(self.version) + 1)
        self.changes.append(changes)

    def look(self, before):
        self.looks += 1
        if before is None:
            return Look(self.version, "here", self.version, None)
        since = self.changes[int(before.position) :]
        changes = None if (None,) in since else tuple(change for each in since for change in each)
        return Look(self.version, "here", self.version, changes)


@pytest.fixture
def committed():
    return Committed()


@pytest.fixture
def past(committed):
    past = Lineage(committed.look)
    past.at("0")
    return past


HIT, MISS = change("launch", "d", "1"), change("pad", "d", "1")


def test_a_response_holds_until_it_is_touched(past, committed):
    held = []
    for changes in ([MISS], [], [MISS, MISS], [MISS, HIT], [MISS]):
        committed.commit(*changes)
        held.append(past.holds(LIST, "0", past.at(committed.version)))
    assert held == [True, True, True, False, False]
    assert past.holds(LIST, "4", "5")


def test_without_a_footprint_a_response_holds_for_its_version_alone(past, committed):
    committed.commit()
    assert (past.holds(None, "0", "0"), past.holds(None, "0", past.at("1"))) == (True, False)


def test_one_look_is_enough_for_all_who_read_the_same_version(past, committed):
    committed.commit(MISS)
    looks = committed.looks
    assert ([past.at("1") for _ in range(3)], committed.looks - looks) == (["1"] * 3, 1)


def test_who_read_an_older_version_gets_the_newest(past, committed):
    committed.commit(MISS)
    past.at("1")
    assert (past.at("0"), past.holds(LIST, "0", "1")) == ("1", True)


def test_a_response_that_is_newer_than_what_was_read_holds(past, committed):
    committed.commit(HIT)
    past.at("1")
    assert past.holds(LIST, "1", "0")


def test_a_version_that_nobody_saw_is_unknown(past, committed):
    committed.commit(MISS)
    committed.commit(MISS)
    assert past.at("2") == "2"
    assert (past.holds(LIST, "1", "2"), past.holds(LIST, "0", "2")) == (False, True)


def test_what_is_unclear_ends_all_that_was_known(past, committed):
    committed.commit(None)
    beginnings = past.beginnings
    past.at("1")
    committed.commit(MISS)
    past.at("2")
    assert (past.holds(LIST, "0", "2"), past.holds(LIST, "1", "2"), past.beginnings - beginnings) == (False, True, 1)


def test_a_version_that_comes_back_is_of_a_restored_database(past, committed):
    committed.commit(MISS)
    past.at("1")
    committed.version, committed.changes = "0", []
    assert past.at("0") == "0"
    assert not past.holds(LIST, "1", "0")


def test_without_a_look_every_version_is_another():
    past = Lineage()
    assert [past.at("1"), past.at("2")] == ["1", "2"]
    assert not past.holds(LIST, "1", "2")


def test_who_cannot_look_begins_anew(past, committed, monkeypatch):
    monkeypatch.setattr(past, "look", lambda before: None)
    assert (past.at("7"), past.holds(LIST, "0", "7")) == ("7", False)
    monkeypatch.undo()
    committed.commit(MISS)
    past.at("1")
    assert not past.holds(LIST, "7", "1")


@pytest.mark.parametrize("changes", [0, lineage.CHANGES // 2])
def test_it_forgets_what_is_long_ago(changes, past, committed):
    for _ in range(lineage.STEPS + 5):
        committed.commit(*[MISS] * changes)
        past.at(committed.version)
    steps = lineage.STEPS if not changes else 2
    newest = int(committed.version)
    assert (len(past.known.steps), len(past.known.numbers)) == (steps, steps + 1)
    assert past.holds(LIST, str(newest - steps), str(newest))
    assert not past.holds(LIST, str(newest - steps - 1), str(newest))
