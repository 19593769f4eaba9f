"""The tree of an endpoint's fields on an HTML page, to tick those that are shown; it works without scripts.

It is derived from the serializers, and has three levels: the text field beside it takes deeper names. It has hundreds
of boxes, so it is written once, and a request only ticks some."""

from functools import cache
from typing import NamedTuple

from django.utils.safestring import SafeString, mark_safe

from spacedevs.api.filters.field_selection import FIELDS, OMIT, branches

LEVELS = 3
CLOSED, OPEN = '<details><summary aria-label="Fields of {}">', '<details open><summary aria-label="Fields of {}">'


class Tree(NamedTuple):
    """The boxes of some fields, and the names of all in them."""

    html: str
    names: frozenset[str]


@cache
def tree(representations, levels=LEVELS, above="") -> Tree:
    """The fields of several serializers of the same records; those of the last one count."""
    shown = {name: below for each in representations for name, below in branches(each).items()}
    items, names = [], set()
    for label, nested in shown.items():
        name = f"{above}{label}"  # of Python, so nothing in it has to be escaped
        names.add(name)
        box = f'<label><input type="checkbox" name="{FIELDS}" value="{name}"> {label}</label>'
        below = ""
        if nested and levels > 1:
            inner = tree((nested,), levels - 1, f"{name}.")
            names |= inner.names
            below = f"{CLOSED.format(name)}…</summary>{inner.html}</details>"
        items.append(f"<li>{box}{below}</li>")
    return Tree(f"<ul>{''.join(items)}</ul>", frozenset(names))


class FieldTree:
    """The fields of an endpoint, with those ticked that a query names."""

    def __init__(self, view, query):
        self.tree = tree((view.mode_class, view.ladder[-1]))
        names = {name.strip().removesuffix(".*") for name in ",".join(query.getlist(FIELDS)).split(",")} - {""}
        self.ticked = names & self.tree.names
        self.others = ",".join(sorted(names - self.tree.names))
        self.omitted = ",".join(filter(None, query.getlist(OMIT)))

    @property
    def is_used(self) -> bool:
        return bool(self.ticked or self.others or self.omitted)

    @property
    def html(self) -> SafeString:
        found = self.tree.html
        for name in self.ticked:
            found = found.replace(f'value="{name}">', f'value="{name}" checked>')
            parts = name.split(".")
            for above in (".".join(parts[:number]) for number in range(1, len(parts))):
                found = found.replace(CLOSED.format(above), OPEN.format(above))
        return mark_safe(found)  # noqa: S308
