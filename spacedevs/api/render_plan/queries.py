"""The statements that read what the components show: one for each table, one for each path to rows of another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Protocol

from django.db import models

from spacedevs.db.bulk import any_key
from spacedevs.db.ordering import own_order
from spacedevs.db.paths import column_name, column_sql, join, quoted

from .compiled import CompiledSerializer, Key, Row
from .relations import Relation, RelationPath

Links = defaultdict[Key, dict[Key, None]]  # the keys of the rows that belong to each row, in order


class Context(Protocol):
    """What has been found for one answer, which the statements go on from: see `RenderContext`."""

    every: bool
    needed: defaultdict[CompiledSerializer, set[Key]]
    links: defaultdict[tuple[RelationPath, CompiledSerializer], Links]
    asked: defaultdict[tuple[RelationPath, CompiledSerializer], set[Key]]

    def keep(self, part: RowSlice, rows: list[Row]) -> None: ...

    def known(self, component: CompiledSerializer) -> set[Key]: ...

    def missing(self, component: CompiledSerializer) -> set[Key]: ...


Taker = Callable[[Context, list[Row], set[Key]], None]
Question = tuple[str, set[Key], Taker]  # a statement, the keys that it is about, and who takes the rows


class ColumnSet:
    """The columns that one statement reads, of one table and of those joined to it."""

    def __init__(self, model: type[models.Model]):
        self.model = model
        self.columns: dict[str, int] = {}  # the SQL of each column, and its place in a row
        self.joins: dict[tuple[type[models.Model], str], str] = {}  # (table, condition): alias

    def place(self, path: tuple[str, ...]) -> int:
        """The place in a row of the column that this path of relations leads to."""
        model, alias = self.model, "t"
        for step in path[:-1]:
            relation: Relation = model._meta.get_field(step)
            alias = self.join(alias, relation)
            model = relation.related_model
        return self.columns.setdefault(column_sql(model, path[-1], alias), len(self.columns))

    def join(self, alias: str, relation: Relation) -> str:
        target = relation.target_field
        condition = f"{alias}.{quoted(relation.column)} = {{}}.{quoted(target.column)}"
        return self.joins.setdefault((relation.related_model, condition), f"j{len(self.joins)}")

    def statement(self, source: str = "", condition: str = "", order: str = "") -> str:
        table = f"{quoted(self.model._meta.db_table)} t"
        joins = (
            join(model, alias, condition.format(alias), " LEFT ") for (model, condition), alias in self.joins.items()
        )
        columns = ", ".join(self.columns)
        return f"SELECT {columns} FROM {table}{source}{''.join(joins)} WHERE {condition}{order}"  # noqa: S608


def comes_along(relation: Relation | RelationPath, shown: CompiledSerializer) -> bool:
    """Whether the rows of a relation are read with those that show them, by a join or with the links:
    where they are small, or hardly any two rows share one, so that little is read twice."""
    if isinstance(relation, RelationPath):
        return shown.is_small or relation.is_owned or not shown.urls
    return shown.is_small or (relation.one_to_one and not shown.to_many)


class RowSlice:
    """One component in the rows of a statement, with the small ones that are joined to it."""

    def __init__(self, component: CompiledSerializer, select: ColumnSet, path: tuple[str, ...] = ()):
        self.component = component
        places = [select.place((*path, *column)) for column in component.columns]
        self.pick: Callable[[Row], Row] = itemgetter(*places) if len(places) > 1 else lambda row: (row[places[0]],)
        self.key: Callable[[Row], Key] = itemgetter(select.place((*path, component.key.name)))
        self.joined = [
            RowSlice(one, select, (*path, relation.name))
            for _, relation, one in component.to_one
            if comes_along(relation, one)
        ]

    def parts(self) -> Iterator[RowSlice]:
        """This part and all that is joined to it."""
        yield self
        for part in self.joined:
            yield from part.parts()


class TableQuery:
    """One statement for all components of one table that are ready to be read together, and their links.

    Shapes that always come along with others have links alone."""

    def __init__(self, components: list[CompiledSerializer], fetched: set[CompiledSerializer]):
        model = components[0].model
        self.select = ColumnSet(model)
        self.key = self.select.place((model._meta.pk.name,))
        self.parts = [RowSlice(component, self.select) for component in components if component in fetched]
        condition = any_key(f"t.{quoted(column_name(model._meta.pk))}", model._meta.pk)
        self.statement = self.select.statement(condition=condition)
        self.links = group_links(components)

    def ask(self, context: Context) -> list[Question]:
        """What is to be read for an answer, and who takes the rows: (statement, keys, taker)."""
        wanted = set().union(*(context.missing(part.component) for part in self.parts))
        asked = [(self.statement, wanted, self.take)] if wanted or (context.every and self.parts) else []
        return [*asked, *filter(None, (link.ask(context) for link in self.links))]

    def take(self, context: Context, rows: list[Row], wanted: set[Key]) -> None:
        found = {row[self.key]: row for row in rows}
        for part in self.parts:
            context.keep(part, [found[key] for key in context.needed[part.component] if key in found])


class RelatedQuery:
    """One statement for a path to rows of all components that show it: which rows belong to which."""

    def __init__(self, path: RelationPath, owners: list[CompiledSerializer], targets: list[CompiledSerializer]):
        self.path, self.owners, self.targets = path, owners, targets
        model = path.target
        select = ColumnSet(model)
        target = select.place((model._meta.pk.name,))
        self.parts = [RowSlice(each, select) for each in targets if comes_along(path, each)]
        source, owner = path.joins_to_owner()
        self.target, self.owner = target, select.columns.setdefault(owner, len(select.columns))
        condition = any_key(owner, path.model._meta.pk) + path.condition()
        self.statement = select.statement(source, condition, f" ORDER BY {', '.join(ordering(model))}")

    def ask(self, context: Context) -> Question | None:
        owners = set().union(*(context.known(owner) for owner in self.owners))
        wanted = owners - set.intersection(*(context.asked[self.path, target] for target in self.targets))
        return (self.statement, wanted, self.take) if wanted or context.every else None

    def take(self, context: Context, rows: list[Row], wanted: set[Key]) -> None:
        for target in self.targets:
            asked, owned = context.asked[self.path, target], context.links[self.path, target]
            for row in rows:
                if row[self.owner] not in asked:
                    owned[row[self.owner]][row[self.target]] = None  # several steps may lead to a row twice
            asked.update(wanted)
            context.needed[target].update(row[self.target] for row in rows)
        for part in self.parts:
            context.keep(part, rows)


def ordering(model: type[models.Model]) -> list[str]:
    """The order in which related rows are shown: as the model's own lists are."""
    return [
        f"t.{quoted(column_name(column))}{' DESC' if falls else ''}"
        + (f" NULLS {'FIRST' if falls else 'LAST'}" if column.null else "")
        for column, falls in own_order(model)
    ]


def group_links(components: list[CompiledSerializer]) -> list[RelatedQuery]:
    """A link for each path to rows that these components show."""
    owners: defaultdict[RelationPath, list[CompiledSerializer]] = defaultdict(list)
    targets: defaultdict[RelationPath, list[CompiledSerializer]] = defaultdict(list)
    for each in components:
        for _, path, target in each.to_many:
            owners[path].append(each)
            if target not in targets[path]:
                targets[path].append(target)
    return [RelatedQuery(path, owners[path], targets[path]) for path in owners]
