"""Which records a changed row belongs to, derived from the serializers.

A row of a table that has an endpoint is a record. Any other row (a first stage, a seat, a link) belongs to the records
that show it: a serializer of a launch with a field along `first_stages` makes the launch an owner of the stage. A row
that has its own endpoint ends the search: a renamed agency is a change of the agency, not of its launches."""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache

from django.db import models

from spacedevs.api.registry import endpoints, objects
from spacedevs.api.serializers import column_of, components, relations
from spacedevs.db.paths import fields_along, is_column, link_columns

Model = type[models.Model]


@dataclass
class Graph:
    """The ways from a table without an endpoint to those that show its rows."""

    endpoints: dict[Model, str]  # the paths of tables with records
    objects: dict[Model, str]  # the paths of objects that show whole tables, such as a dashboard
    # The foreign keys of a table to its owners, and the relations by which other tables name its rows:
    keys: dict[Model, set[models.ForeignKey]] = field(default_factory=lambda: defaultdict(set))
    named_by: dict[Model, set[tuple[Model, str]]] = field(default_factory=lambda: defaultdict(set))

    def add(self, model, relation):
        """Adds the ways back along a relation that a serializer of this model shows."""
        shown = relation.related_model
        if relation.many_to_many:
            links, here, _ = link_columns(relation)
            self.keys[links].add(next(each for each in links._meta.fields if each.column == here))
        if shown in self.endpoints:
            return
        if is_column(relation) or relation.many_to_many:
            self.named_by[shown].add((model, relation.name))
        else:
            self.keys[shown].add(relation.field)


@cache
def graph() -> Graph:
    """The ways of the current version, from all its serializers."""
    found = Graph({}, {})
    for path, endpoint in endpoints().items():
        if not endpoint.part:
            found.endpoints[endpoint.queryset.model] = path
    for component in components():
        for relation in relations(component):
            model = component.Meta.model
            for step in fields_along(model, relation.path):
                found.add(model, step)
                model = step.related_model
    for path, endpoint in objects().items():
        for model in shown_by(endpoint):
            if model not in found.endpoints:
                found.objects[model] = path
    return found


def shown_by(endpoint) -> list[Model]:
    """The tables of the rows that an object shows."""
    children = (getattr(each, "child", None) for each in endpoint.ladder[-1]().fields.values())
    return [child.Meta.model for child in children if child is not None and hasattr(child, "Meta")]


def owners() -> dict[Model, set[models.ForeignKey]]:
    """By table, the foreign keys to rows that show its rows as their own."""
    return dict(graph().keys)


@cache
def tables_below() -> dict[str, frozenset[str]]:
    """By path of an endpoint, the tables whose changes can concern its records."""
    known = graph()
    ends = {**known.endpoints, **known.objects}
    found = defaultdict(set)
    for model, path in ends.items():
        found[path].add(model._meta.db_table)
    for model in {*known.keys, *known.named_by} - ends.keys():
        for owner in ends_above(model, ()):
            found[ends[owner]].add(model._meta.db_table)
    return {path: frozenset(tables) for path, tables in found.items()}


def ends_above(model, seen) -> set[Model]:
    """The tables with records that rows of a table can belong to."""
    known = graph()
    if model in known.endpoints or model in known.objects:
        return {model}
    if model in seen:
        return set()
    above = {key.related_model for key in known.keys.get(model, ())}
    above |= {owner for owner, _ in known.named_by.get(model, ())}
    return {end for owner in above for end in ends_above(owner, (*seen, model))}


@cache
def fields_showing(endpoint) -> dict[str, dict[str, tuple[str, ...]]]:
    """By table, and in the endpoint's own table by column, the fields of a record that a change of it can concern.

    The key "" stands for all columns of another table."""
    representation = endpoint.ladder[-1]
    own = representation.Meta.model
    found = defaultdict(lambda: defaultdict(list))
    for relation in relations(representation):
        for table in tables_along(own, relation, own):
            found[table][""].append(relation.name)
        step = next(fields_along(own, relation.path))
        if is_column(step):
            found[own._meta.db_table][step.column].append(relation.name)
    for name, shown in representation().fields.items():
        column = column_of(shown)
        if column is not None:
            found[own._meta.db_table][column.column].append(name)
    return {table: {key: tuple(dict.fromkeys(names)) for key, names in by.items()} for table, by in found.items()}


def tables_along(model, relation, root) -> set[str]:
    """The tables without records that a relation of a serializer leads through, also inside of what it shows.

    A way may lead back to the table of the record itself, `root`: the stages of a rocket are those of its launch."""
    found = set()
    for step in fields_along(model, relation.path):
        if step.many_to_many:
            found.add(link_columns(step)[0]._meta.db_table)
        model = step.related_model
        if model is not root and model in graph().endpoints:
            return found
        found.add(model._meta.db_table)
    for inner in relations(relation.representation) if relation.representation else ():
        found |= tables_along(model, inner, root)
    return found - {root._meta.db_table}
