"""The version of a release is written down once, and what it changes is told."""

import re
import subprocess

from django.conf import settings

import dev


def test_the_version_is_written_down_in_one_place(capsys):
    written = subprocess.run(
        ["git", "grep", "--fixed-strings", "--name-only", "--", f'"{settings.RELEASE}"', ":!*.lock", ":!tests"],  # noqa: S607
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    assert written.split() == ["pyproject.toml"]
    dev.version([])
    assert capsys.readouterr().out == f"{settings.RELEASE}\n"


def test_what_the_newest_release_changes_is_told_first():
    told = (settings.BASE_DIR / "CHANGELOG.md").read_text("utf-8")
    assert re.findall(r"^## (\d+\.\d+\.\d+)", told, re.MULTILINE)[0] == settings.RELEASE
