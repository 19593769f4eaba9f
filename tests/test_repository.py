"""The files of a fork: what they call is there, and what they use is pinned."""

import re

import pytest
import yaml
from django.conf import settings

import dev

ROOT = settings.BASE_DIR
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
STEPS = WORKFLOW["jobs"]["check"]["steps"]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))


def test_actions_are_pinned_by_the_tag_of_a_release():
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert [each for each in used if not re.fullmatch(r"actions/[a-z-]+@v\d+\.\d+\.\d+", each)] == []


def test_the_workflow_runs_commands_that_there_are_and_may_write_nothing():
    lines = [line for step in STEPS for line in step.get("run", "").splitlines()]
    called = [re.fullmatch(r"python3 dev.py (\w+).*|bash (.*)", line) for line in lines]
    assert [each[1] or each[2] for each in called] == [".ci/run", "lint", "test", "test"]
    assert ({"lint", "test"} <= set(dev.COMMANDS), (ROOT / ".ci/run").exists()) == (True, True)
    assert WORKFLOW["permissions"] == {"contents": "read"}


def test_the_hook_before_a_commit_is_the_linter_of_the_project():
    assert [(repo["repo"], [hook["entry"] for hook in repo["hooks"]]) for repo in HOOKS] == [
        ("local", ["python3 dev.py lint"])
    ]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_a_form_names_files_of_the_project(form):
    named = re.findall(r"\b(?:[a-z]+/)*[A-Za-z]+\.(?:md|py)\b", form.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []
