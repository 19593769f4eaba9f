"""The files of an installation: what their own tools say of them, and that they speak of things that are there."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands, load_command_class

from . import FILES, ROOT

COMPOSE = ROOT / "docker-compose.yml"
SERVICES = yaml.safe_load(COMPOSE.read_text())["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+[\w.-]*")


def test_the_dockerfile_is_clean():
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def composer() -> list[str]:
    """The program that reads compose files, of which there is an old one and a new one."""
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    if shutil.which("docker"):
        new = ["docker", "compose"]
        if subprocess.run([*new, "version"], capture_output=True, check=False).returncode == 0:
            return new
    pytest.skip("needs docker-compose (Debian has a package)")


def test_the_compose_file_is_one(tmp_path):
    shutil.copy(COMPOSE, tmp_path)
    (tmp_path / "secrets").mkdir()
    for name in ("secret_key", "database_password"):
        (tmp_path / "secrets" / name).touch()
    command = [*composer(), "--profile", "mirror", "--profile", "monitoring", "config"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert set(yaml.safe_load(done.stdout)["services"]) == set(SERVICES)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_pinned_hardened_and_comes_back(name):
    service = SERVICES[name]
    assert name in OURS or PINNED.fullmatch(service["image"]), service["image"]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_runs_what_there_is(name):
    service = SERVICES[name]
    command = service["command"]
    words = command.split() if isinstance(command, str) else command
    python, manage, command, *arguments = [re.sub(r"\$\{\w+:-(.*)\}", r"\1", word) for word in words]
    assert (python, manage) == ("python", "manage.py")
    parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
    assert parser.parse_args([*filter(None, arguments)])
    known = {*settings.VARIABLES, *(f"{variable}_FILE" for variable in settings.VARIABLES)}
    assert set(service["environment"]) - known == set()
    secrets = {name: value for name, value in service["environment"].items() if re.search("PASSWORD|KEY", name)}
    assert [name for name, value in secrets.items() if not value.startswith(("/run/secrets/", "${THROTTLE"))] == []


def test_files_that_are_mounted_are_there():
    mounted = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())]
    assert [path for path in mounted if path.startswith("./") and not (ROOT / path).exists()] == []


def test_prometheus_asks_where_the_web_servers_tell():
    (job,) = yaml.safe_load((FILES / "prometheus.yml").read_text())["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert (found["names"], found["port"]) == (["web"], SERVICES["web"]["environment"]["SPACEDEVS_METRICS_PORT"])


def test_every_panel_of_the_dashboard_asks_the_source_that_is_provided():
    (source,) = yaml.safe_load((FILES / "grafana" / "datasource.yml").read_text())["datasources"]
    panels = json.loads((FILES / "grafana" / "dashboard.json").read_text())["panels"]
    assert {panel["datasource"]["uid"] for panel in panels} == {source["uid"]}


def test_nothing_secret_gets_into_an_image():
    assert {"secrets", "var", ".*"} <= set((ROOT / ".dockerignore").read_text().split())
    assert "secrets/" in (ROOT / ".gitignore").read_text().split()
