"""What an address of a database says is taken, all of it, or refused in a line."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from spacedevs.databases import OF_SQLITE, database
from spacedevs.db.connections import SESSION, begin_session
from spacedevs.db.snapshots import begin, end
from spacedevs.files import Connection

HOST = "postgres://reader:secret@db.example.org:5433/ll"
OURS = {"prepare_threshold": 5}
SHARED = {"prepare_threshold": None}
postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="is about PostgreSQL")


@pytest.mark.parametrize(
    ("asked", "options"),
    [
        ("", OURS),
        ("?options=-c%20search_path%3Dspace", OURS | {"options": "-c search_path=space"}),
        (
            "?sslmode=require&options=endpoint%3Dep-cool-1",
            OURS | {"sslmode": "require", "options": "endpoint=ep-cool-1"},
        ),
        ("?prepare_threshold=0", {"prepare_threshold": 0}),
        ("?application_name=ll&connect_timeout=3", OURS | {"application_name": "ll", "connect_timeout": 3}),
        ("?pgbouncer=true", SHARED),
        ("?pgbouncer=true&prepare_threshold=5", OURS),
        ("?pgbouncer=false", OURS),
        ("?disable_server_side_cursors=true", SHARED),
    ],
)
def test_what_an_address_says_is_joined_with_what_is_ours(asked, options):
    assert database(HOST + asked, "DATABASE_URL")["OPTIONS"] == options


@pytest.mark.parametrize(
    ("asked", "pool", "is_shared"),
    [
        ("", "", False),
        ("", "session", False),
        ("", "transaction", True),
        ("?pgbouncer=true", "", True),
        ("?pgbouncer=false", "transaction", False),
        ("?disable_server_side_cursors=false", "transaction", False),
    ],
)
def test_a_pool_of_transactions_is_one_for_which_the_variable_or_the_address_says_so(asked, pool, is_shared):
    found = database(HOST + asked, "DATABASE_URL", pool=pool)
    assert (found["DISABLE_SERVER_SIDE_CURSORS"], found["OPTIONS"]["prepare_threshold"] is None) == (
        is_shared,
        is_shared,
    )


def test_an_address_comes_before_variables():
    found = database(f"{HOST}?conn_max_age=0&conn_health_checks=false", "DATABASE_URL", password="other", max_age=60)
    assert [found[name] for name in ("PASSWORD", "CONN_MAX_AGE", "CONN_HEALTH_CHECKS")] == ["secret", 0, False]


def test_options_of_sqlite_are_joined_with_ours():
    found = database("sqlite:////srv/ll.sqlite3?timeout=20&init_command=PRAGMA%20mmap_size%3D0", "DATABASE_URL")
    own = {"timeout": 20, "init_command": f"{OF_SQLITE['init_command']}; PRAGMA mmap_size=0"}
    assert (found["NAME"], found["OPTIONS"]) == ("/srv/ll.sqlite3", OF_SQLITE | own | {"factory": Connection})


UNREADABLE = r"^DATABASE_URL: invalid host or port\. A port is a number up to 65535; [^\n]+ %40\.$"


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("postgres://host:99999/ll", UNREADABLE),
        ("postgres://host:5432x/ll", UNREADABLE),
        ("postgres://user:pa/ss@host/ll", UNREADABLE),
        (
            f"{HOST}?connection_limit=1",
            "^DATABASE_URL: 'connection_limit' is not an option of this database.$",
        ),
        (f"{HOST}?pool=true", "^DATABASE_URL: 'pool' is not an option of this database.$"),
        (f"{HOST}?autocommit=false", "^DATABASE_URL: 'AUTOCOMMIT' is not an option of this database.$"),
        (f"{HOST}?pgbouncer=maybe", "^DATABASE_URL: pgbouncer must be true or false.$"),
        (f"{HOST}?prepare_threshold=never", "^DATABASE_URL: prepare_threshold must be a whole number.$"),
        (f"{HOST}?sslmode=a&sslmode=b", "^DATABASE_URL: the option sslmode occurs more than once.$"),
        ("sqlite:////srv/ll.sqlite3?mode=ro", "^DATABASE_URL: 'mode' is not an option of this database.$"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_a_line_without_the_password(url, complaint):
    with pytest.raises(ImproperlyConfigured, match=complaint) as refusal:
        database(url, "DATABASE_URL")
    assert "pa'" not in str(refusal.value)
    assert "secret" not in str(refusal.value)


# How a session begins ------------------------------------------------------------------------------


ODD = {"jit": "on", "DateStyle": "German, DMY", "IntervalStyle": "sql_standard", "extra_float_digits": "0"}
WANTED = {"jit": "off", "DateStyle": "ISO, MDY", "IntervalStyle": "postgres", "extra_float_digits": "1"}
REPORTED = {"DateStyle": "ISO, MDY", "IntervalStyle": "postgres"}


@pytest.fixture
def odd():
    """A connection to a server that is set up as ours are not, and what it says it is set to."""
    own = connection.copy()
    own.settings_dict = own.settings_dict | {
        "OPTIONS": own.settings_dict["OPTIONS"]
        | {"options": " ".join(f"-c {name}={value.replace(' ', '')}" for name, value in ODD.items())}
    }
    yield own
    own.close()


def settings_of(own):
    with own.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(ODD)])
        return dict(cursor.fetchall())


@postgres
@pytest.mark.django_db
def test_a_session_is_as_it_must_be_however_the_server_is_set(odd):
    assert settings_of(odd) == WANTED


@postgres
@pytest.mark.django_db
def test_in_a_session_of_a_pool_nothing_is_left_that_the_pool_does_not_know_of(odd):
    odd.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True
    assert settings_of(odd) == ODD | REPORTED


@postgres
@pytest.mark.django_db
@pytest.mark.parametrize("is_shared", [False, True])
def test_a_snapshot_in_a_session_of_a_pool_is_as_in_one_of_our_own(odd, is_shared, monkeypatch):
    odd.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = is_shared
    monkeypatch.setitem(SESSION, "statement_timeout", "7000")
    kind, _ = begin(odd)
    with odd.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert (settings_of(odd), cursor.fetchone()) == (WANTED, ("7s",))
    end(odd, kind)


@postgres
@pytest.mark.django_db
def test_a_session_is_set_up_by_one_statement(monkeypatch):
    asked = []
    own = connection.copy()
    own.ensure_connection()
    monkeypatch.setattr(own.connection, "execute", asked.append)
    begin_session(own)
    own.close()
    assert asked == ["SELECT set_config('jit', 'off', false), set_config('extra_float_digits', '1', false)"]
