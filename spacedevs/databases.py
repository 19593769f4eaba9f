"""What Django is to know of a database, from the address that names it: what stands there counts, or is refused."""

from collections import Counter
from urllib.parse import parse_qsl, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from . import files

try:
    from psycopg.pq import Conninfo
except ImportError:  # SQLite needs no driver of PostgreSQL
    Conninfo = None

POOLS = "", "session", "transaction"
OF_SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 5,
    "cached_statements": 512,  # an import has hundreds, each dear to prepare with all its triggers
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
}
OF_DRIVER = {"prepare_threshold", "assume_role"}  # psycopg's option, and Django's
OF_LIBPQ = {each.keyword.decode() for each in Conninfo.get_defaults()} if Conninfo else set()
OF_OTHER_SERVERS = "ATOMIC_REQUESTS", "AUTOCOMMIT"  # Django knows them, and ours would be wrong with them
PREPARED = 5  # how often psycopg sends a statement before the server keeps it
FLAGS = {"true": True, "1": True, "false": False, "0": False}
UNREADABLE = (
    "{}: the host or the port cannot be read. A port is a number up to 65535; in a name or a password, "
    "/ ? # [ ] and @ are written as %2F %3F %23 %5B %5D and %40."
)


def database(url, variable, *, password="", max_age=0, pool="") -> dict:
    """What Django is to know of the database at the address that this variable holds.

    `pool` is "transaction" where a pool gives each transaction another session; an address with `pgbouncer=true` or
    `pgbouncer=false`, as Prisma writes it, says so for itself."""
    if not url.startswith(("postgres://", "postgresql://", "sqlite://")):
        raise ImproperlyConfigured("An address of a database begins with postgres:// or sqlite://.")
    try:
        found = {"CONN_MAX_AGE": max_age, "OPTIONS": {}} | environ.Env.db_url_config(url)
        names = Counter(name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True))
    except ValueError:  # whose words may hold a part of the password
        raise ImproperlyConfigured(UNREADABLE.format(variable)) from None
    if repeated := [name for name, number in names.items() if number > 1]:
        raise ImproperlyConfigured(f"{variable}: the option {repeated[0]} stands there more than once.")
    refuse_unknown([name for name in OF_OTHER_SERVERS if name in found], (), variable)
    if found["ENGINE"].endswith("sqlite3"):
        refuse_unknown(found["OPTIONS"], OF_SQLITE, variable)
        options = joined(OF_SQLITE, found["OPTIONS"]) | {"factory": files.Connection}
        # Tests have it in memory, as pytest-django has those of Django's own engine alone.
        return found | {"ENGINE": "spacedevs.db.sqlite3", "OPTIONS": options, "TEST": {"NAME": ":memory:"}}
    return found | of_postgres(found, variable, password, pool)


def of_postgres(found, variable, password, pool) -> dict:
    options = found["OPTIONS"]
    is_shared = flag(options.pop("pgbouncer", pool == "transaction"), "pgbouncer", variable)
    is_shared = flag(found.get("DISABLE_SERVER_SIDE_CURSORS", is_shared), "disable_server_side_cursors", variable)
    refuse_unknown(options, OF_DRIVER | OF_LIBPQ, variable)
    if not isinstance(options.get("prepare_threshold", 0), int):
        raise ImproperlyConfigured(f"{variable}: prepare_threshold is no whole number.")
    return {
        "PASSWORD": found["PASSWORD"] or password,
        "CONN_HEALTH_CHECKS": flag(found.get("CONN_HEALTH_CHECKS", True), "conn_health_checks", variable),
        "DISABLE_SERVER_SIDE_CURSORS": is_shared,  # by which Django calls it that a pool does so
        "OPTIONS": {"prepare_threshold": None if is_shared else PREPARED} | options,
    }


def flag(value, name, variable) -> bool:
    try:
        return FLAGS[str(value).lower()]
    except KeyError:
        raise ImproperlyConfigured(f"{variable}: {name} is true or false.") from None


def refuse_unknown(options, known, variable):
    unknown = sorted(set(options).difference(known))
    if unknown:
        raise ImproperlyConfigured(f"{variable}: {unknown[0]!r} is no option of a connection to this database.")


def joined(ours, given) -> dict:
    """Options of SQLite; statements for each new connection come after ours."""
    options = ours | given
    if "init_command" in given:
        options["init_command"] = f"{ours['init_command']}; {given['init_command']}"
    return options
