"""The facts of a version of the API in a short form, and how to read an OpenAPI document into this form.

A type is `integer`, `string:date-time` (with its format), `enum(list|normal)`, `[Agency]` (an array) or `Agency` (a
component). `integer?` may be null. `integer~` may or may not be nullable, because the published document and recorded
responses disagree.

The facts of a version are::

    {
        "paths": {
            "/2.3.0/docking_events/": {
                "id": "docking_events_list",  # operationId
                "answer": "PaginatedPolymorphicDockingEventEndpointList",
                "parameters": {"docking__gt": "string:date-time", ...},
                "modes": [...], "search": [...], "ordering": [...],  # if there are any
            },
        },
        "components": {
            "DockingEvent": {"id": "integer", "departure?": "string:date-time?", ...},  # `departure?` is not required
            "PolymorphicDockingEventEndpoint": {"oneOf": {"normal": "DockingEventEndpointNormal", ...}},
        },
        "may_be_empty": ["Pad.wiki_url", ...],  # addresses that recorded responses have empty
    }
"""

import json
import re
from pathlib import Path

VERSIONS = "2.2.0", "2.3.0"
COMPARED_FORMATS = "date", "date-time", "uuid"
UNCOMPARED_FORMATS = "uri", "duration"  # a document may leave these out, because imported texts stay unchanged
LISTS = "modes", "search", "ordering"
PAGING = {"limit", "offset", "ordering", "search", "mode"}
DESCRIBED = {
    "modes": re.compile(r"^Levels of detail in the response - (.*)$", re.M),
    "search": re.compile(r"^Fields searched - (.*)$", re.M),
    "ordering": re.compile(r"^### Ordering\nFields - (.*)$", re.M),
}


def load(version: str) -> dict:
    """The facts of a version, from the file beside this module.

    The file names parameters by type and lists as words, because most types have many names."""
    stored = json.loads(path_of(version).read_text("utf-8"))
    for facts in stored["paths"].values():
        pairs = ((name, kind) for kind, names in facts["parameters"].items() for name in names.split())
        facts["parameters"] = dict(sorted(pairs))
        facts.update({key: facts[key].split() for key in LISTS if key in facts})
    return stored


def path_of(version: str) -> Path:
    return Path(__file__).with_name(f"ll2-{version}.json")


def filters_of(path: str, facts: dict) -> set[str]:
    """The parameters of a list that choose rows."""
    return set() if "{" in path else set(facts["parameters"]) - PAGING


def required(component: dict) -> set[str]:
    return {name for name in component if not name.endswith("?")}


def types(component: dict) -> dict[str, str]:
    """The types of the properties, by plain names, in their order."""
    return {name.removesuffix("?"): kind for name, kind in component.items()}


# OpenAPI ----------------------------------------------------------------------------------------------


def facts_of(document: dict) -> dict:
    """The facts of an OpenAPI document of 3.0 or 3.1, without `may_be_empty`, which it does not express."""
    paths = {path: operation_facts(methods["get"]) for path, methods in document["paths"].items() if "get" in methods}
    schemas = document["components"]["schemas"]
    return {"paths": paths, "components": {name: component_facts(schema) for name, schema in schemas.items()}}


def operation_facts(operation: dict) -> dict:
    described = {key: pattern.search(operation.get("description", "")) for key, pattern in DESCRIBED.items()}
    return {
        "id": operation["operationId"],
        "answer": type_of(operation["responses"]["200"]["content"]["application/json"]["schema"]),
        "parameters": {each["name"]: type_of(each["schema"]) for each in operation.get("parameters", ())},
        **{key: re.findall(r"\w+", match[1]) for key, match in described.items() if match},
    }


def component_facts(schema: dict) -> dict:
    if "oneOf" in schema:
        modes = schema.get("discriminator", {}).get("mapping", {})
        return {"oneOf": {mode: reference.rpartition("/")[2] for mode, reference in modes.items()}}
    needed = schema.get("required", ())
    properties = schema.get("properties", {})
    return {name if name in needed else f"{name}?": type_of(each) for name, each in properties.items()}


def type_of(schema: dict) -> str:
    """The type of a parameter or a property, with `?` if null is one of its values."""
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    choices = schema.get("oneOf", schema.get("allOf", []))
    nullable = schema.get("nullable", False) or "null" in kinds or {"type": "null"} in choices
    choices = [each for each in choices if each != {"type": "null"}]
    plain = (
        "|".join(map(type_of, choices)) if choices else plain_type(schema, [each for each in kinds if each != "null"])
    )
    return plain + "?" * nullable


def plain_type(schema: dict, kinds: list[str]) -> str:
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "enum" in schema:
        return enum(each for each in schema["enum"] if each is not None)
    if kinds == ["array"]:
        return f"[{type_of(schema['items'])}]"
    kind = "|".join(kinds) or "any"
    return with_format(kind, schema.get("format"))


def enum(values) -> str:
    return f"enum({'|'.join(sorted(map(str, values)))})"


def with_format(kind: str, form: str | None) -> str:
    return f"{kind}:{form}" if form in (*COMPARED_FORMATS, *UNCOMPARED_FORMATS) else kind
