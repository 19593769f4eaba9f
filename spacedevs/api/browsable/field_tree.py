"""The tree of an endpoint's fields on an HTML page, to tick those that are shown; it works without scripts.

It is derived from the serializers, and has three levels: the text field beside it takes deeper names."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from spacedevs.api.filters.field_selection import FIELDS, OMIT, branches

LEVELS = 3


@dataclass(frozen=True)
class Node:
    """A field: its name with dots, its own name, and the fields below it."""

    name: str
    label: str
    below: tuple["Node", ...]

    @property
    def all(self) -> Iterator["Node"]:
        yield self
        for each in self.below:
            yield from each.all


def nodes(representation, levels=LEVELS, above="") -> tuple[Node, ...]:
    """The fields of a serializer."""
    return tuple(
        Node(f"{above}{name}", name, nodes(nested, levels - 1, f"{above}{name}.") if nested and levels > 1 else ())
        for name, nested in branches(representation).items()
    )


class FieldTree:
    """The fields of an endpoint, with those ticked that a query names."""

    def __init__(self, view, query):
        deepest = nodes(view.ladder[-1])
        shallow = {each.name: each for each in nodes(view.mode_class)}
        self.nodes = {**shallow, **{each.name: each for each in deepest}}.values()
        names = {name.strip().removesuffix(".*") for name in ",".join(query.getlist(FIELDS)).split(",")} - {""}
        self.known = {each.name for node in self.nodes for each in node.all}
        self.ticked = names & self.known
        self.others = ",".join(sorted(names - self.known))
        self.omitted = ",".join(filter(None, query.getlist(OMIT)))

    @property
    def is_used(self) -> bool:
        return bool(self.ticked or self.others or self.omitted)

    @property
    def html(self) -> SafeString:
        return self.rendered(self.nodes)

    def rendered(self, listed) -> SafeString:
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}{}</li>", map(self.parts, listed)))

    def parts(self, node) -> tuple[SafeString, SafeString]:
        """The box of a field, and what is below it."""
        ticked = SafeString(" checked" * (node.name in self.ticked))
        box = format_html(
            '<label><input type="checkbox" name="{}" value="{}"{}> {}</label>', FIELDS, node.name, ticked, node.label
        )
        if not node.below:
            return box, SafeString()
        is_open = SafeString(" open" * any(each.name in self.ticked for below in node.below for each in below.all))
        summary = '<details{}><summary aria-label="Fields of {}">…</summary>{}</details>'
        return box, format_html(summary, is_open, node.name, self.rendered(node.below))
