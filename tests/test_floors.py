"""The floors of the house: imports only go down, and so do names in strings, but for those that are listed here."""

import ast
import importlib.util
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings

from tests.support.routes import RESOURCES

ROOT = Path(settings.BASE_DIR)
LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
CODE = LINTER["root_packages"]
FLOORS = [
    [name.strip() for name in floor.split("|")]
    for floor in next(each for each in LINTER["contracts"] if each["id"] == "floors")["layers"]
]
FRAMEWORK = {"spacedevs.settings", "spacedevs.router"}  # which name every floor, for that is what they are for
# What is shown of a record may lie above it: an agency shows its launches. Such a serializer, condition or page of the
# admin site is named by a string, which is resolved when it is first used.
UPWARD = {
    "agencies.serializers": [
        "launches.serializers.LaunchNormal",
        "stations.serializers.ExpeditionNormal",
        "vehicles.serializers.LauncherConfigDetailedSerializerNoManufacturer",
        "vehicles.serializers.SpacecraftConfigDetailed",
    ],
    "crew.serializers": [
        "events.serializers.SpacewalkNormal",
        "launches.serializers.LaunchNormal",
        "launches.serializers.SpacecraftFlightNormal",
    ],
    "launches.admin": [
        "events.admin.Updates",
    ],
    "launches.serializers.detailed": [
        "events.serializers.Update",
    ],
    "launches.serializers.flights": [
        "docking.serializers.DockingEventForChaserNormal",
    ],
    "stations.admin": [
        "docking.admin.Ports",
        "docking.admin.crewed_otherwise",
        "docking.querysets.docked_now",
    ],
    "stations.querysets": [
        "docking.querysets.docked_vehicles",
        "docking.querysets.next_docking_or_departure",
        "docking.querysets.onboard_crew",
    ],
    "stations.serializers": [
        "docking.querysets.DOCKED",
        "docking.serializers.DockingEventForChaserNormal",
        "docking.serializers.DockingLocationSerializerForSpacestation",
        "events.serializers.SpacewalkList",
    ],
    "vehicles.admin": [
        "docking.admin.Ports",
        "docking.admin.docked_on_earth",
        "launches.admin.StageFlights",
    ],
    "vehicles.serializers": [
        "launches.serializers.SpacecraftFlightNormal",
    ],
}


def floor_of(name) -> int | None:
    """The number of the floor that a dotted name lies on, counted from the top."""
    found = (n for n, floor in enumerate(FLOORS) for each in floor if name == each or name.startswith(f"{each}."))
    return next(found, None)


def is_name_of_code(text) -> bool:
    """Whether a string names a module of the project, or something in one."""
    parts = text.split(".")
    if len(parts) < 2 or parts[0] not in CODE or not all(part.isidentifier() for part in parts):
        return False
    module = parts[:2] if parts[0] != "spacedevs" else parts[:3]
    try:
        return importlib.util.find_spec(".".join(module)) is not None
    except ModuleNotFoundError:
        return False


def names_in_strings():
    for package in CODE:
        for path in (ROOT / package).rglob("*.py"):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            if "migrations" in path.parts or module in FRAMEWORK or floor_of(module) is None:
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and is_name_of_code(node.value):
                    yield module, node.value


def test_names_that_lead_upward_are_those_that_are_listed():
    found = {(module, name) for module, name in names_in_strings() if (floor_of(name) or 0) < floor_of(module)}
    assert found == {(module, name) for module, names in UPWARD.items() for name in names}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The code of the project alone, in a folder of its own."""
    folder = tmp_path_factory.mktemp("floors")
    for package in CODE:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def lint(folder):
    command = [sys.executable, Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("path", "planted"),
    [
        ("spacedevs/db/paths.py", "from spacedevs.api import serializers"),
        ("spacedevs/api/fields.py", "from .render_plan import plan"),
        ("agencies/models.py", "from launches.models import Launch"),
        ("spacedevs/sync/outbound.py", "def late():\n    import spacedevs.operations.health"),
    ],
)
def test_an_import_that_leads_upward_is_refused(copy, path, planted):
    before = (copy / path).read_text("utf-8")
    (copy / path).write_text(f"{before}\n{planted}\n", "utf-8")
    done = lint(copy)
    (copy / path).write_text(before, "utf-8")
    assert (done.returncode, "BROKEN" in done.stdout) == (1, True), done.stdout


def test_a_package_without_a_floor_is_refused(copy):
    (copy / "spacedevs" / "attic").mkdir()
    (copy / "spacedevs" / "attic" / "__init__.py").touch()
    done = lint(copy)
    shutil.rmtree(copy / "spacedevs" / "attic")
    assert (done.returncode, "attic" in done.stdout) == (1, True), done.stdout


MAX_LINES, MAX_MODULES = 350, 12  # of a module, and of a package: what is larger is more than one thing


def test_no_module_is_longer_and_no_package_larger_than_can_be_overseen():
    modules = [path for package in CODE for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts]
    long = [path for path in modules if len(path.read_text("utf-8").splitlines()) > MAX_LINES]
    packages = Counter(path.parent for path in modules if path.stem != "__init__")
    assert (long, [path for path, number in packages.items() if number > MAX_MODULES]) == ([], [])


def listed(name):
    """The files and folders of a list of tests."""
    return [line.partition("::")[0] for line in (ROOT / "tests" / name).read_text("utf-8").split()]


@pytest.mark.parametrize("name", ["quick.txt", "newest_django.txt", "any_database.txt", "longest.txt"])
def test_every_test_of_a_list_is_there(name):
    assert [path for path in listed(name) if not (ROOT / path).exists()] == []


def imported(path):
    """The modules and names that a file imports, with dots."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{each.name}" for each in node.names)


NOT_TO_BE_TESTED = {"migrations", "commands", "management"}
UNDERLYING = {  # which no test has to import
    "spacedevs/api/render_plan",  # of every list
    "spacedevs/db/sqlite3",  # of every statement on SQLite
    "spacedevs/editing/accounts",  # of pages that tests/editing/test_roles.py asks for
    "spacedevs/formats",  # of dates on every page
    "spacedevs/formats/en",
    "spacedevs/versions/v200",  # of requests in tests/versions
    "spacedevs/versions/v220",
}


def test_the_quick_tests_cover_every_package():
    """A package of spacedevs has tests in a folder of the same path, or tests import it; nouns have endpoints."""
    named = [ROOT / path for path in listed("quick.txt")]
    files = [file for path in named for file in (path.rglob("*.py") if path.is_dir() else [path])]
    assert {"api/test_every_order.py", "editing/test_roles.py", "versions/test_answers.py"} <= {
        str(file.relative_to(ROOT / "tests")) for file in files
    }
    folders = {str(Path("spacedevs", file.parent.relative_to(ROOT / "tests"))) for file in files}
    used = [name.replace(".", "/") + "/" for file in files for name in imported(file)]
    packages = {
        str(path.parent.relative_to(ROOT))
        for path in (ROOT / "spacedevs").rglob("*/__init__.py")
        if path.parent.name not in NOT_TO_BE_TESTED
    }
    covered = {each for each in packages if each in folders or any(name.startswith(f"{each}/") for name in used)}
    assert packages - covered == UNDERLYING
    assert {resource.queryset.model._meta.app_label for resource in RESOURCES.values()} == {*settings.NOUNS}
