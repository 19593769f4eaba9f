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
from .parts import manage

COMPOSE = ROOT / "docker-compose.yml"
SERVICES = yaml.safe_load(COMPOSE.read_text())["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
SECRET = re.compile("PASSWORD|SECRET|TOKEN|CREDENTIALS|_KEY(_|$)")
FIXED = {  # variables that the compose file gives a value of its own, or has no use for
    "AWS_ACCESS_KEY_ID": "stands in the file of s3_credentials",
    "AWS_SECRET_ACCESS_KEY": "likewise",
    "DATABASE_POOL": "there is no pool",
    "PORT": "is that of nginx",
    "SPACEDEVS_DEBUG": "is for one's own machine",
    "SPACEDEVS_DUMP_DIR": "is a volume",
    "SPACEDEVS_LIMITS_DIR": "Redis counts",
    "SPACEDEVS_MEDIA_DIR": "is a volume",
    "SPACEDEVS_METRICS_DIR": "is in memory",
    "SPACEDEVS_STATIC_DIR": "is in the image",
    "SPACEDEVS_STREAM_PORT": "is that of the service",
    "SPACEDEVS_VAR_DIR": "is in the image",
    "TEST_DATABASE_URL": "is for tests",
}
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+[\w.-]*")


def test_the_dockerfile_is_clean():
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def composer() -> list[str]:
    """The program that reads compose files, of the second version, under either of its names."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            told = subprocess.run([*command, "version", "--short"], capture_output=True, text=True, check=False)
            if not told.returncode and not told.stdout.startswith("1."):
                return command
    pytest.skip("needs docker compose 2 (Debian 13 has it as docker-compose)")


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
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    assert (service["pids_limit"] > 0, "mem_limit" in service) == (True, True)


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
    assert set(service["environment"]) - known == {"AWS_SHARED_CREDENTIALS_FILE"}  # of boto3
    secrets = {name: str(value) for name, value in service["environment"].items() if SECRET.search(name)}
    read = {f"/run/secrets/{secret}" for secret in service["secrets"]}
    assert set(secrets.values()) <= read, secrets


def test_every_variable_that_is_documented_is_passed_on_or_has_a_reason_not_to_be():
    table = re.findall(r"^\| `.*$", (ROOT / "docs/configuration.md").read_text("utf-8"), re.MULTILINE)
    documented = {name for row in table for name in re.findall(r"`([A-Z][A-Z0-9_]{3,})`", row)}
    passed = {name.removesuffix("_FILE") for service in OURS.values() for name in service["environment"]}
    assert documented - passed == {*FIXED}
    fixed = {
        name
        for service in OURS.values()
        for name, value in service["environment"].items()
        if "$" not in f"{value or '$'}"
    }
    assert {name for name in fixed if not SECRET.search(name)} == {
        "DATABASE_URL",
        "REDIS_URL",
        "SPACEDEVS_LOG_FORMAT",
        "SPACEDEVS_METRICS_HOST",
        "SPACEDEVS_METRICS_PORT",
    }


COMMANDS = re.compile(r"^(?:# *|    )?((?:mkdir -m 700|openssl rand|chmod 444) .*secrets.*)$", re.MULTILINE)


@pytest.mark.parametrize("page", ["docker-compose.yml", "docs/operations.md"])
def test_secrets_are_made_so_that_users_in_containers_can_read_them_and_others_cannot(page, tmp_path):
    commands = COMMANDS.findall((ROOT / page).read_text("utf-8"))
    assert len(commands) == 4
    script = "\n".join(["set -e", "umask 077", *commands])
    subprocess.run(["sh", "-c", script], cwd=tmp_path, check=True)  # noqa: S607 - wherever it is
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.rglob("*")}
    assert modes == {"secrets": "0o700", "secret_key": "0o444", "database_password": "0o444"}


def test_secrets_that_not_everybody_has_need_no_file():
    secrets = yaml.safe_load(COMPOSE.read_text())["secrets"]
    assert {name: about["file"] for name, about in secrets.items() if "$" in about["file"]} == {
        "secret_key_fallbacks": "${SECRET_KEY_FALLBACKS_FILE:-/dev/null}",
        "s3_credentials": "${S3_CREDENTIALS_FILE:-/dev/null}",
        "upstream_token": "${UPSTREAM_TOKEN_FILE:-/dev/null}",
    }
    ask = "from django.conf import settings; print(repr(settings.UPSTREAM_TOKEN))"
    assert manage("shell", "-v0", "-c", ask, SPACEDEVS_UPSTREAM_TOKEN_FILE="/dev/null") == "''\n"


def test_images_are_looked_after():
    rules = json.loads((ROOT / "renovate.json").read_text())
    assert rules["enabledManagers"] == ["docker-compose", "dockerfile"]


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
