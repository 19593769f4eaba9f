"""Setting up and serving: dev.py and the commands prepare and serve."""

import ast
import json
import os
import re
import socket
import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

import dev
from docking.models import DockingEvent
from media_assets.models import Language
from spacedevs.operations.management.commands.serve import free_address

PLAIN = {"HOME": "/h"}  # an environment without a word for us
ENGLISH = {"model": "media_assets.language", "pk": 1, "fields": {"name": "English", "code": "en"}}


@pytest.fixture
def steps(tmp_path, monkeypatch):
    """What setting up a checkout did, in order, with nothing really installed."""
    steps = []

    def make_venv():
        steps.append("venv")
        dev.PYTHON.parent.mkdir(parents=True, exist_ok=True)
        dev.PYTHON.touch()

    for name in (dev.SERVING, dev.TESTING):
        (tmp_path / name).write_text(f"pins of {name}")
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev, "PYTHON", tmp_path / "bin/python")
    monkeypatch.setattr(dev, "STAMP", tmp_path / "installed.json")
    monkeypatch.setattr(dev, "make_venv", make_venv)
    monkeypatch.setattr(dev, "install", steps.append)
    return steps


@pytest.fixture
def started(monkeypatch):
    """The commands that dev.py turned into, as (arguments, environment)."""
    started = []
    monkeypatch.setattr(dev, "ensure", lambda lock: None)
    monkeypatch.setattr(dev.os, "chdir", lambda path: None)
    monkeypatch.setattr(dev, "become", lambda *arguments, environment=None: started.append((arguments, environment)))
    return started


def test_fresh_checkout_gets_an_environment(steps):
    dev.ensure(dev.SERVING)
    assert steps == ["venv", dev.SERVING]


def test_complete_environment_is_left_alone(steps):
    dev.ensure(dev.SERVING)
    dev.ensure(dev.SERVING)
    assert steps == ["venv", dev.SERVING]


def test_environment_for_tests_serves_too(steps):
    dev.ensure(dev.TESTING)
    dev.ensure(dev.SERVING)
    assert steps == ["venv", dev.TESTING]


def test_tests_add_to_the_environment_that_may_be_serving(steps):
    dev.ensure(dev.SERVING)
    dev.ensure(dev.TESTING)
    assert steps == ["venv", dev.SERVING, dev.TESTING]


def test_changed_lock_is_installed(steps, tmp_path):
    dev.ensure(dev.SERVING)
    (tmp_path / dev.SERVING).write_text("other pins")
    dev.ensure(dev.SERVING)
    assert steps == ["venv", dev.SERVING, dev.SERVING]


def test_interrupted_installation_begins_anew(steps, monkeypatch):
    monkeypatch.setattr(dev, "install", lambda lock: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        dev.ensure(dev.SERVING)
    monkeypatch.setattr(dev, "install", steps.append)
    dev.ensure(dev.SERVING)
    assert steps == ["venv", "venv", dev.SERVING]


@pytest.mark.parametrize("stamp", ["", '{"python": "3.1"}'], ids=["unreadable stamp", "another Python"])
def test_environment_that_does_not_fit_is_made_anew(steps, stamp):
    dev.ensure(dev.SERVING)
    dev.STAMP.write_text(stamp)
    dev.ensure(dev.SERVING)
    assert steps == ["venv", dev.SERVING] * 2


def test_environment_that_lost_its_python_is_made_anew(steps):
    dev.ensure(dev.SERVING)
    dev.PYTHON.unlink()
    dev.ensure(dev.SERVING)
    assert steps == ["venv", dev.SERVING] * 2


def test_old_python_is_told_so():
    with pytest.raises(SystemExit, match=r"^dev.py needs Python 3.11 or newer; .* is 3.9$"):
        dev.refuse_old_python((3, 9, 2))


def test_old_python_can_read_dev_py_far_enough_to_be_told():
    with open(dev.__file__) as source:
        ast.parse(source.read(), feature_version=(3, 7))


def test_serve_passes_its_arguments_on(started):
    dev.main("serve", "--port", "8001", "--empty")
    assert started == [((dev.ROOT / "manage.py", "serve", "--port", "8001", "--empty"), None)]


def test_tests_run_on_sqlite_with_default_settings(started, monkeypatch):
    monkeypatch.setattr(dev.os, "environ", PLAIN | {"DATABASE_URL": "postgres:///x", "SPACEDEVS_DEBUG": "1"})
    dev.main("test", "-k", "docked")
    assert started == [(("-m", "pytest", "-k", "docked"), PLAIN)]


def test_processes_of_tests_keep_their_bytecode(started, monkeypatch):
    monkeypatch.setattr(dev.os, "environ", PLAIN | {"PYTHONDONTWRITEBYTECODE": "1"})
    dev.main("test", "-x")
    assert started == [(("-m", "pytest", "-x"), PLAIN)]


def test_tests_run_on_postgres_when_asked(started):
    dev.main("test", "-x", "--postgres", "tests/docking")
    ((arguments, _),) = started
    assert arguments == ("tests/postgres.py", dev.PYTHON, "-m", "pytest", "-x", "tests/docking")


def test_all_tests_run_on_all_cores(started):
    dev.main("test", "--postgres")
    ((arguments, _),) = started
    assert arguments == ("tests/postgres.py", dev.PYTHON, "-m", "pytest", *dev.EVERYTHING)


def test_some_tests_of_each_package_run_on_all_cores(started):
    dev.main("test", "--quick", "-x")
    ((arguments, _),) = started
    assert arguments == ("-m", "pytest", *dev.EVERYTHING, "@tests/quick.txt", "-x")


def test_unknown_command_is_answered_with_the_usage():
    assert dev.main("sevre") == f"dev.py: no command 'sevre'\n\n{dev.USAGE}"


def raising(error):
    def command(arguments):
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (KeyboardInterrupt(), 130, "dev.py: interrupted\n"),
        (OSError(30, "Read-only file system", "/srv/.venv"), "dev.py: Read-only file system: /srv/.venv", ""),
        (subprocess.CalledProcessError(1, ["ensurepip"], b"No\nroom"), "dev.py: ensurepip failed: No room", ""),
    ],
    ids=["Ctrl-C", "a checkout that can only be read", "an environment that cannot be made"],
)
def test_what_ends_a_command_early_is_told_in_a_line(error, code, told, monkeypatch, capsys):
    monkeypatch.setitem(dev.COMMANDS, "version", raising(error))
    assert (dev.run(["version"]), capsys.readouterr().err) == (code, told)


def test_what_dev_py_runs_leaves_it_to_dev_py_to_say_that_it_was_interrupted():
    kill = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"
    done = dev.call(sys.executable, "-c", kill, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def pins(lock):
    return set(re.findall(r"^\S+==\S+", (dev.ROOT / lock).read_text(), re.MULTILINE))


def test_lock_for_tests_holds_the_lock_for_serving():
    assert pins(dev.SERVING) - pins(dev.TESTING) == set()


@pytest.mark.parametrize("lock", [dev.SERVING, dev.TESTING])
def test_lock_names_no_registry(lock):
    assert re.findall(r".*(?:://|--(?!hash)).*", (dev.ROOT / lock).read_text()) == []


@pytest.fixture
def samples(tmp_path, settings):
    """A folder with one record of sample data and one static file, instead of the project's."""
    settings.FIXTURE_DIRS = [tmp_path]
    settings.STATICFILES_DIRS = [tmp_path / "style"]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "collected"
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    (tmp_path / "english.json").write_text(json.dumps([ENGLISH]))
    (tmp_path / "style").mkdir()
    (tmp_path / "style/page.css").write_text("p {}")
    return tmp_path


def codes():
    return sorted(Language.objects.values_list("code", flat=True))


@pytest.mark.django_db
def test_sample_data_is_loaded_into_an_empty_database_once(samples):
    call_command("prepare")
    Language.objects.filter(code="en").update(code="en-GB")
    call_command("prepare")
    assert codes() == ["en-GB"]


@pytest.mark.django_db
def test_sample_data_is_kept_out_of_a_database_that_holds_something(samples):
    Language.objects.create(id=2, name="French", code="fr")
    call_command("prepare")
    assert codes() == ["fr"]


@pytest.mark.django_db
def test_sample_data_can_be_declined(samples):
    call_command("prepare", "--empty")
    assert codes() == []


def test_static_files_can_be_collected_without_a_database(samples):
    call_command("prepare", "--static-only")
    assert (samples / "collected/page.css").read_text() == "p {}"


def test_static_files_are_collected_again_only_when_they_changed(samples):
    call_command("prepare", "--static-only")
    collected = samples / "collected/page.css"
    collected.write_text("ours")
    call_command("prepare", "--static-only")
    unchanged = collected.read_text()
    os.utime(samples / "style/page.css", (0, 0))
    call_command("prepare", "--static-only")
    assert (unchanged, collected.read_text()) == ("ours", "p {}")


def test_every_file_that_a_style_names_is_collected_under_the_name_that_it_gets(settings, tmp_path):
    """As for a server, but not compressed, which takes most of the time."""
    manifest = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": manifest}}
    call_command("prepare", "--static-only", stdout=StringIO())
    names = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    assert [name for name in names.values() if not (tmp_path / name).is_file()] == []
    assert names["site/site.css"] != "site/site.css"


def test_taken_port_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"^Cannot listen on 127.0.0.1, port {port}: Address already in use$"):
            free_address("127.0.0.1", port)


def test_host_may_be_a_name():
    assert free_address("localhost", 0) in ("127.0.0.1", "::1")


@pytest.mark.django_db(transaction=True)
def test_a_first_start_loads_the_sample_outside_of_any_transaction(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    call_command("prepare", stdout=StringIO())
    assert DockingEvent.objects.count() > 60


# Known vulnerabilities -----------------------------------------------------------------------------

FINE = {"name": "django", "version": "5.2.19", "vulns": []}
FAULTY = {"name": "pillow", "version": "1.0", "vulns": [{"id": "PYSEC-1"}, {"id": "PYSEC-2"}]}
UNKNOWN = {"name": "orjson", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("packages", "told", "found"),
    [
        ([FINE, UNKNOWN], "1 of 2 packages were checked.\n", None),
        ([FINE, FAULTY], "2 of 2 packages were checked.\n", "pillow 1.0: PYSEC-1\npillow 1.0: PYSEC-2"),
        ([UNKNOWN], "0 of 1 packages were checked.\n", None),
    ],
)
def test_an_audit_fails_for_a_known_vulnerability_alone(packages, told, found, capsys):
    assert dev.verdict(json.dumps({"dependencies": packages, "fixes": []}), "Found some") == found
    assert capsys.readouterr().out == told


def test_an_audit_that_cannot_be_had_says_why(capsys):
    assert dev.verdict("", "Traceback\nConnectionError: no route to host\n") is None
    assert capsys.readouterr().out == "The audit failed: ConnectionError: no route to host\n"
