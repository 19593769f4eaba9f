"""A first start that is broken off, or that another one meets, leaves nothing or the whole."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from io import StringIO

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core import checks
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from spacedevs.dataset.sample import files
from spacedevs.operations.management.commands.prepare import MARK, RIGHT, static_files, static_sources
from spacedevs.operations.management.commands.prepare import Command as Prepare
from spacedevs.sync.progress import progress
from tests.production.parts import free_port, get, until
from tests.support.sample import new_database, run

MANAGE = [sys.executable, "manage.py"]
FIGURES = "(WITH c "  # occurs only in statements that compute statistics
INTERRUPTED = (130, "prepare: interrupted\n")


def begin(*command, url, **environment):
    """A process, whose output can be read line by line."""
    return subprocess.Popen(
        command,
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": url} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def breaking(sent, kind, where, *command, url, **environment):
    """A command of manage.py that gets a signal before this statement, or when it imports this module."""
    arguments = sent, kind, where, *command
    return begin(sys.executable, "-m", "tests.support.breaking", *arguments, url=url, **environment)


def ended(process):
    """Its exit code, and what it said of errors."""
    _, errors = process.communicate()
    return process.returncode, errors


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What two first starts at once have said, the second of which begins while the first is at it; their database."""
    with new_database(tmp_path_factory.mktemp("first")) as url:
        command = "prepare", "--empty", "--database-only"
        first = breaking("SIGSTOP", "statement", 'INSERT INTO "django_migrations"', *command, url=url)
        assert first.stdout.readline() == "Migrating the database\n"
        os.waitid(os.P_PID, first.pid, os.WSTOPPED | os.WNOWAIT)
        second = begin(*MANAGE, *command, url=url)
        waiting = second.stdout.readline()
        first.send_signal(signal.SIGCONT)
        told = [(*process.communicate(), process.returncode) for process in (first, second)]
        yield url, waiting, told


@pytest.fixture
def empty(both):
    """A database that has all tables and no sample."""
    return both[0]


def in_the_sample(model):
    return sum(each["model"] == model for path in files() for each in json.loads(path.read_text("utf-8")))


def number_of_launches(url):
    connect = sqlite3.connect if url.startswith("sqlite") else psycopg.connect
    with closing(connect(url.removeprefix("sqlite:///"))) as database:
        return database.execute("SELECT count(*) FROM launches_launch").fetchone()[0]


def test_of_two_first_starts_the_second_waits_and_says_so(both):
    _, waiting, ((_, errors, code), (more, more_errors, other_code)) = both
    assert waiting == "Another process is preparing this database; waiting for it\n"
    assert (errors, code, more, more_errors, other_code) == ("", 0, "", "", 0)


def test_a_first_start_that_is_killed_before_figures_leaves_no_facts(empty):
    killed = breaking("SIGKILL", "statement", FIGURES, "prepare", "--database-only", url=empty)
    said = killed.communicate()
    assert (killed.returncode, said) == (-9, ("Loading the sample data\nComputing statistics\n", ""))
    assert number_of_launches(empty) == 0


POINTS = {  # where a start is killed, and what is killed next goes on from there
    "a table is made": 'CREATE TABLE "launches_launch"',
    "permissions are given": 'INTO "auth_group_permissions"',
    "all is migrated": 'DELETE FROM "django_migrations"',
    "facts are loaded": 'INSERT INTO "launches_launch"',
    "figures are computed": FIGURES,
}


@pytest.mark.production
def test_a_first_start_may_be_killed_at_any_point_and_begun_again(tmp_path):
    with new_database(tmp_path) as url:
        command = "prepare", "--database-only"
        for where in POINTS.values():
            assert ended(breaking("SIGKILL", "statement", where, *command, url=url))[0] == -9, where
        done = ["Loading the sample data", "Computing statistics"]
        assert run(*MANAGE, *command, DATABASE_URL=url).splitlines() == done
        assert run(*MANAGE, "recompute_statistics", "--check", DATABASE_URL=url) == "All statistics are right.\n"
        assert number_of_launches(url) == in_the_sample("launches.launch")


class Terminal(StringIO):
    def isatty(self):
        return True


def test_who_looks_on_at_a_terminal_sees_a_bar():
    terminal, pipe = Terminal(), StringIO()
    for out in (terminal, pipe):
        with progress(out, "Loading", 4) as tell:
            tell(4)
    assert re.search(r"Loading.*━━━.*100%", terminal.getvalue())
    assert pipe.getvalue() == "Loading"


@pytest.mark.parametrize("module", ["django.core.management", "launches.models"])
def test_ctrl_c_while_modules_are_loaded_is_told_in_a_line(module, empty):
    assert ended(breaking("SIGINT", "module", module, "prepare", url=empty)) == INTERRUPTED


def test_ctrl_c_while_the_sample_is_loaded_is_told_in_a_line(empty):
    where = 'INSERT INTO "launches_launch"'
    assert ended(breaking("SIGINT", "statement", where, "prepare", "--database-only", url=empty)) == INTERRUPTED
    assert number_of_launches(empty) == 0


def test_ctrl_c_while_migrations_are_applied_is_told_in_a_line(tmp_path):
    url = f"sqlite:///{tmp_path}/new.sqlite3"
    assert ended(breaking("SIGINT", "statement", "CREATE TABLE", "prepare", url=url)) == INTERRUPTED


def test_ctrl_c_while_files_are_collected_is_told_in_a_line(empty, tmp_path):
    process = begin(*MANAGE, "prepare", "--static-only", url=empty, SPACEDEVS_STATIC_DIR=str(tmp_path / "static"))
    assert process.stdout.readline() == "Collecting the static files\n"
    process.send_signal(signal.SIGINT)
    assert ended(process) == INTERRUPTED
    assert not (tmp_path / "static/sources.sha256").exists()


def test_a_server_that_limits_nothing_needs_no_file_and_ctrl_c_ends_it_in_a_line(empty, tmp_path):
    (tmp_path / "file").touch()  # beneath it nobody can make a folder
    places = "VAR", "STATIC", "MEDIA", "DUMP", "LIMITS", "METRICS"
    nowhere = {f"SPACEDEVS_{name}_DIR": f"{tmp_path}/file/{name}" for name in places}
    nowhere |= {"SPACEDEVS_SECRET_KEY": "x" * 50, "PORT": str(free_port())}
    process = begin(*MANAGE, "serve", "--no-prepare", url=empty, **nowhere)
    while "press Ctrl-C to stop" not in (line := process.stdout.readline()):
        assert line, process.communicate()
    until(lambda: get(int(nowhere["PORT"]), "/livez"), "the server answers")
    asked = [
        get(int(nowhere["PORT"]), f"/2.3.0/{path}", {"Host": "localhost"})[0] for path in ("launches/", "events/")
    ]
    process.send_signal(signal.SIGINT)
    *_, last = ended(process)[1].splitlines()  # after that there are no static files
    assert (asked, process.returncode, last) == ([200, 200], 130, "serve: interrupted")


def test_a_server_that_has_prepared_keeps_nothing_of_that_in_memory(empty, tmp_path):
    """Migrations and what loads them take half as much memory again as a server."""
    forget = f"""from django.db.migrations.recorder import MigrationRecorder
MigrationRecorder.Migration.objects.filter(app={RIGHT!r}).delete()"""
    run(*MANAGE, "shell", "--no-imports", "-c", forget, DATABASE_URL=empty)
    (tmp_path / "sources.sha256").write_text(static_sources(static_files()))
    settings = {"SPACEDEVS_STATIC_DIR": str(tmp_path), "PYTHONWARNINGS": "ignore", "PORT": str(free_port())}
    with begin(*MANAGE, "serve", "--empty", url=empty, **settings) as process:
        until(lambda: get(int(settings["PORT"]), "/livez"), "the server answers")
        began = run("ps", "-o", "args=", "-p", str(process.pid))
        process.send_signal(signal.SIGTERM)
    assert began.split()[-3:] == ["serve", "--empty", "--no-prepare"]
    assert process.returncode == 0


@pytest.fixture
def prepare(monkeypatch):
    """Prepares the database; whether that looked at all migrations and triggers."""
    looked = []
    put_right = Prepare.put_right
    monkeypatch.setattr(Prepare, "put_right", lambda self: looked.append(put_right(self)))

    def prepared():
        looked.clear()
        call_command("prepare", "--empty", "--database-only")
        return bool(looked)

    return prepared


@pytest.mark.django_db
def test_a_start_looks_at_migrations_and_triggers_only_after_a_change(prepare):
    MigrationRecorder(connection).migration_qs.filter(app=RIGHT).delete()  # an earlier test may have prepared it
    assert [prepare() for _ in range(3)] == [True, False, False]


def drop_a_trigger():
    with connection.cursor() as cursor:
        for name, statement in TRIGGERS[connection.vendor]:
            cursor.execute(name)
            cursor.execute(statement.format(*cursor.fetchone()))


TRIGGERS = {
    "sqlite": [("SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name", "DROP TRIGGER {}")],
    "postgresql": [
        (
            "SELECT tgname, tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
            "DROP TRIGGER {} ON {}",
        )
    ],
}


def add_a_column():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE django_session ADD COLUMN another integer")


def apply_a_migration():
    MigrationRecorder(connection).record_applied("limits", "none")


@pytest.mark.django_db
@pytest.mark.parametrize("change", [drop_a_trigger, add_a_column, apply_a_migration])
def test_a_start_looks_at_all_after_somebody_changed_the_database(prepare, change):
    prepare()
    change()
    assert [prepare() for _ in range(2)] == [True, False]


@pytest.mark.django_db
def test_a_start_of_another_release_looks_at_all(prepare, monkeypatch):
    prepare()
    monkeypatch.setattr("spacedevs.operations.management.commands.prepare.release", lambda: "another")
    assert [prepare() for _ in range(2)] == [True, False]


@pytest.mark.django_db
def test_a_trigger_that_was_lost_is_there_after_the_next_start(prepare):
    prepare()
    drop_a_trigger()
    prepare()
    assert checks.run_checks(tags=None) == []


@pytest.mark.django_db
def test_a_start_that_was_broken_off_after_the_migrations_is_completed():
    recorder = MigrationRecorder(connection)
    call_command("prepare", "--empty", "--database-only")
    recorder.migration_qs.filter(app=MARK).delete()
    Group.objects.all().delete()
    Permission.objects.filter(content_type__app_label="launches").delete()
    call_command("prepare", "--empty", "--database-only")
    editors = Group.objects.get(name="editors")
    assert editors.permissions.filter(codename="add_launch").exists()
    assert recorder.migration_qs.filter(app=MARK).count() == 1
