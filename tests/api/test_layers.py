"""The floors of the house: imports only go down, and every declaration holds."""

import ast
from pathlib import Path

import pytest
from django.conf import settings

from spacedevs.api.serializers import components, name_of
from spacedevs.router import RESOURCES

FLOORS = ("spacedevs.operations", *settings.NOUNS, "spacedevs.editing", "spacedevs.api")


assert RESOURCES, "the router is imported so that every representation is there"
REPRESENTATIONS = [cls for cls in components() if not cls.__module__.startswith("tests.")]


def floor_of(module) -> int | None:
    """The number of the floor that a module is on, counted from the top."""
    return next((n for n, app in enumerate(FLOORS) if module == app or module.startswith(f"{app}.")), None)


def imports(path):
    """The modules that a file imports, with the line of each."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.lineno, node.module


def files():
    for app in FLOORS:
        yield from (
            (app, path)
            for path in Path(settings.BASE_DIR, *app.split(".")).rglob("*.py")
            if "migrations" not in path.parts
        )


def test_imports_only_go_down():
    upward = [
        f"{path.relative_to(settings.BASE_DIR)}:{line} imports {module}"
        for app, path in files()
        for line, module in imports(path)
        if (floor_of(module) or 0) < floor_of(app) and (floor_of(module) is not None or module.startswith("spacedevs"))
    ]
    assert upward == []


@pytest.mark.parametrize("representation", REPRESENTATIONS, ids=name_of)
def test_every_representation_can_show_its_fields(representation):
    assert tuple(representation().fields) == tuple(representation.Meta.fields)


def test_no_two_components_have_one_name():
    names = sorted(map(name_of, REPRESENTATIONS))
    assert names == sorted(set(names))
