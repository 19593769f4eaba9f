#!/usr/bin/env python3
"""Set up, serve and test this checkout. Needs only Python 3.11 or newer and its standard library."""

import hashlib
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"  # written last: without it, the environment is incomplete
SERVING, TESTING = "requirements.lock", "requirements-test.lock"  # the second includes the first
# On all cores. One worker runs all tests of a file, so that their fixtures are made once.
EVERYTHING = ["-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder"]  # in the order of tests/conftest.py
QUICK = [*EVERYTHING, "@tests/quick.txt"]
# Tests start hundreds of processes. Without bytecode on disk, each of them compiles all modules again.
NOT_FOR_TESTS = "DATABASE_URL", "PYTHONDONTWRITEBYTECODE"
NO_PIP = """This Python has neither ensurepip nor pip, but .venv needs one of them.
On Debian or Ubuntu: apt install python3-venv (elsewhere: the package with ensurepip)."""


def refuse_old_python(version):
    if version < (3, 11):
        sys.exit(f"dev.py needs Python 3.11 or newer; {sys.executable} is {version[0]}.{version[1]}")


def call(*command, **options):
    """Runs a command that ignores Ctrl-C, so that only this process reports it."""
    return subprocess.run(command, cwd=ROOT, check=False, preexec_fn=ignore_interrupts, **options)


def ignore_interrupts():
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def have_module(name):
    return importlib.util.find_spec(name) is not None


def contents(lock):
    """The content of the stamp after the lock file is installed."""
    digests = {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in (SERVING, lock)}
    return {"python": f"{sys.version_info[0]}.{sys.version_info[1]}", **digests}


def installed():
    """The content of the stamp; empty if .venv is missing, incomplete or without its Python."""
    try:
        return json.loads(STAMP.read_text()) if PYTHON.exists() else {}
    except (FileNotFoundError, ValueError):
        return {}


def make_venv():
    if not (have_module("ensurepip") or have_module("pip")):
        sys.exit(NO_PIP)
    print("Making .venv", flush=True)
    venv.create(VENV, clear=True, symlinks=True, with_pip=have_module("ensurepip"))


def install(lock):
    print(f"Installing {lock} into .venv; this takes a minute, once", flush=True)
    # Debian without python3-venv has no ensurepip: there the system's pip installs into .venv.
    pip = [PYTHON, "-m", "pip"] if have_module("ensurepip") else [sys.executable, "-m", "pip", "--python", PYTHON]
    quiet = ["--quiet", "--disable-pip-version-check"]
    done = call(*pip, "install", *quiet, "--require-hashes", "-r", ROOT / lock)
    if done.returncode:
        sys.exit(done.returncode)


def ensure(lock):
    """Install the lock file into .venv, unless it is installed already."""
    have, wanted = installed(), contents(lock)
    if wanted.items() <= have.items():
        return
    if have.get("python") != wanted["python"]:
        make_venv()
    STAMP.unlink(missing_ok=True)
    install(lock)
    STAMP.write_text(json.dumps(wanted))


def become(*arguments, environment=os.environ):
    """Replace this process by .venv's Python, so that it receives signals and sets the exit code."""
    os.execve(PYTHON, [PYTHON, *arguments], environment)  # noqa: S606 - no shell is what we want


def serve(arguments):
    """serve on http://127.0.0.1:8000 [--host H] [--port P] [--workers N] [--threads N] [--empty: no sample data]"""
    ensure(SERVING)
    become(ROOT / "manage.py", "serve", *arguments)


def test(arguments):
    """run the tests on SQLite [--postgres: on PostgreSQL] [--quick: some of each package] [pytest's: -k docked]"""
    ensure(TESTING)
    os.chdir(ROOT)
    plain = {k: v for k, v in os.environ.items() if k not in NOT_FOR_TESTS and not k.startswith("SPACEDEVS_")}
    rest = [argument for argument in arguments if argument not in ("--postgres", "--quick")]
    chosen = [*QUICK, *rest] if "--quick" in arguments else rest or EVERYTHING
    database = ["tests/postgres.py", PYTHON] if "--postgres" in arguments else []
    become(*database, "-m", "pytest", *chosen, environment=plain)


def bench(arguments):
    """measure the speed: bench [--gate] [--sqlite] [--rounds N] [G1 G2 …]; tests/bench/RESULTS.md explains"""
    ensure(TESTING)
    os.chdir(ROOT)
    become("-m", "tests.bench", *arguments)


def lint(arguments):
    """check style, formatting, types, that imports go down the floors, and that no migration is missing"""
    ensure(TESTING)
    checks = ["-m ruff check", "-m ruff format --check", f"{VENV}/bin/lint-imports --no-cache"]
    checks += ["-m mypy", "manage.py makemigrations --check --dry-run"]
    return max(call(PYTHON, *check.split()).returncode for check in checks)


def audit(arguments):
    """check the pinned packages for known vulnerabilities, if the database can be reached"""
    ensure(TESTING)
    options = ["--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json"]
    command = [PYTHON, "-m", "pip_audit", *options, "-r", TESTING, *arguments]
    done = call(*command, capture_output=True, text=True)
    return verdict(done.stdout, done.stderr)


def verdict(report, error):
    """The vulnerabilities that an audit found; None if there are none, or the audit failed."""
    try:
        packages = json.loads(report)["dependencies"]
    except ValueError:
        print("The audit failed:", *error.strip().splitlines()[-1:])
        return None
    seen = [each for each in packages if "vulns" in each]
    print(f"{len(seen)} of {len(packages)} packages were checked.")
    found = [f"{each['name']} {each['version']}: {one['id']}" for each in seen for one in each["vulns"]]
    return "\n".join(found) or None


def lock(arguments):
    """resolve both requirements*.in again; --upgrade and other options go to uv pip compile"""
    ensure(TESTING)
    compiler = [PYTHON, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-header"]
    compiler += ["--python-version", "3.11", *arguments]
    for job in ["requirements.in -o requirements.lock", "requirements-test.in -c requirements.lock -o " + TESTING]:
        done = call(*compiler, *job.split())
        if done.returncode:
            return done.returncode
    return None


def version(arguments):
    """print the version of this release, from pyproject.toml"""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    print(re.search(r'^version = "(.+)"$', text, re.MULTILINE).group(1))


def manage(arguments):
    """pass the rest on to manage.py: dev.py manage createsuperuser"""
    ensure(SERVING)
    become(ROOT / "manage.py", *arguments)


COMMANDS = {command.__name__: command for command in (serve, test, bench, lint, audit, lock, version, manage)}
USAGE = "usage: python3 dev.py COMMAND\n\n" + "\n".join(f"  {n:<8}{c.__doc__}" for n, c in COMMANDS.items())


def main(name="--help", *arguments):
    refuse_old_python(sys.version_info)
    if name in ("-h", "--help"):
        print(USAGE)
    elif name in COMMANDS:
        return COMMANDS[name](arguments)
    else:
        return f"dev.py: no command {name!r}\n\n{USAGE}"


def run(arguments):
    """The exit code of the command, or an error message."""
    try:
        return main(*arguments)
    except KeyboardInterrupt:
        print("dev.py: interrupted", file=sys.stderr)
        return 130
    except OSError as error:
        return f"dev.py: {error.strerror}: {error.filename}"
    except subprocess.CalledProcessError as error:
        said = " ".join((error.output or b"").decode().split())
        return f"dev.py: {' '.join(map(str, error.cmd))} failed: {said[-300:]}"


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
