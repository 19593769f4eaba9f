"""Almost nothing is known after an import of short records: what 2.2.0 then answers is what its document says."""

import json

import pytest
from django.core.management import call_command
from django.test import Client

from docking.models import CHASERS, TARGETS
from spacedevs.api.serializers import name_of
from tests.support.held import NULL, REF
from tests.support.routes import RESOURCES
from tests.support.world import FIGURES_AS_TOLD, rows_for_a_module

from .test_document import choices, found, held, may_be_null, of_components

pytestmark = pytest.mark.django_db

IN_AN_ALMOST_EMPTY_IMPORT = {  # objects, dates and pictures
    "AstronautDetailed": "agency first_flight last_flight profile_image_thumbnail",
    "Events": "feature_image last_updated type",
    "LaunchDetailed": "last_updated launch_service_provider pad rocket status",
    "LaunchList": "last_updated status window_end window_start",
    "LaunchSerializerCommon": "last_updated launch_service_provider net_precision pad rocket status",
    "LauncherConfig": "manufacturer",
    "LauncherConfigDetail": "manufacturer",
    "Pad": "location",
    "Program": "image_url type",
    "SpaceStation": "founded orbit status type",
    "SpaceStationDetailed": "founded orbit status type",
    "SpaceStationSerializerForCommon": "founded orbit status",
}
PARTIES = {*TARGETS, *CHASERS}  # no docking event is without them


def emptied(components, schema, told):
    """A record of the current version with null wherever its document allows it."""
    options = [each for each in choices(schema) if each != NULL]
    if may_be_null(schema):
        return None
    if options:
        return emptied(components, options[0], told)
    if isinstance(told, list):
        return [emptied(components, schema["items"], each) for each in told]
    if isinstance(told, dict):
        properties = components[schema["$ref"].removeprefix(REF)]["properties"]
        return {
            key: value if key in PARTIES else emptied(components, properties[key], value)
            for key, value in told.items()
        }
    return told


@pytest.fixture
def almost_empty(db, django_db_blocker, tmp_path):
    """What is known after an import of the shortest mode of every list, with null wherever it may be."""
    components = held("").document["components"]["schemas"]
    with rows_for_a_module(django_db_blocker):
        for prefix, resource in RESOURCES.items():
            mode, shown = next(iter(resource.modes.items()), ("normal", resource.ladder[-1]))
            page = Client().get(f"/2.3.0/{prefix}/?mode={mode}&limit=100").json()
            schema = {"$ref": f"{REF}{name_of(shown)}"}
            page["results"] = [emptied(components, schema, record) for record in page["results"]]
            (tmp_path / f"{prefix.replace('/', '-')}.json").write_text(json.dumps(page), "utf-8")
    with FIGURES_AS_TOLD:
        call_command("import_ll2", str(tmp_path), verbosity=0)


def test_an_almost_empty_import_is_what_the_document_says(almost_empty):
    there, faults, number = found(of_components(IN_AN_ALMOST_EMPTY_IMPORT))
    assert (there, faults) == (of_components(IN_AN_ALMOST_EMPTY_IMPORT), [])
    assert number > 100
