"""docs/clients.md: its commands generate clients, and its programs print what it says."""

import os
import re
import shutil
import sys

import pytest
from django.conf import settings

from .conftest import run
from .installing import install

pytestmark = pytest.mark.clients
TEXT = (settings.BASE_DIR / "docs" / "clients.md").read_text("utf-8")
PORT = "127.0.0.1:8000"


def blocks(language, served):
    """The commands and the program of a section, for the server of the test."""
    section = TEXT.partition(f"\n## {language}\n")[2].partition("\n## ")[0]
    commands, program = re.findall(r"^```text\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    address = served.address.removeprefix("http://")
    assert commands.count("\n") == 2
    return [each.replace(PORT, address) for each in (*commands.splitlines(), program)]


@pytest.fixture(autouse=True)
def document_is_made(served):
    served.get("/2.3.0/schema/?format=json")


def test_a_client_in_python_takes_two_commands(served, folder):
    here = folder / "documented_python"
    first, second, program = blocks("Python", served)
    run(sys.executable, "-m", "uv", "--quiet", "venv", "--seed", "--python", sys.executable, here / "env")
    path = f"{here / 'env' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    install("openapi-python-client", "env", f"PATH={path}", "bash", "-ec", first)
    run("bash", "-ec", second, folder=here, PATH=path)
    (here / "program.py").write_text(program)
    assert run("python", "program.py", folder=here, PATH=path).strip() == "Starlink"


def test_a_client_in_typescript_takes_two_commands(served, folder):
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("needs node and npm")
    here = folder / "documented_typescript"
    here.mkdir()
    first, second, program = blocks("TypeScript", served)
    install("npm's packages", "bash", "-ec", f"cd {here} && {first} --ignore-scripts --no-audit --no-fund --silent")
    run("bash", "-ec", second, folder=here)
    (here / "program.mts").write_text(program)
    (compiling,) = re.findall(r"`(npx tsc .*)`", TEXT)
    assert run("bash", "-ec", compiling, folder=here).strip() == "Starlink"
