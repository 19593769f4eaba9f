"""Where a server keeps its files, and that it keeps none that is not needed."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

from spacedevs.throttling import file_counter
from spacedevs.throttling.apps import check_limits
from spacedevs.throttling.rates import Rate, Use

MANAGE = [sys.executable, "manage.py"]
FOLDERS = "VAR", "STATIC", "MEDIA", "DUMP", "LIMITS", "METRICS"
ASK = """
from django.conf import settings
print(settings.VAR_DIR, settings.STATIC_ROOT, settings.MEDIA_ROOT, settings.DUMP_ROOT, settings.LIMITS_DIR)
print(settings.METRICS_ROOT, settings.DATABASES["default"]["NAME"])
"""


def manage(*arguments, **environment):
    """What a command says with this environment and no other variables of ours: exit code, output, errors."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("SPACEDEVS_", "DATABASE_"))}
    done = subprocess.run(
        [*MANAGE, *arguments],
        cwd=settings.BASE_DIR,
        env=plain | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_folder_for_everything_is_named_by_one_variable(tmp_path):
    var = tmp_path / "var"
    asked = manage("shell", "-v0", "-c", ASK, SPACEDEVS_VAR_DIR=str(var), SPACEDEVS_METRICS_PORT="9100")
    told = f"{var} {var}/static {var}/media {var}/dump {var}\n{var}/metrics/9100 {var}/db.sqlite3\n"
    assert asked == (0, told, "")
    assert sorted(path.name for path in var.iterdir()) == ["metrics", "secret_key"]


def test_each_thing_has_a_place_by_a_variable_of_its_own(tmp_path):
    places = {f"SPACEDEVS_{name}_DIR": f"{tmp_path}/{name.lower()}" for name in FOLDERS}
    asked = manage("shell", "-v0", "-c", ASK, DATABASE_URL=f"sqlite:///{tmp_path}/here", **places)
    told = " ".join(f"{tmp_path}/{name.lower()}" for name in FOLDERS[:5])
    assert asked == (0, f"{told}\n{tmp_path}/metrics/0 {tmp_path}/here\n", "")


class Unwritable:
    """A path beneath a file, where no user at all can make anything."""

    def __init__(self, folder):
        (folder / "file").touch()
        self.path = folder / "file" / "var"


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({}, "Set DATABASE_URL to a database, or SPACEDEVS_VAR_DIR to another folder."),
        (
            {"DATABASE_URL": "sqlite:////tmp/none"},
            "Set SPACEDEVS_SECRET_KEY to a key, or SPACEDEVS_VAR_DIR to another folder.",
        ),
        (
            {
                "DATABASE_URL": "sqlite:////tmp/none",
                "SPACEDEVS_SECRET_KEY": "x" * 50,
                "SPACEDEVS_METRICS_PORT": "9100",
            },
            "Set SPACEDEVS_METRICS_DIR to another folder.",
        ),
    ],
    ids=["database", "key", "metrics"],
)
def test_a_checkout_that_can_only_be_read_says_in_a_line_what_to_name_instead(given, complaint, tmp_path):
    var = Unwritable(tmp_path).path
    place = f"{var}/metrics/9100" if "METRICS" in complaint else var
    key = {} if "KEY" in complaint else {"SPACEDEVS_SECRET_KEY": "x" * 50}
    said = f"check failed: {place}: Not a directory. {complaint} (use --traceback for details)\n"
    assert manage("check", SPACEDEVS_VAR_DIR=str(var), **given | key) == (1, "", said)


# Counts ----------------------------------------------------------------------------------------------


@pytest.fixture
def unwritable(tmp_path, settings):
    settings.LIMITS_DIR = Unwritable(tmp_path).path
    file_counter.counter.cache_clear()
    yield settings.LIMITS_DIR
    file_counter.counter.cache_clear()


def test_where_no_file_can_be_written_a_process_counts_by_itself_and_says_so(unwritable, caplog):
    rate = Rate(2, 60)
    taken = [file_counter.counter().take("somebody", rate) for _ in range(3)]
    assert taken == [Use(1, 60), Use(2, 60), Use(2, 60, is_refused=True)]
    advice = "Each process counts requests on its own; set SPACEDEVS_LIMITS_DIR to a writable folder."
    wanted = f"{unwritable}/limits: Not a directory. {advice}"
    assert [record.getMessage() for record in caplog.records] == [wanted]


@pytest.mark.parametrize("name", ["THROTTLE_ANONYMOUS", "THROTTLE_KEYS"])
def test_a_limit_that_processes_cannot_count_together_is_a_fault(name, unwritable, settings):
    setattr(settings, name, "15/hour")
    other = "set SPACEDEVS_LIMITS_DIR to another folder, or REDIS_URL."
    wanted = f"{unwritable}, the folder for rate limits, is not writable: {other}"
    assert [error.msg for error in check_limits()] == [wanted]
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert check_limits() == []
