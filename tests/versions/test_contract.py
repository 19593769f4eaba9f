"""The OpenAPI document of 2.2.0 against the contract, and recorded responses against the document."""

import json
import subprocess
import sys
from functools import cache

import pytest
from django.core.management import call_command

from spacedevs.api.schema import Generator, Generator30
from tests.support.held import Held

# Parameters that pages of upstream name, though its document leaves them out.
ON_PAGES = {
    "launch": "mode lsp__id lsp__name serial_number launcher_config__id is_crewed include_suborbital "
    "spacecraft_config__ids related location__ids lsp__ids pad__ids status__ids id",
    "launch/upcoming": "mode lsp__ids location__ids limit ordering",
    "event": "type__ids agency__ids last_updated__gte last_updated__lte ordering",
    "docking_event": "mode",
    "spacecraft": "is_placeholder in_space",
}


@cache
def document(generator=Generator, version="2.2.0"):
    return json.loads(json.dumps(generator(api_version=version).get_schema(), default=str))


@pytest.mark.parametrize("generator", [Generator, Generator30])
def test_the_document_keeps_the_contract_that_is_beside_the_project(generator, shared, tmp_path):
    (tmp_path / "openapi.json").write_text(json.dumps(document(generator)), "utf-8")
    command = [sys.executable, shared / "tools/contract_diff.py", tmp_path / "openapi.json"]
    done = subprocess.run([*command, shared / "contract/ll2-2.2.0.json"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split(" · ")[:2]) == (0, ["differences 0", "paths 71/71"]), done.stdout


def test_parameters_that_pages_name_are_there():
    paths = document()["paths"]
    for path, names in ON_PAGES.items():
        there = {each["name"] for each in paths[f"/2.2.0/{path}/"]["get"]["parameters"]}
        assert set(names.split()) - there == set(), path


@pytest.mark.parametrize("version", ["2.1.0", "2.0.0"])
def test_the_other_versions_have_the_same_paths_and_parameters(version):
    def asked(told, version):
        return {
            path.removeprefix(f"/{version}"): [each["name"] for each in about["get"].get("parameters", [])]
            for path, about in told["paths"].items()
        }

    assert asked(document(version=version), version) == asked(document(), "2.2.0")


@pytest.mark.parametrize("version", ["2.2.0", "2.1.0", "2.0.0"])
@pytest.mark.parametrize("generator", [Generator, Generator30])
def test_a_document_is_valid_and_made_without_a_warning(version, generator, tmp_path):
    command = ["spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", "--api-version", version]
    name = f"{generator.__module__}.{generator.__name__}"
    call_command(*command, "--generator-class", name, "--file", str(tmp_path / "openapi.json"))
    assert json.loads((tmp_path / "openapi.json").read_text("utf-8"))["info"]["version"] == version


# Recorded responses ------------------------------------------------------------------------------

RECORDED = {  # since 2024: all keys
    "agencies_detailed": "AgencySerializerDetailed",
    "astronaut_normal": "AstronautNormal",
    "config_launcher_detailed": "LauncherConfigDetail",
    "config_spacecraft_detailed": "SpacecraftConfigurationDetail",
    "launch_detailed_docked": "LaunchDetailed",
    "launch_detailed_notable": "LaunchDetailed",
    "launch_upcoming_detailed": "LaunchDetailed",
    "launch_upcoming_list": "LaunchList",
    "launch_upcoming_normal": "LaunchSerializerCommon",
    "location_detailed": "LocationDetail",
    "pad": "Pad",
    "spacestation_detailed": "SpaceStationDetailed",
}


def recorded(shared, file):
    told = json.loads((shared / f"golden-2.2.0/{file}.json").read_text("utf-8"))
    return told["results"] if isinstance(told, dict) else told


@pytest.mark.parametrize("file", RECORDED)
def test_what_upstream_answered_is_what_the_document_says(file, shared):
    held, schema = Held(document()), {"$ref": f"#/components/schemas/{RECORDED[file]}"}
    records = recorded(shared, file)
    faults = {
        "/".join(str(step) for step in error.instance_path if isinstance(step, str)) + f": {error.message[:80]}"
        for record in records
        for error in held.faults(schema, record)
    }
    assert (len(records) > 1, faults) == (True, set())
    assert {each for record in records for each in held.other_keys(schema, record)} == set()
