"""Django's database settings from a URL; every part of the URL is used or refused."""

from collections import Counter
from urllib.parse import parse_qsl, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from . import files

POOLS = "", "session", "transaction"
OF_SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 5,
    "cached_statements": 512,  # an import uses hundreds, and each is expensive to prepare because of the triggers
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
}
OF_DRIVER = {"prepare_threshold", "assume_role"}  # the name in psycopg and in Django
OF_OTHER_SERVERS = "ATOMIC_REQUESTS", "AUTOCOMMIT"  # options of Django that conflict with our settings
PREPARED = 5  # executions of a statement before psycopg prepares it on the server
FLAGS = {"true": True, "1": True, "false": False, "0": False}
UNREADABLE = (
    "{}: invalid host or port. A port is a number up to 65535; write / ? # [ ] and @ in a name or a password "
    "as %2F %3F %23 %5B %5D and %40."
)


def database(url, variable, *, password="", max_age=0, pool="") -> dict:
    """Django's settings for the database whose URL this variable holds.

    `pool` is "transaction" if a pool gives each transaction another session; `pgbouncer=true` or `pgbouncer=false` in
    the URL, as Prisma writes it, takes precedence."""
    if not url.startswith(("postgres://", "postgresql://", "sqlite://")):
        raise ImproperlyConfigured("The URL of a database must begin with postgres:// or sqlite://.")
    try:
        found = {"CONN_MAX_AGE": max_age, "OPTIONS": {}} | environ.Env.db_url_config(url)
        names = Counter(name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True))
    except ValueError:  # its message may contain a part of the password
        raise ImproperlyConfigured(UNREADABLE.format(variable)) from None
    if repeated := [name for name, number in names.items() if number > 1]:
        raise ImproperlyConfigured(f"{variable}: the option {repeated[0]} occurs more than once.")
    refuse_unknown([name for name in OF_OTHER_SERVERS if name in found], (), variable)
    if found["ENGINE"].endswith("sqlite3"):
        refuse_unknown(found["OPTIONS"], OF_SQLITE, variable)
        options = joined(OF_SQLITE, found["OPTIONS"]) | {"factory": files.Connection}
        # An in-memory test database; pytest-django sets this only for Django's own engine.
        return found | {"ENGINE": "spacedevs.db.sqlite3", "OPTIONS": options, "TEST": {"NAME": ":memory:"}}
    return found | of_postgres(found, variable, password, pool)


def of_libpq() -> set[str]:
    """The options of PostgreSQL's client library, whose import SQLite does without."""
    try:
        conninfo = import_string("psycopg.pq.Conninfo")
    except ImportError:
        return set()
    return {each.keyword.decode() for each in conninfo.get_defaults()}


def of_postgres(found, variable, password, pool) -> dict:
    options = found["OPTIONS"]
    is_shared = flag(options.pop("pgbouncer", pool == "transaction"), "pgbouncer", variable)
    is_shared = flag(found.get("DISABLE_SERVER_SIDE_CURSORS", is_shared), "disable_server_side_cursors", variable)
    refuse_unknown(options, OF_DRIVER | of_libpq(), variable)
    if not isinstance(options.get("prepare_threshold", 0), int):
        raise ImproperlyConfigured(f"{variable}: prepare_threshold must be a whole number.")
    return {
        "PASSWORD": found["PASSWORD"] or password,
        "CONN_HEALTH_CHECKS": flag(found.get("CONN_HEALTH_CHECKS", True), "conn_health_checks", variable),
        "DISABLE_SERVER_SIDE_CURSORS": is_shared,  # Django's setting for such a pool
        "OPTIONS": {"prepare_threshold": None if is_shared else PREPARED} | options,
    }


def flag(value, name, variable) -> bool:
    try:
        return FLAGS[str(value).lower()]
    except KeyError:
        raise ImproperlyConfigured(f"{variable}: {name} must be true or false.") from None


def refuse_unknown(options, known, variable):
    unknown = sorted(set(options).difference(known))
    if unknown:
        raise ImproperlyConfigured(f"{variable}: {unknown[0]!r} is not an option of this database.")


def joined(ours, given) -> dict:
    """Options of SQLite; initial statements of the URL run after ours."""
    options = ours | given
    if "init_command" in given:
        options["init_command"] = f"{ours['init_command']}; {given['init_command']}"
    return options
