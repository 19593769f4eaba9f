"""The manifest for Kubernetes: what Kubernetes' own schemas say of it, and that it speaks of things that are there."""

import re

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands, load_command_class

from . import FILES, ROOT

VERSION = "1.30"  # the oldest that it is for
OBJECTS = {each["kind"]: each for each in yaml.safe_load_all((FILES / "kubernetes.yml").read_text())}
POD = OBJECTS["Deployment"]["spec"]["template"]["spec"]
CONTAINERS = {each["name"]: each for each in (*POD["initContainers"], *POD["containers"])}
SAID = OBJECTS["ConfigMap"]["data"]
SECRETS = "/run/secrets/spacedevs"


@pytest.mark.parametrize("kind", OBJECTS)
def test_an_object_is_as_kubernetes_wants_it(kind):
    validator = pytest.importorskip("kubernetes_validate", reason="needs kubernetes-validate (PyPI has it)")
    validator.validate(OBJECTS[kind], VERSION, strict=True)


def test_every_variable_is_one_of_ours():
    known = {*settings.VARIABLES, *(f"{variable}_FILE" for variable in settings.VARIABLES)}
    assert set(SAID) - known == set()


def test_secrets_are_mounted_where_they_are_read():
    told = re.findall(r"--from-literal=(\w+)=", (FILES / "kubernetes.yml").read_text())
    read = [value for name, value in SAID.items() if name.endswith("_FILE")]
    assert sorted(read) == sorted(f"{SECRETS}/{name}" for name in told)


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_runs_what_there_is(name):
    python, manage, command, *arguments = CONTAINERS[name]["command"]
    assert (python, manage) == ("python", "manage.py")
    parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
    assert parser.parse_args(arguments)


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_writes_only_to_places_that_are_mounted_and_named(name):
    assert CONTAINERS[name]["securityContext"]["readOnlyRootFilesystem"]
    mounts = {each["mountPath"] for each in CONTAINERS[name]["volumeMounts"]}
    assert {each["name"] for each in CONTAINERS[name]["volumeMounts"]} == {each["name"] for each in POD["volumes"]}
    places = {name: value for name, value in SAID.items() if name.endswith("_DIR")}
    assert [value for value in places.values() if f"/{value.split('/')[1]}" not in mounts] == []
    # The image has static files; nothing else is written with these variables, and VAR_DIR has no other use.
    assert set(places) == {"SPACEDEVS_MEDIA_DIR", "SPACEDEVS_DUMP_DIR", "SPACEDEVS_METRICS_DIR"}


def test_containers_run_as_the_user_of_the_image():
    (user,) = re.findall(r"^USER (\d+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    about = POD["securityContext"]
    assert {about["runAsUser"], about["runAsGroup"], about["fsGroup"]} == {int(user)}


@pytest.mark.parametrize(("name", "port"), [("web", "http"), ("stream", "stream")])
def test_probes_ask_the_port_that_is_served(name, port):
    container = CONTAINERS[name]
    asked = {each: container[f"{each}Probe"]["httpGet"] for each in ("startup", "liveness", "readiness")}
    assert asked == {
        "startup": {"path": "/livez", "port": port},
        "liveness": {"path": "/livez", "port": port},
        "readiness": {"path": "/readyz", "port": port},
    }


def test_ports_are_those_of_the_commands():
    ports = {
        name: {each["name"]: each["containerPort"] for each in CONTAINERS[name].get("ports", ())}
        for name in CONTAINERS
    }
    assert ports == {
        "prepare": {},
        "web": {"http": 8000, "metrics": int(SAID["SPACEDEVS_METRICS_PORT"])},
        "stream": {"stream": int(CONTAINERS["stream"]["command"][-1])},
        "deliver": {},
    }
