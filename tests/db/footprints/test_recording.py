"""What a statement depends on follows from its text; what is not understood depends on everything."""

from contextlib import closing

import pytest
from django.db import connection

from agencies.models import Agency, AgencyType
from launches.models import Launch
from spacedevs.db.footprints.recording import note, recording
from spacedevs.db.footprints.statements import columns_of_tables, names_in, reads_of, reads_of_rows
from tests.support import factories

TYPE, AGENCY, LAUNCH = "agencies_agencytype", "agencies_agency", "launches_launch"
OF_TYPES = {
    "SELECT id FROM agencies_agencytype": {TYPE: {"id"}},
    'SELECT "T"."name" FROM "agencies_agencytype" "T" WHERE "T"."id" > 3': {TYPE: {"id", "name"}},
    "SELECT * FROM agencies_agencytype": {TYPE: {"id", "name"}},
    "SELECT t.* FROM agencies_agencytype t": {TYPE: {"id", "name"}},
    "SELECT count(*), 2 * 3 FROM agencies_agencytype": {TYPE: set()},
    "SELECT 1 FROM AGENCIES_AGENCYTYPE WHERE NAME IS DISTINCT FROM 'a'": {TYPE: {"name"}},
    "SELECT extract(epoch FROM now()) FROM agencies_agencytype": {TYPE: set()},
    "SELECT id IN (SELECT value FROM json_each(%s)) FROM agencies_agencytype": {TYPE: {"id"}},
    "SELECT (SELECT max(id) FROM agencies_agencytype), abbrev FROM agencies_agency": {
        TYPE: {"id"},
        AGENCY: {"id", "abbrev"},
    },
    "SELECT 1": {},
}
UNKNOWN = [
    "SELECT token FROM dataset_version",
    "SELECT id FROM auth_user",
    "SELECT id FROM agencies_agencytype, change_log",
    "SELECT id FROM agencies_agencytype JOIN nowhere USING (id)",
    "SELECT id FROM something(1)",
    "SELECT pg_current_snapshot() FROM agencies_agencytype",
    "SELECT id FROM launches_launch WHERE search_text LIKE '%a%'",
    "SELECT * FROM launches_launch",  # which names the search text, too
    None,
]


@pytest.mark.parametrize("text", OF_TYPES)
def test_a_statement_depends_on_what_it_names(text):
    found = reads_of(text)
    assert (found.is_known, found.whole, found.shown) == (True, OF_TYPES[text], {})


@pytest.mark.parametrize("text", UNKNOWN)
def test_a_statement_that_reads_what_is_not_logged_depends_on_everything(text):
    assert not reads_of(text).is_known


JOINED = "SELECT t.abbrev, j0.name FROM agencies_agency t LEFT JOIN agencies_agencytype j0 ON t.type_id = j0.id"
AGENCY_SHOWN, TYPE_SHOWN = {"abbrev", "name", "id", "type_id"}, {"id", "name"}
OF_ROWS = {  # the text, the part that chooses, the tables that it chooses from; what counts in all rows
    "rows by their keys": ("", "", [], {}),
    "rows by a condition": (" WHERE t.id = 5", " WHERE t.id = 5", [AGENCY], {AGENCY: {"id"}}),
    "in the order of a joined column": (
        " ORDER BY j0.name",
        " ORDER BY j0.name",
        [AGENCY, TYPE],
        {AGENCY: {"name"}, TYPE: {"name"}},
    ),
    "with a subselect": (
        " WHERE t.id = (SELECT max(id) FROM launches_launch)",
        " WHERE t.id = (SELECT max(id) FROM launches_launch)",
        [AGENCY],
        {AGENCY: {"id"}, LAUNCH: {"id"}},
    ),
    "of a table that it reads twice": (
        " WHERE t.id IN (SELECT id FROM agencies_agency)",
        "",
        [],
        {AGENCY: AGENCY_SHOWN},
    ),
}


@pytest.mark.parametrize("what", OF_ROWS)
def test_a_statement_of_known_rows_depends_on_these_and_on_what_it_chooses_by(what):
    text, choice, chosen, whole = OF_ROWS[what]
    found = reads_of_rows(JOINED + text, [AGENCY, TYPE], choice, chosen)
    assert (found.is_known, found.whole) == (True, whole)
    assert found.shown == {AGENCY: AGENCY_SHOWN, TYPE: TYPE_SHOWN}


@pytest.mark.django_db
def test_what_this_thread_reads_is_recorded():
    factories.agency(id=27, name="ESA")
    with recording() as recorded:
        list(AgencyType.objects.values_list("name"))
        with recording() as inner:
            Agency.objects.values_list("abbrev").first()
    list(Launch.objects.all())
    assert [named(each) for each in (recorded, inner)] == [{TYPE: {"id", "name"}}, {AGENCY: {"abbrev", "id"}}]


def named(recorded):
    (read,) = recorded.footprint().statements
    return read.whole


def test_who_was_not_seen_reading_has_no_footprint():
    with recording() as recorded:
        pass
    assert recorded.footprint() is None


@pytest.mark.django_db
def test_a_connection_stays_watched_though_it_was_made_while_another_wraps_its_statements():
    def passing_on(execute, *arguments):
        return execute(*arguments)

    fresh = connection.copy()
    with fresh.execute_wrapper(passing_on):
        fresh.connect()
    with closing(fresh.connection):  # Django closes no database in memory
        assert fresh.execute_wrappers == [note]


def test_every_name_of_a_table_or_column_is_a_word_in_small_letters():
    """For the names in a text are compared in small letters."""
    names = {*columns_of_tables(), *(name for columns in columns_of_tables().values() for name in columns)}
    assert [name for name in names if names_in(name) != {name.lower(): 1} or name != name.lower()] == []
