"""Every record that an older version answers is what our own document of this version says.

A list is validated by the component of its mode, because the document names that of the normal mode alone."""

import json
from functools import cache

import pytest
from django.test import Client

from spacedevs.api.schema import Generator
from spacedevs.api.serializers import name_of
from tests.support.held import NULL, REF, Held

from .test_generic import ENDPOINTS, MODES

pytestmark = pytest.mark.django_db

# Null in our data, although the contract never has it null: objects, dates and pictures.
IN_THE_SAMPLE = {
    "Astronaut": "agency",
    "AstronautDetailed": "agency profile_image_thumbnail",
    "AstronautDetailedSerializerNoFlights": "agency",
    "Events": "feature_image",
    "Landing": "location type",
    "LauncherConfig": "manufacturer",
    "LauncherConfigDetail": "manufacturer",
    "LauncherDetail": "first_launch_date last_launch_date",
    "Program": "image_url",
    "VidURL": "type",
}


def of_components(properties) -> set:
    return {f"{component}.{name}" for component, names in properties.items() for name in names.split()}


@cache
def held(version) -> Held:
    document = json.loads(json.dumps(Generator(api_version=version).get_schema(), default=str))
    return Held(document)


def choices(schema):
    return schema.get("oneOf", schema.get("allOf", []))


def nulls(components, schema, told):
    """The properties that are null though they may not, as Component.property, at every depth."""
    options = [each for each in choices(schema) if each != NULL]
    if options:
        yield from nulls(components, options[0], told)
    elif isinstance(told, list):
        for each in told:
            yield from nulls(components, schema["items"], each)
    elif isinstance(told, dict):
        name = schema["$ref"].removeprefix(REF)
        for key, about in components[name]["properties"].items():
            if told[key] is not None:
                yield from nulls(components, about, told[key])
            elif not may_be_null(about):
                yield f"{name.removesuffix('Of200')}.{key}"


def may_be_null(schema) -> bool:
    return NULL in choices(schema) or "null" in schema.get("type", ()) or None in schema.get("enum", ())


def with_nulls(document, names):
    """The document, if these properties might be null."""
    lenient = json.loads(json.dumps(document))
    for component, about in lenient["components"]["schemas"].items():
        for key, schema in about.get("properties", {}).items():
            if f"{component.removesuffix('Of200')}.{key}" in names:
                about["properties"][key] = {"oneOf": [schema, NULL]}
    return lenient


def records():
    """Every record of every list in every mode, and some details: the version, the component, the record."""
    client = Client()
    for address, mode in MODES:
        version, endpoint, at = address.split("/")[1], ENDPOINTS[address], f"{address}?mode={mode}&limit=100"
        listed = endpoint.modes.get(mode, endpoint.ladder[-1])
        while at:
            page = client.get(at).json()
            yield from ((version, name_of(listed), record) for record in page["results"])
            at = page["next"]
        for record in page["results"][:3]:
            detail = client.get(f"{address}{record['id']}/").json()
            yield version, name_of(endpoint.ladder[-1]), detail


def found(expected):
    """The nulls that the document does not allow; the faults besides those expected; the number of records."""
    lenient = {version: Held(with_nulls(held(version).document, expected)) for version in ("2.2.0", "2.0.0")}
    there, faults, number = set(), [], 0
    for version, component, record in records():
        schema = {"$ref": f"{REF}{component}"}
        there.update(nulls(held(version).document["components"]["schemas"], schema, record))
        faults += [f"{component}: {error.message[:200]}" for error in lenient[version].faults(schema, record)]
        faults += lenient[version].other_keys(schema, record)
        number += 1
    return there, faults, number


def test_the_sample_is_what_the_document_says(world):
    there, faults, number = found(of_components(IN_THE_SAMPLE))
    assert (there, faults) == (of_components(IN_THE_SAMPLE), [])
    assert number > 1000
