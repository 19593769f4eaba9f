"""Declarative classes: the base class declares every option with its default, and refuses unknown ones."""

from functools import cached_property
from inspect import get_annotations

from django.utils.functional import classproperty

DESCRIPTORS = property, cached_property, classproperty, classmethod, staticmethod


class Misspelt(TypeError):
    """A declaration has an option that none of its base classes declares."""


def refuse_unknown_attributes(cls):
    """Raises Misspelt if a class sets a public attribute, other than a method, that none of its bases has.

    An annotated attribute (`chaser: str = ""`) declares a new option. Classes of `spacedevs` are exempt, because they
    define the options."""
    if cls.__module__.startswith("spacedevs."):
        return
    unknown = [
        name
        for name, value in vars(cls).items()
        if not name.startswith("_")
        and name not in get_annotations(cls)
        and not callable(value)
        and not isinstance(value, DESCRIPTORS)
        and not any(name in vars(base) for base in cls.__mro__[1:])
    ]
    if unknown:
        raise Misspelt(f"{cls.__qualname__}: {', '.join(unknown)}: no base class declares this.")


def refuse_unknown_options(cls, known):
    """Raises Misspelt if the Meta of a class has an option that is not among these."""
    options = vars(cls).get("Meta")
    unknown = sorted(name for name in vars(options or object) if not name.startswith("_") and name not in known)
    if options is not None and unknown:
        raise Misspelt(f"{cls.__qualname__}.Meta: {', '.join(unknown)}: unknown option.")
