"""Everything works through PgBouncer, with the files of the installation, in both of its modes."""

import os
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from spacedevs.operations.backup.databases import POOLED

from . import ROOT
from .parts import Missing, Pgbouncer, Postgres, Web, ended, get, manage, until

pytestmark = pytest.mark.production
MANAGE = [sys.executable, "manage.py"]
MODES = {"session": {}, "transaction": {"DATABASE_POOL": "transaction"}}
MINUTE = "2026-05-04T03:02"
ANSWERS = [sys.executable, "-m", "tests.production.answers", MINUTE]
TAKEN = "CommandError: Another mirror process uses this database.\n"
HOLD = "from spacedevs.db.locks import Lock, held\nwith held(Lock.MIRROR):\n    print('held', flush=True); input()"
SAVE = """
from django.contrib.auth.models import User
from django.test import Client
from django.test.utils import setup_test_environment
from stations.models import SpaceStation
setup_test_environment()  # so that an answer has the context of its page
client = Client(SERVER_NAME="localhost")
client.force_login(User.objects.create(username="editor", is_staff=True, is_superuser=True))
address = f"/admin/stations/spacestation/{SpaceStation.objects.values_list('pk', flat=True).first()}/change/"
page = client.get(address).context
forms = [page["adminform"].form]
for formset in (each.formset for each in page["inline_admin_formsets"]):
    forms += [formset.management_form, *formset.initial_forms]
given = {field.html_name: field.value() for form in forms for field in form if field.value() is not None}
answer = client.post(address, given | {"name": "Saved through a pool"})
print(answer.status_code, SpaceStation.objects.filter(name="Saved through a pool").count())
"""


class Pool:
    """A database, a pool before it, and what a server is told of that."""

    def __init__(self, database, pool, mode):
        self.database = database
        self.environment = {"DATABASE_URL": pool.url, **MODES[mode]}
        self.direct = {"DATABASE_URL": database.url}

    def begin(self, *command):
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="module", params=MODES)
def pool(request, tmp_path_factory):
    """A pool through which two first starts at once have made a database."""
    folder = tmp_path_factory.mktemp("pool")
    try:
        with ended(Postgres(folder / "database")) as (database,):
            with database.connected() as connection:  # set up as ours are not
                connection.execute("ALTER DATABASE postgres SET DateStyle = German")
            with ended(Pgbouncer(folder, request.param, database)) as (bouncer,):
                pool = Pool(database, bouncer, request.param)
                starts = [pool.begin(*MANAGE, "prepare", "--database-only") for _ in range(2)]
                pool.told = [(*start.communicate(), start.returncode) for start in starts]
                yield pool
    except Missing as missing:
        pytest.skip(str(missing))


def test_of_two_first_starts_one_prepares_and_the_other_waits(pool):
    done = ["Migrating the database", "Loading the sample data", "Computing statistics"]
    waited = ["Another process is preparing this database; waiting for it"]
    assert sorted(said.splitlines() for said, _, _ in pool.told) == sorted([done, waited])
    assert [(errors, code) for _, errors, code in pool.told] == [("", 0)] * 2
    assert manage("recompute_statistics", "--check", **pool.environment) == "All statistics are right.\n"


def test_every_list_and_record_is_answered_as_without_the_pool(pool):
    through, direct = (
        subprocess.run(ANSWERS, cwd=ROOT, env=os.environ | how, capture_output=True, text=True, check=True).stdout
        for how in (pool.environment, pool.direct)
    )
    assert through == direct
    assert Counter(re.findall(r" (\d\d\d) ", through))["200"] > 200
    assert re.findall(r".* 5\d\d .*", through) == []


def test_a_server_answers_more_at_once_than_the_pool_has_sessions(pool):
    paths = [
        f"/2.3.0/{path}/?limit=20&offset={n}" for n in range(12) for path in ("launches", "docking_events", "events")
    ]
    with ended(Web(pool.environment)) as (web,), ThreadPoolExecutor(6) as threads:
        web.until_ready()
        statuses = list(threads.map(lambda path: get(web.port, path)[0], paths))
    assert statuses == [200] * len(paths)


def test_an_editor_saves(pool):
    assert manage("shell", "-v0", "-c", SAVE, **pool.environment) == "302 1\n"


def test_what_is_exported_is_taken_in_again_unchanged(pool, tmp_path):
    manage("export", str(tmp_path / "files"), **pool.environment)
    told = manage("import_ll2", str(tmp_path / "files"), **pool.environment)
    rows = re.findall(r"^(\w+) +(\d+) +(\d+) +(\d+) +(\d+)$", told, re.MULTILINE)
    assert [row for row in rows if (row[1], row[2], row[4]) != ("0", "0", "0")] == []
    assert len(rows) > 20


def test_a_backup_refuses_a_pool_of_transactions(pool, tmp_path):
    if "DATABASE_POOL" in pool.environment:
        process = pool.begin(*MANAGE, "backup", str(tmp_path / "backup"))
        assert (process.communicate(), process.returncode) == (("", f"CommandError: {POOLED}\n"), 1)
        assert list(tmp_path.iterdir()) == []


def test_two_mirrors_do_not_run_at_once(pool):
    holder = pool.begin(*MANAGE, "shell", "-v0", "-c", HOLD)
    assert holder.stdout.readline() == "held\n"
    second = pool.begin(*MANAGE, "mirror", "--once", "--from", "http://127.0.0.1:9")
    assert (second.communicate(), second.returncode) == (("", TAKEN), 1)
    holder.communicate("\n")
    third = pool.begin(*MANAGE, "mirror", "--status")
    third.communicate()
    until(lambda: pool.database.ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0, "none is held")


def test_a_lock_is_let_go_of_by_a_process_that_is_killed(pool):
    holder = pool.begin(*MANAGE, "shell", "-v0", "-c", HOLD)
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.communicate()
    until(lambda: pool.database.ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0, "none is held")
