"""The OpenAPI document as pages: the operations of each noun, and each component, with links between them."""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache

from django.urls import reverse
from django.utils.text import slugify

from spacedevs.api.contents import contents
from spacedevs.api.schema import Generator
from spacedevs.router import router

REF = "#/components/schemas/"


@dataclass(frozen=True)
class Words:
    """A part of the description of a type: text, or a component with a link."""

    text: str
    component: str = ""

    @property
    def address(self) -> str:
        return component_address(self.component)


@dataclass
class Operation:
    method: str
    path: str
    name: str
    about: str
    parameters: list[dict]
    answers: list[Words]


@dataclass
class Tag:
    title: str
    operations: list[Operation] = field(default_factory=list)

    @property
    def slug(self) -> str:
        return slugify(self.title)

    @property
    def address(self) -> str:
        return reverse("reference-tag", args=[self.slug])


@dataclass
class Property:
    name: str
    kind: list[Words]
    description: str
    is_required: bool


@dataclass
class Component:
    name: str
    description: str
    properties: list[Property]
    kind: list[Words]
    shown_in: list[Words] = field(default_factory=list)


def component_address(name) -> str:
    return reverse("reference-component", args=[name])


def document() -> dict:
    """The OpenAPI document."""
    return Generator().get_schema()


def kind(schema) -> list[Words]:
    """The description of a type."""
    types = schema.get("type", "anything")
    first, *others = types if isinstance(types, list) else [types]
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(REF)
        said = [Words(name, name)]
    elif options := schema.get("oneOf") or schema.get("anyOf") or schema.get("allOf"):
        said = [word for number, each in enumerate(options) for word in [Words(" or ")] * bool(number) + kind(each)]
    elif first == "array":
        said = [Words("array of "), *kind(schema["items"])]
    elif "enum" in schema:
        said = [Words(", ".join(str(value) for value in schema["enum"] if value is not None))]
    else:
        said = [Words(" ".join(filter(None, [first, schema.get("format")])))]
    return [*said, *(Words(f" or {other}") for other in others)]


@cache
def tags() -> dict[str, Tag]:
    """The operations by the slug of their tag, in the order of the document."""
    about = {entry.address: entry.about for section in contents(router) for entry in section.entries}
    found = {}
    for path, methods in document()["paths"].items():
        for method, said in methods.items():
            listed = path.partition("{")[0]
            answer = next(iter(said["responses"]["200"].get("content", {}).values()), {"schema": {}})
            operation = Operation(
                method.upper(),
                path,
                said["operationId"],
                f"{'One record. ' * (listed != path)}{about.get(listed, '')}",
                [{**each, "kind": kind(each["schema"])} for each in said.get("parameters", [])],
                kind(answer["schema"]),
            )
            tag = found.setdefault(slugify(said["tags"][0]), Tag(said["tags"][0]))
            tag.operations.append(operation)
    return found


@cache
def components() -> dict[str, Component]:
    """The components by name, each with the components that show it."""
    found = {}
    for name, said in document()["components"]["schemas"].items():
        required = said.get("required", [])
        properties = [
            Property(key, kind(value), "" if "enum" in value else value.get("description", ""), key in required)
            for key, value in said.get("properties", {}).items()
        ]
        others = [] if properties else kind(said)
        found[name] = Component(name, said.get("description", ""), properties, others)
    shown = defaultdict(dict)
    for component in found.values():
        for word in [*component.kind, *(word for each in component.properties for word in each.kind)]:
            shown[word.component][component.name] = Words(component.name, component.name)
    for name, component in found.items():
        component.shown_in = list(shown[name].values())
    return found
