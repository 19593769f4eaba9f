"""Compiled serializers with only some of their fields: they read no column that is not shown."""

from __future__ import annotations

from typing import Any

import orjson

from spacedevs.api.filters.field_selection import Selection, pruned

from .compiled import CompiledSerializer, Context, Key, Row, Shown

# By component and selection; of one plan, so that these go with it.
Made = dict[tuple[CompiledSerializer, Selection], CompiledSerializer]


class LimitedSerializer(CompiledSerializer):
    """Some fields of a compiled serializer. It is made of its parts, which takes a hundredth of compiling."""

    def __init__(self, whole: CompiledSerializer, selection: Selection, made: Made):
        self.representation, self.model, self.key = whole.representation, whole.model, whole.key
        self.whole, self.selection, self.is_known = whole, selection, whole.is_known
        place_of = {name: place for place, name in enumerate(whole.names)}
        parts = {place_of[name]: part for name, part in selection} if self.is_known else {}
        here = {place: number for number, place in enumerate(parts)}  # the places here by those in the whole
        self.names = [whole.names[place] for place in parts]
        self.columns = [whole.columns[place] for place in parts] or [(self.key.name,)]
        self.conversions = [(here[place], each) for place, each in whole.conversions if place in here]
        self.defaults = [(here[place], each) for place, each in whole.defaults if place in here]
        self.constants = [(here[place], each) for place, each in whole.constants if place in here]
        self.urls = [(here[place], each) for place, each in whole.urls if place in here]
        self.to_one = [
            (here[place], relation, limited(one, parts[place], made))
            for place, relation, one in whole.to_one
            if place in here
        ]
        self.to_many = [
            (here[place], path, limited(many, parts[place], made))
            for place, path, many in whole.to_many
            if place in here
        ]
        self.reductions = {here[place]: each for place, each in whole.reductions.items() if place in here}
        self.computed = {here[place] for place in whole.computed if place in here}
        if self.is_computed:
            self.columns.append(("changes_at",))

    def write_plainly(self, rows: dict[Key, Row], context: Context) -> dict[Key, Shown]:
        shown = self.whole.write_plainly(rows, context)
        return {key: pruned(orjson.loads(orjson.dumps(record)), self.selection) for key, record in shown.items()}


def limited(whole: CompiledSerializer, selection: Any, made: Made) -> CompiledSerializer:
    """A component with the selected fields."""
    if selection is None:
        return whole
    if (whole, selection) not in made:
        made[whole, selection] = LimitedSerializer(whole, selection, made)
    return made[whole, selection]
