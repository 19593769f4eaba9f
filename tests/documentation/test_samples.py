"""What the documentation shows is run, as readers would run it: each sample of each page, against a server."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from django.conf import settings

from tests.support.sample import sample_server

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = {
    "bash": ["bash", "-e"],
    "python": [sys.executable, "-"],
    "javascript": ["node", "--input-type=module", "-"],
}
OTHERS = {"bash": ["curl"]}  # the programs that samples call
DOCUMENTED = "http://127.0.0.1:8000"
PAGES = settings.BASE_DIR / "README.md", *sorted((settings.BASE_DIR / "docs").glob("*.md"))


def samples():
    """Each sample, with what it should print: what the next block of output says."""
    for path in PAGES:
        waiting = []
        for number, (language, text) in enumerate(BLOCK.findall(path.read_text("utf-8"))):
            if language in COMMANDS:
                waiting.append((language, text, f"{path.stem}-{number}-{language}"))
            elif language == "output":
                yield from (pytest.param(which, code, text, id=name) for which, code, name in waiting)
                waiting = []
        assert waiting == [], "every sample says what it prints"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with sample_server(tmp_path_factory.mktemp("samples")) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.mark.parametrize(("language", "code", "output"), list(samples()))
def test_sample_prints_what_the_page_says(language, code, output, address):
    command = COMMANDS[language]
    for program in (command[0], *OTHERS.get(language, ())):
        if not shutil.which(program):
            pytest.skip(f"needs {program}")
    done = subprocess.run(
        command, input=code.replace(DOCUMENTED, address), capture_output=True, text=True, check=True, timeout=60
    )
    if language == "bash":  # which prints the whole answer
        assert isinstance(json.loads(done.stdout), dict)
    else:
        assert (done.stdout, done.stderr) == (output, "")


def test_every_page_that_asks_the_api_does_so_in_three_languages():
    for path in PAGES:
        languages = {language for language, _ in BLOCK.findall(path.read_text("utf-8"))} & set(COMMANDS)
        assert languages in (set(), set(COMMANDS)), path
