"""The OpenAPI document of only the operations that the tools ask: `schema/?for=agents`.

The whole document is a hundred times what a model can read. Components that lie deeper than `DEPTH` are objects."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError

from spacedevs.api import document

from .asking import ROOT
from .calling import TOOLS

DEPTH = 2  # components within one another
READERS = ("agents",)
LEFT_OUT = {"examples", "maximum", "maxLength", "minimum", "minLength", "readOnly", "required", "x-spec-enum-id"}
COMPONENT = "#/components/schemas/"


class Document(document.Document):
    """The document, whole or for agents: then compact JSON."""

    @extend_schema(exclude=True)
    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        reader = request.query_params.get("for")
        if not reader:
            return super().get(request, *args, **kwargs)
        if reader not in READERS:
            raise ValidationError({"for": [f"Unknown reader. Choose from: {', '.join(READERS)}."]})
        whole = self.generator(request.query_params)(api_version=self.api_version).get_schema(public=True)
        return HttpResponse(orjson.dumps(reduced(whole), default=str), content_type="application/json")


def reduced(whole: dict[str, Any]) -> dict[str, Any]:
    """The document with the operations of the tools and the upper components of their answers."""
    about: dict[str, list[str]] = {}
    for tool in TOOLS.values():
        for path in tool.asks:
            about.setdefault(f"{ROOT}{path}", []).append(tool.about)
    paths = {path: {"get": operation(whole["paths"][path]["get"], texts)} for path, texts in about.items()}
    found: dict[str, Any] = {}
    wanted = sorted(referred(paths))
    for depth in range(1, DEPTH + 1):
        for name in wanted:
            found[name] = trimmed(whole["components"]["schemas"][name], keeps_references=depth < DEPTH)
        wanted = sorted(referred(found) - found.keys())
    known = {name: objects_for(schema, found.keys()) for name, schema in found.items()}
    return {
        **{name: whole[name] for name in ("openapi", "info", "servers") if name in whole},
        "paths": paths,
        "components": {"schemas": known},
    }


def operation(whole: dict[str, Any], about: list[str]) -> dict[str, Any]:
    """An operation with its parameters and the answer of a success."""
    answer = whole["responses"]["200"]["content"]["application/json"]
    return {
        **{name: whole[name] for name in ("operationId", "summary") if name in whole},
        "description": " ".join(about),
        "parameters": [trimmed(each) for each in whole.get("parameters", ())],
        "responses": {"200": {"description": "", "content": {"application/json": answer}}},
    }


def trimmed(value: Any, *, keeps_references: bool = True) -> Any:
    """A schema without what only a program needs; with objects in place of references, if these are not kept."""
    if isinstance(value, list):
        return [trimmed(each, keeps_references=keeps_references) for each in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value and not keeps_references:
        return {"type": "object"}
    is_schema = "type" in value and not isinstance(value["type"], dict)  # not the properties of an object
    left_out = LEFT_OUT if is_schema else set() if keeps_references else {"discriminator"}
    kept = {name: each for name, each in value.items() if name not in left_out}
    return {name: trimmed(each, keeps_references=keeps_references) for name, each in kept.items()}


def referred(value: Any) -> set[str]:
    """The names of the components that a value refers to."""
    if isinstance(value, list):
        return set().union(*map(referred, value))
    if not isinstance(value, dict):
        return set()
    own = {value["$ref"].removeprefix(COMPONENT)} if isinstance(value.get("$ref"), str) else set()
    mapped = value.get("mapping")
    named = {each.removeprefix(COMPONENT) for each in mapped.values()} if isinstance(mapped, dict) else set()
    return own.union(named, *map(referred, value.values()))


def objects_for(value: Any, known: Any) -> Any:
    """A schema with objects in place of references to components that are left out."""
    if isinstance(value, list):
        return [objects_for(each, known) for each in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("$ref"), str) and value["$ref"].removeprefix(COMPONENT) not in known:
        return {"type": "object"}
    return {name: objects_for(each, known) for name, each in value.items()}
