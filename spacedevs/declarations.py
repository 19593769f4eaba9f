"""Classes that are declarations: what they may say is declared, with its default, on the class that reads it."""

from functools import cached_property
from inspect import get_annotations

from django.utils.functional import classproperty

DESCRIPTORS = property, cached_property, classproperty, classmethod, staticmethod


class Misspelt(TypeError):
    """A declaration says what no class above it knows."""


def refuse_unknown_attributes(cls):
    """Raises Misspelt where a class sets a public attribute, other than a method, that none of its bases has.

    An annotated one (`chaser: str = ""`) declares something new. A class of spacedevs is no declaration: it is where
    attributes come from."""
    if cls.__module__.startswith("spacedevs."):
        return
    unknown = [
        name
        for name, value in vars(cls).items()
        if not name.startswith("_")
        and name not in get_annotations(cls)
        and not callable(value)
        and not isinstance(value, DESCRIPTORS)
        and not any(hasattr(base, name) for base in cls.__bases__)
    ]
    if unknown:
        raise Misspelt(f"{cls.__qualname__}: {', '.join(unknown)}: no class that it is made from knows that.")


def refuse_unknown_options(cls, known):
    """Raises Misspelt where the Meta of a class names an option that is not among these."""
    options = vars(cls).get("Meta")
    unknown = sorted(name for name in vars(options or object) if not name.startswith("_") and name not in known)
    if options is not None and unknown:
        raise Misspelt(f"{cls.__qualname__}.Meta: {', '.join(unknown)}: there is no such option.")
