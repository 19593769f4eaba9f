"""What is imported when somebody asks for it: views, descriptions, and the URLs of a namespace.

Each library that a process does not load is memory that it does not take, and time that it does not start later."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from django.urls.resolvers import RoutePattern, URLResolver
from django.utils.module_loading import import_string


def view(name: str, **arguments) -> Callable[..., Any]:
    """The view with this dotted name: a function, or a class with these arguments for its `as_view`."""
    found: list[Callable[..., Any]] = []

    def imported(*args, **kwargs):
        if not found:
            named = import_string(name)
            found.append(named.as_view(**arguments) if isinstance(named, type) else named)
        return found[0](*args, **kwargs)

    # Of a view that only reads, Django then leaves refusing to the view, which answers 405.
    imported.csrf_exempt = True  # type: ignore[attr-defined] - a function
    return imported


class Namespace(URLResolver):
    """URLs in a namespace, whose patterns a function makes when one of them is first needed.

    Django itself would ask for the patterns as soon as any URL of the server is made."""

    def __init__(self, route: str, name: str, app: str, make: Callable[[], list]):
        super().__init__(RoutePattern(route, is_endpoint=False), None, app_name=app, namespace=name)
        self.make = make

    @cached_property
    def url_patterns(self) -> list:
        return self.make()

    def _populate(self):
        """Nothing: the resolver above needs the names inside only where there is no namespace."""


class Description:
    """The `schema` of a view: an object of the class with this dotted name, which describes the view in OpenAPI."""

    def __init__(self, name: str):
        self.name = name

    @cached_property
    def inspector(self):
        return import_string(self.name)()

    def __get__(self, view, owner):
        return self if view is None else self.inspector.__get__(view, owner)


def described_as(shape):
    """Says in OpenAPI what the values of a field or filter are: a type, a serializer or a JSON schema.

    It does what drf-spectacular's `extend_schema_field` does, without its import."""

    def describe(described):
        inherited = getattr(described, "_spectacular_annotation", {})
        described._spectacular_annotation = {**inherited, "field": shape, "field_component_name": None}
        return described

    return describe


@contextmanager
def absent(*names: str) -> Iterator[None]:
    """Hides modules from what is imported meanwhile, unless they are loaded already: libraries use some of others only
    if they are installed, and we never have them do so."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type] - None is how an import is refused
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)
