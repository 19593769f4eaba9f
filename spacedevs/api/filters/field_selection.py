"""The parameters `fields` and `omit`: which fields of a record a response shows.

`fields` names what is shown and `omit` what is not, by names with dots, such as `pad.location.name`; `pad` and `pad.*`
name all of a branch. Names count in the representation of the requested mode. If it lacks some, a deeper mode that has
more of them takes its place, up to the deepest one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import Any, NamedTuple, TypeAlias

from django.http import QueryDict
from rest_framework.exceptions import ValidationError
from rest_framework.serializers import BaseSerializer, Serializer

from spacedevs.http.negotiation import UNORDERED

from .unknown_parameters import MAX_LETTERS as MAX_LETTERS_TOLD
from .unknown_parameters import MAX_NAMED

FIELDS, OMIT = UNORDERED
WHOLE_BRANCH = "*"
MAX_LETTERS, MAX_NAMES, MAX_PARTS, MAX_LETTERS_OF_NAME = 6_000, 200, 20, 400
MAX_CHOICES = 128  # queries whose choice is remembered

Representation: TypeAlias = type[Serializer[Any]]
# The fields that are shown, in the order of the serializer, each with those that are shown in it; None for all.
Selection: TypeAlias = tuple[tuple[str, "Selection | None"], ...]
Asked: TypeAlias = list[tuple[str, list[str]]]  # whole names, each with the parts of it that are still to be found


class Choice(NamedTuple):
    """What a query chooses: the representation, and the fields of it that are shown."""

    representation: Representation
    selection: Selection | None = None
    unknown: tuple[tuple[str, str], ...] = ()  # parameters with names that do not exist
    unused: tuple[str, ...] = ()  # parameters that mean nothing in this format

    @property
    def ignored(self) -> list[str]:
        """What is ignored, for a header."""
        return [*self.unused, *(f"{parameter}:{name}" for parameter, name in self.unknown[:MAX_NAMED])]

    @property
    def complaints(self) -> dict[str, str]:
        """By parameter, what is wrong."""
        said: defaultdict[str, list[str]] = defaultdict(list)
        for parameter, name in self.unknown[:MAX_NAMED]:
            said[parameter].append(complaint(name, self.representation))
        told = {parameter: " ".join(texts) for parameter, texts in said.items()}
        return {**told, **dict.fromkeys(self.unused, "Feeds have fields of their own.")}


@cache
def branches(representation: Representation) -> dict[str, Representation | None]:
    """The names of a serializer's fields in order, each with the serializer that is nested there, if any."""
    shown = {name: getattr(field, "child", field) for name, field in representation().fields.items()}
    return {name: type(each) if isinstance(each, BaseSerializer) else None for name, each in shown.items()}


def names_in(query: QueryDict, parameter: str) -> tuple[str, ...]:
    """The distinct names in all values of a parameter, sorted."""
    text = ",".join(query.getlist(parameter))
    names = sorted({name.strip() for name in text.split(",")} - {""})
    limits = {
        f"Use at most {MAX_LETTERS} characters.": len(text) > MAX_LETTERS,
        f"Use at most {MAX_NAMES} names.": len(names) > MAX_NAMES,
        f"A name has at most {MAX_PARTS} parts.": any(name.count(".") >= MAX_PARTS for name in names),
        f"A name has at most {MAX_LETTERS_OF_NAME} characters.": max(map(len, names), default=0) > MAX_LETTERS_OF_NAME,
        "Names contain no null characters.": "\0" in text,
    }
    if complaints := [told for told, is_so in limits.items() if is_so]:
        raise ValidationError({parameter: complaints})
    return tuple(names)


def choice(query: QueryDict, rungs: tuple[Representation, ...], is_feed: bool) -> Choice:
    """What a query chooses; `rungs` are the representations of the requested mode and of all deeper ones."""
    if FIELDS not in query and OMIT not in query:
        return Choice(rungs[0])
    if is_feed:
        return Choice(rungs[0], unused=tuple(name for name in UNORDERED if query.get(name)))
    return chosen(rungs, names_in(query, FIELDS), names_in(query, OMIT))


@lru_cache(maxsize=MAX_CHOICES)
def chosen(rungs: tuple[Representation, ...], fields: tuple[str, ...], omitted: tuple[str, ...]) -> Choice:
    found = [(rung, *selected(rung, fields)) for rung in rungs]
    representation, selection, unknown = min(found, key=lambda each: len(each[2]))  # the first one of several
    selection = selection or None  # if no name is known, all is shown
    without, unknown_without = selected(representation, omitted)
    if without != ():
        selection = difference(representation, selection, without)
        if not selection:
            raise ValidationError({OMIT: ["This leaves no field."]})
    told = [*((FIELDS, name) for name in sorted(unknown)), *((OMIT, name) for name in sorted(unknown_without))]
    return Choice(representation, selection, tuple(told))


def selected(representation: Representation, names: Iterable[str]) -> tuple[Selection | None, set[str]]:
    """The fields with these names, and the unknown ones among them."""
    asked = [(name, name.split(".")) for name in names]
    known: set[str] = set()
    selection = select(representation, asked, known)
    return selection, {name for name, _ in asked} - known


def select(representation: Representation, asked: Asked, known: set[str]) -> Selection | None:
    """The named fields of a serializer; it adds the whole names of those that it finds to the known ones."""
    fields = branches(representation)
    below: defaultdict[str, Asked] = defaultdict(list)
    whole: set[str] = set()
    is_whole = False
    for name, (first, *rest) in asked:
        if first == WHOLE_BRANCH and not rest:
            known.add(name)
            is_whole = True
        elif first in fields and not rest:
            known.add(name)
            whole.add(first)
        elif fields.get(first):
            below[first].append((name, rest))
    parts: dict[str, Selection | None] = {}
    for first, further in below.items():
        nested = fields[first]
        if nested and (part := select(nested, further, known)) != ():
            parts[first] = part
    parts.update(dict.fromkeys(whole))
    found = tuple((name, parts[name]) for name in fields if name in parts)
    return None if is_whole or is_all(representation, found) else found


def difference(representation: Representation, kept: Selection | None, gone: Selection | None) -> Selection | None:
    """The fields of the first selection that are not in the second one."""
    if gone is None:
        return ()
    fields, removed = branches(representation), dict(gone)
    found = []
    for name, part in dict.fromkeys(fields).items() if kept is None else kept:
        nested = fields[name]
        if name in removed and (nested is None or (part := difference(nested, part, removed[name])) == ()):
            continue
        found.append((name, part))
    return None if is_all(representation, tuple(found)) else tuple(found)


def is_all(representation: Representation, selection: Selection) -> bool:
    return len(selection) == len(branches(representation)) and not any(part for _, part in selection)


def pruned(data: Any, selection: Selection | None) -> Any:
    """The selected fields of a rendered record, or of each record of a list."""
    if selection is None or data is None:
        return data
    if isinstance(data, list):
        return [pruned(each, selection) for each in data]
    return {name: pruned(data[name], part) for name, part in selection}


def complaint(name: str, representation: Representation) -> str:
    """What is wrong with an unknown name."""
    nearest = suggestion(name.split("."), representation)
    name = name[:MAX_LETTERS_TOLD]
    return f"Unknown field: {name}. Did you mean {nearest}?" if nearest else f"Unknown field: {name}."


def suggestion(parts: Collection[str], representation: Representation) -> str:
    """The known name that is nearest to an unknown one; "" if none is near."""
    first, *rest = parts
    fields = branches(representation)
    if first not in fields:
        first = next(iter(get_close_matches(first, fields, n=1)), "")
    nested = first and fields[first]
    if not rest or not nested:
        return first
    further = suggestion(rest, nested)
    return f"{first}.{further}" if further else ""
