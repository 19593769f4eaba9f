"""The files that a fork runs: the workflow, the hook, the forms and .ci/run."""

import os
import re
import shutil
import subprocess

import pytest
import yaml
from django.conf import settings

ROOT = settings.BASE_DIR
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
STEPS = WORKFLOW["jobs"]["check"]["steps"]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))


def test_actions_are_pinned_by_the_tag_of_a_release():
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert [each for each in used if not re.fullmatch(r"actions/[a-z-]+@v\d+\.\d+\.\d+", each)] == []


def test_the_workflow_runs_the_gate_and_may_write_nothing():
    lines = [line for step in STEPS for line in step.get("run", "").splitlines()]
    called = [re.fullmatch(r"python3 dev.py (\w+).*|bash (.*)", line) for line in lines]
    assert [each[1] or each[2] for each in called] == [".ci/run"]
    assert (ROOT / ".ci/run").exists()
    assert WORKFLOW["permissions"] == {"contents": "read"}


def test_the_hook_before_a_commit_is_the_linter_of_the_project():
    assert [(repo["repo"], [hook["entry"] for hook in repo["hooks"]]) for repo in HOOKS] == [
        ("local", ["python3 dev.py lint"])
    ]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_a_form_names_files_of_the_project(form):
    named = re.findall(r"\b(?:[a-z]+/)*[A-Za-z]+\.(?:md|py)\b", form.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


# The gate -------------------------------------------------------------------------------------------

SYSTEM = "bash", "cat", "dirname", "env", "mktemp", "nice", "rm", "sed"  # what .ci/run needs of a machine
STUB = "#!/bin/sh\n"


@pytest.fixture
def gate(tmp_path):
    """Runs .ci/run where every check succeeds at once, without npm and Python 3.14."""
    checkout, programs = tmp_path / "softdock", tmp_path / "bin"
    for file in (".ci/run", "tests/any_database.txt"):
        (checkout / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, checkout / file)
    stubs = checkout / ".ci/debian", checkout / ".venv/bin/python", programs / "python3"
    for stub in stubs:
        stub.parent.mkdir(parents=True, exist_ok=True)
        stub.write_text(STUB)
        stub.chmod(0o755)
    for name in SYSTEM:
        (programs / name).symlink_to(shutil.which(name))

    def run(**environment):
        options = {"cwd": checkout, "capture_output": True, "text": True, "timeout": 60}
        path = {"PATH": str(programs), "TMPDIR": str(tmp_path), "HOME": os.environ.get("HOME", "/")}
        return subprocess.run([programs / "bash", ".ci/run"], env=path | environment, check=False, **options)

    run.checkout = checkout
    return run


def test_the_gate_runs_without_recorded_responses_and_names_what_it_left_out(gate):
    done = gate()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split("== Left out\n")[1].splitlines() == [
        "- tests that read recorded responses (no ../shared); pytest names each as skipped",
        "- tests on Python 3.14 (no python3.14)",
        "- contract_diff.py of ../shared (tests/contract compares the same facts)",
        "- redocly and spectral (no npm)",
        "- replay of recorded responses (no ../shared)",
    ]


def test_the_gate_fails_with_the_output_of_a_debian_that_failed(gate):
    debian = gate.checkout / ".ci" / "debian"
    debian.write_text(f"{STUB}echo its output\nexit 3\n")
    done = gate()
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "its output"


def test_the_gate_fails_without_recorded_responses_if_they_are_required(gate):
    done = gate(REQUIRE_SHARED="1")
    assert (done.returncode, done.stderr) == (1, "../shared is missing, but REQUIRE_SHARED is set\n")
