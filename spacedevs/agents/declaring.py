"""How tools are declared: a function that asks the API, with a description and its arguments for a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .asking import Api, Unanswerable

KINDS = {str: "string", int: "integer", dict: "object"}


@dataclass(frozen=True)
class Argument:
    """An argument of a tool: a text, a whole number within bounds, or an object."""

    about: str
    kind: type = str
    is_required: bool = False
    default: Any = None
    most: int = 0  # of a number, from 1 on

    @property
    def schema(self) -> dict[str, Any]:
        bounds = {"minimum": 1, "maximum": self.most, "default": self.default} if self.kind is int else {}
        return {"type": KINDS[self.kind], "description": self.about, **bounds}

    def read(self, name: str, value: Any) -> Any:
        """The value as the tool takes it; raises Unanswerable."""
        if self.kind is int:
            is_number = isinstance(value, int) and not isinstance(value, bool)
            if not is_number and not (isinstance(value, str) and value.isascii() and value.isdigit()):
                raise Unanswerable(f"`{name}` must be a whole number from 1 to {self.most}.")
            if not 1 <= int(value) <= self.most:
                raise Unanswerable(f"`{name}` must be a whole number from 1 to {self.most}.")
            return int(value)
        if self.kind is dict and not isinstance(value, dict):
            raise Unanswerable(f'`{name}` must be an object, such as {{"limit": 5}}.')
        if self.kind is str and not isinstance(value, str | int):
            raise Unanswerable(f"`{name}` must be a text.")
        return str(value) if self.kind is str else value


@dataclass(frozen=True)
class Tool:
    """A tool by its name, and the operations of the API that it asks."""

    name: str
    about: str
    arguments: dict[str, Argument]
    answer: Callable[..., Any]
    asks: tuple[str, ...] = field(default=())  # paths of the OpenAPI document, below the root

    @property
    def schema(self) -> dict[str, Any]:
        required = [name for name, argument in self.arguments.items() if argument.is_required]
        return {
            "type": "object",
            "properties": {name: argument.schema for name, argument in self.arguments.items()},
            "required": required,
            "additionalProperties": False,
        }

    def call(self, api: Api, given: dict[str, Any]) -> Any:
        """The answer to a call; raises Unanswerable."""
        if unknown := sorted(given.keys() - self.arguments.keys()):
            known = ", ".join(self.arguments) or "none"
            raise Unanswerable(f"Unknown argument `{unknown[0][:64]}`. {self.name} takes: {known}.")
        read = {name: argument.default for name, argument in self.arguments.items()}
        for name, argument in self.arguments.items():
            if given.get(name) not in (None, ""):
                read[name] = argument.read(name, given[name])
            elif argument.is_required:
                raise Unanswerable(f"`{name}` is missing: {argument.about}")
        return self.answer(api, **read)


TOOLS: dict[str, Tool] = {}


def tool(about: str, *asks: str, **arguments: Argument) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declares the function below as the tool of its name."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        TOOLS[name] = Tool(name, about, arguments, function, asks)
        return function

    return declare


def text(about: str, *, is_required: bool = False) -> Argument:
    return Argument(about, is_required=is_required)


def number(about: str, default: int, most: int) -> Argument:
    return Argument(about, int, default=default, most=most)


def brief(record: dict[str, Any], **paths: str) -> dict[str, Any]:
    """Some values of a record, by dotted paths; null where there is none."""

    def at(path: str) -> Any:
        value: Any = record
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return value

    return {name: at(path) for name, path in paths.items()}
