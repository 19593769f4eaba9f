"""The pages for developers speak of what there is: files, words of the code, each other."""

import re
import subprocess
from fnmatch import fnmatch

import pytest
from django.conf import settings

FOLDER = settings.BASE_DIR / "docs" / "developers"
PAGES = sorted(FOLDER.glob("*.md"))
ROW = re.compile(r"^\| (.*?) \|.*\| `([^`|]+)` \|$", re.MULTILINE)
PATH = re.compile(r"`((?:\w[\w.-]*/)+[\w.*-]*|[a-z_*]+\.(?:py|md|toml|yml))`")
EXAMPLES = {"stations/feeds.py", "stations/statistics.py"}  # which adding.md has one write


@pytest.fixture(scope="module")
def files():
    """Every file of the project, after a slash."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listed, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True)
    return [f"/{name}" for name in done.stdout.splitlines()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_files_that_are_named_are_there(page, files):
    named = set(PATH.findall(page.read_text("utf-8"))) - EXAMPLES
    assert [name for name in sorted(named) if not any(fnmatch(file, f"*/{name}*") for file in files)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_tests_that_are_named_are_there(page):
    named = re.findall(r"(tests/[\w/]+\.py)::(\w+)", page.read_text("utf-8"))
    lost = [name for path, name in named if f"def {name}(" not in (settings.BASE_DIR / path).read_text("utf-8")]
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_to_files(page):
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
    assert [link for link in links if not (FOLDER / link).exists()] == []


def test_the_glossary_says_where_each_word_is():
    rows = ROW.findall((FOLDER / "glossary.md").read_text("utf-8"))
    lost = [
        (word, path)
        for words, path in rows
        for word in re.findall("`([^`]+)`", words)
        if not re.search(rf"\b{word}", (settings.BASE_DIR / path).read_text("utf-8"))
    ]
    assert (len(rows) > 50, lost) == (True, [])


def test_the_readme_and_contributing_lead_to_all_of_them():
    read = "".join((settings.BASE_DIR / name).read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md"))
    assert [page.name for page in PAGES if f"docs/developers/{page.name}" not in read] == []
