"""Validates responses against our own OpenAPI document: types, nullability, formats, and the order of keys."""

import json

import jsonschema_rs
from django.test import Client

from spacedevs.router import ADDITIONS, OBJECTS

from .routes import ENDPOINTS, MODES, RESOURCES

DETAILS = 25  # pages of an endpoint, spread from the first row to the last
NULL = {"type": "null"}
REF = "#/components/schemas/"


class Held:
    """Validates responses against the components of their paths."""

    def __init__(self, document):
        self.document, self.client, self.validators = document, Client(), {}
        self.asked, self.problems = 0, []

    def ask(self, address, path):
        """A response; its problems are recorded."""
        response = self.client.get(address)
        assert response.status_code == 200, (address, response.content)
        told = json.loads(response.content)
        answer = self.document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        faults = [
            f"{'/'.join(map(str, error.instance_path))}: {error.message[:200]}" for error in self.faults(answer, told)
        ]
        self.problems += [f"{address} {fault}" for fault in (*faults, *self.other_keys(answer, told))]
        self.asked += 1
        return told

    def faults(self, schema, told):
        name = schema["$ref"]
        if name not in self.validators:
            whole = {"components": self.document["components"], **schema}
            self.validators[name] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return self.validators[name].iter_errors(told)

    def other_keys(self, schema, told, place=""):
        """Objects whose keys differ from their components in name or order."""
        if "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].removeprefix(REF)]
        if told is None:
            return
        if options := schema.get("oneOf", schema.get("allOf")):
            yield from self.other_keys(self.chosen([each for each in options if each != NULL], told), told, place)
        elif isinstance(told, list):
            for number, each in enumerate(told):
                yield from self.other_keys(schema["items"], each, f"{place}/{number}")
        elif isinstance(told, dict):
            if list(told) != list(schema["properties"]):
                yield f"{place}: {list(told)}"
            for name in told.keys() & schema["properties"].keys():
                yield from self.other_keys(schema["properties"][name], told[name], f"{place}/{name}")

    def chosen(self, options, told) -> dict:
        """The schema of an object, chosen by its mode if there are several."""
        if len(options) == 1:
            return options[0]
        shapes = [self.document["components"]["schemas"][each["$ref"].removeprefix(REF)] for each in options]
        return next(each for each in shapes if each["properties"]["response_mode"]["enum"] == [told["response_mode"]])

    def lists(self, prefix, mode) -> list:
        """The keys of the rows of a list, from all its pages."""
        keys, address = [], f"/2.3.0/{prefix}/?limit=100&mode={mode}"
        while address:
            page = self.ask(address, f"/2.3.0/{prefix}/")
            keys += [row.get("id") for row in page["results"]]
            address = page["next"]
        return keys

    def everything(self):
        """Every list in every mode, page by page; details of each; and endpoints of one object."""
        for prefix, mode in MODES:
            keys = self.lists(prefix, mode)
            if mode == next(iter(RESOURCES[prefix].modes or ["normal"])):
                for key in spread(keys):
                    self.ask(f"/2.3.0/{prefix}/{key}/", f"/2.3.0/{prefix}/{{id}}/")
                    for name in ADDITIONS.get(prefix, {}):
                        self.ask(f"/2.3.0/{prefix}/{key}/{name}/", f"/2.3.0/{prefix}/{{id}}/{name}/")
        for prefix in OBJECTS:
            for mode in ENDPOINTS[prefix].modes or ["normal"]:
                self.ask(f"/2.3.0/{prefix}/?mode={mode}", f"/2.3.0/{prefix}/")


def spread(keys) -> list:
    """A number of them, spread from the first to the last."""
    places = (
        range(len(keys)) if len(keys) <= DETAILS else [n * (len(keys) - 1) // (DETAILS - 1) for n in range(DETAILS)]
    )
    return [keys[place] for place in places]
