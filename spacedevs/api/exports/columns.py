"""The columns of a table that shows nested records: their names with dots, and their values."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import orjson
from rest_framework.exceptions import ValidationError
from rest_framework.serializers import ListSerializer

from spacedevs.api.filters.field_selection import OMIT, Representation, Selection, branches, selected

BETWEEN = "; "  # the values of a list
TITLES = "id", "name"  # what a table shows of a related record


class Column(NamedTuple):
    """A column: its name with dots, and the same in parts."""

    name: str
    parts: tuple[str, ...]

    def value(self, record) -> object:
        """The value in a record; several values of a list are joined as text."""
        found = values_at(record, self.parts)
        if isinstance(found, list):
            return BETWEEN.join(as_text(each) for each in found if each is not None)
        return as_text(found) if isinstance(found, dict) else found


def as_text(value) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def values_at(record, parts) -> object:
    if isinstance(record, list):
        found = [values_at(each, parts) for each in record]
        return [value for each in found for value in (each if isinstance(each, list) else [each])]
    if record is None or not parts:
        return record
    return values_at(record[parts[0]], parts[1:])


@cache
def lists(representation: Representation) -> frozenset[str]:
    """The fields of a serializer that show several records."""
    return frozenset(name for name, field in representation().fields.items() if isinstance(field, ListSerializer))


def columns(representation: Representation, fields: tuple[str, ...], omitted: tuple[str, ...]) -> list[Column]:
    """The columns for a query: the named ones in the order of the record, and all but the omitted ones.

    Of a branch that is named as a whole, and of a record without `fields`, these are its own values, and the id and
    the name of each related record."""
    selection, _ = selected(representation, fields)
    gone = tuple(f"{name.removesuffix('.*')}." for name in omitted)
    names = [name for name in named(representation, selection or None) if not f"{name}.".startswith(gone)]
    if not names or "*" in omitted:
        raise ValidationError({OMIT: ["This leaves no column."]})
    return [Column(name, tuple(name.split("."))) for name in names]


def named(representation: Representation, selection: Selection | None, above="") -> Iterator[str]:
    """The names of the columns for these fields of a serializer."""
    nested = branches(representation)
    if selection is not None:
        for name, part in selection:
            below = nested[name]
            yield from named(below, part, f"{above}{name}.") if below else [f"{above}{name}"]
        return
    for name, below in nested.items():
        if below is None:
            yield f"{above}{name}"
        elif name not in lists(representation):
            own = [each for each, deeper in branches(below).items() if deeper is None]
            yield from (f"{above}{name}.{each}" for each in own if each in TITLES or not {*own} & {*TITLES})
