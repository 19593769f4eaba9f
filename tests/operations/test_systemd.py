"""The unit for systemd can be read by it, and leaves the server little of the machine."""

import shutil
import subprocess

import pytest
from django.conf import settings

pytestmark = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze (Debian: systemd)")
EXPOSED = 15  # at most, in tenths, as systemd counts it; 100 is a service without any limits


@pytest.fixture
def unit(tmp_path):
    """The unit, for a checkout that is here."""
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch(mode=0o755)
    text = (settings.BASE_DIR / "production" / "systemd" / "spacedevs.service").read_text()
    path = tmp_path / "spacedevs.service"
    path.write_text(text.replace("/srv/spacedevs", str(tmp_path)))
    return path


def analyze(*arguments):
    done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)  # noqa: S607 - wherever it is
    return done.returncode, done.stderr


def test_systemd_has_nothing_to_say_of_the_unit(unit):
    assert analyze("verify", "--man=no", unit) == (0, "")


def test_the_unit_is_hardened(unit):
    code, said = analyze("security", "--offline=true", f"--threshold={EXPOSED}", unit)
    assert code == 0, said
