"""What a machine fails at, commands tell in a line; what they wrote is whole, and they can be run again."""

import os
import resource
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from tests.postgres import path_for
from tests.support.sample import new_database, run

MANAGE = [sys.executable, settings.BASE_DIR / "manage.py"]
SMALL = 100_000  # bytes
HALF = 400_000  # bytes of each file: SQLite's log has room for the first records of an import, and not for all
UNSAVED = {
    "sqlite": "backup failed: disk I/O error (use --traceback for details)\n",
    "postgresql": f"CommandError: pg_dump failed: it ended with status -{int(signal.SIGXFSZ)}\n",
}
WHOLE = ["config/docking_locations.jsonl"]
sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="is about SQLite")
postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="is about PostgreSQL")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("commands")


@pytest.fixture(scope="module")
def sample(folder):
    """A database with the sample data."""
    with new_database(folder, migrated=True) as url:
        run(*MANAGE, "prepare", "--database-only", DATABASE_URL=url)
        yield url


def failed(*command, url, most=resource.RLIM_INFINITY, **environment):
    """What a command says on its way out that must fail, where files can have so many bytes at most."""
    done = subprocess.run(
        [*MANAGE, *command],
        env=os.environ | {"DATABASE_URL": url} | environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    return done.stderr


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_an_export_for_which_there_is_no_room_leaves_whole_files_alone(sample, tmp_path):
    target = tmp_path / "export"
    chosen = "--endpoints", "config/docking_locations,launches"
    said = failed("export", str(target), *chosen, url=sample, most=SMALL)
    assert said == "export failed: File too large (use --traceback for details)\n"
    whole = files(target)
    run(*MANAGE, "export", str(target), *chosen, DATABASE_URL=sample)
    assert (whole, files(target)) == (WHOLE, [*WHOLE, "launches.jsonl"])


def test_a_backup_for_which_there_is_no_room_leaves_nothing(sample, tmp_path):
    path = path_for(sample) if connection.vendor == "postgresql" else os.environ["PATH"]
    said = failed("backup", str(tmp_path / "backup"), url=sample, most=SMALL, PATH=path)
    assert (said, files(tmp_path)) == (UNSAVED[connection.vendor], [])


def test_a_backup_that_is_not_there_is_told_so(sample, tmp_path):
    said = failed("restore", str(tmp_path / "none"), "--replace", url=sample)
    assert said == f"restore failed: No such file or directory: {tmp_path / 'none'} (use --traceback for details)\n"


@sqlite
def test_an_import_for_which_there_is_no_room_goes_on_when_there_is(sample, tmp_path):
    chosen = "--endpoints", "docking_events,launches,spacecraft_flights"
    run(*MANAGE, "export", str(tmp_path / "whole"), *chosen, DATABASE_URL=sample)
    with new_database(tmp_path, migrated=True) as url:
        new = {"DATABASE_URL": url, "STATISTICS": "imported"}
        said = failed("import_ll2", str(tmp_path / "whole"), url=url, most=HALF, STATISTICS="imported")
        assert said == "import_ll2 failed: disk I/O error (use --traceback for details)\n"
        run(*MANAGE, "import_ll2", str(tmp_path / "whole"), **new)
        run(*MANAGE, "export", str(tmp_path / "again"), *chosen, **new)
    assert files(tmp_path / "again") == files(tmp_path / "whole")
    for name in files(tmp_path / "again"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


@pytest.fixture
def read_only(sample):
    """The sample, whose database lets nobody write."""
    name = urlsplit(sample).path[1:]
    with psycopg.connect(sample, autocommit=True) as server:
        server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        yield sample
        server.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")


@postgres
@pytest.mark.parametrize("command", ["import_ll2", "mirror", "fetch_images"])
def test_a_database_that_can_only_be_read_is_told_so(command, read_only, tmp_path):
    (tmp_path / "orbits.json").write_text('{"id": 900001, "name": "New", "abbrev": "N", "celestial_body": null}')
    arguments = {"import_ll2": [str(tmp_path)], "mirror": ["--keep-sample"]}.get(command, [])
    said = failed(command, *arguments, url=read_only)
    assert said.startswith(f"{command} failed: cannot execute ")
    assert said.endswith(" in a read-only transaction (use --traceback for details)\n")
