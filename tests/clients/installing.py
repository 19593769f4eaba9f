"""Tools that tests install when they need them."""

import subprocess

import pytest


def install(name, *command):
    """Installs a tool, or has what needs it skipped."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{name} cannot be had: {done.stdout.strip()[-200:]}")
