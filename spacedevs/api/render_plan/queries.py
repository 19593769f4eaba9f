"""The statements of a plan: one for each table, and one for each to-many path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Protocol

from django.db import models

from spacedevs.db.bulk import any_key
from spacedevs.db.footprints.recording import of_rows, present
from spacedevs.db.footprints.statements import reads_of_rows
from spacedevs.db.ordering import steps
from spacedevs.db.paths import column_name, column_sql, join, quoted

from .compiled import CompiledSerializer, Key, Row
from .relations import Relation, RelationPath

Links = defaultdict[Key, dict[Key, None]]  # the keys of the related rows of each row, in order


class Context(Protocol):
    """The part of `RenderContext` that statements use."""

    every: bool
    needed: defaultdict[CompiledSerializer, set[Key]]
    links: defaultdict[tuple[RelationPath, CompiledSerializer], Links]
    asked: defaultdict[tuple[RelationPath, CompiledSerializer], set[Key]]

    def keep(self, part: RowSlice, rows: list[Row]) -> None: ...

    def known(self, component: CompiledSerializer) -> set[Key]: ...

    def missing(self, component: CompiledSerializer) -> set[Key]: ...


Taker = Callable[[Context, list[Row], set[Key]], None]
Question = tuple[str, set[Key], Taker]  # a statement, its keys, and the function that takes the rows


class ColumnSet:
    """The columns of a statement, of one table and of joined ones."""

    def __init__(self, model: type[models.Model]):
        self.model = model
        self.columns: dict[str, int] = {}  # the SQL of each column, and its position in a row
        self.joins: dict[tuple[type[models.Model], str], str] = {}  # (table, condition): alias
        # By alias of a joined table: the table, its key, and the column that refers to it.
        self.keys: dict[str, tuple[str, str, str]] = {}
        # The tables of which certain rows are read, and the function for the key of such a row:
        self.keyed: list[tuple[str, Callable[[Row], Key]]] = []

    def place(self, path: tuple[str, ...]) -> int:
        """The position in a row of the column at this path of relations."""
        model, alias = self.table(path)
        return self.columns.setdefault(column_sql(model, path[-1], alias), len(self.columns))

    def table(self, path: tuple[str, ...]) -> tuple[type[models.Model], str]:
        """The table of the column at this path of relations, and its alias."""
        model, alias = self.model, "t"
        for step in path[:-1]:
            relation: Relation = model._meta.get_field(step)
            alias = self.join(alias, relation)
            model = relation.related_model
        return model, alias

    def join(self, alias: str, relation: Relation) -> str:
        target = relation.target_field
        reference = f"{alias}.{quoted(relation.column)}"
        condition = f"{reference} = {{}}.{quoted(target.column)}"
        found = self.joins.setdefault((relation.related_model, condition), f"j{len(self.joins)}")
        if target.primary_key:
            self.keys[found] = relation.related_model._meta.db_table, f"{found}.{quoted(target.column)}", reference
        return found

    def statement(self, source: str = "", condition: str = "", order: str = "", choice: str = "") -> str:
        """The statement. It is known which rows it shows; `choice` is the part that chooses or orders rows of its
        table."""
        own = self.model._meta.db_table
        keys = [own, *(table for table, _, _ in self.keys.values())]
        for table, key, reference in self.keys.values():
            read = key if key in self.columns else reference
            self.keyed.append((table, itemgetter(self.columns.setdefault(read, len(self.columns)))))
        sql = self.sql(source, condition, order)
        ordered = [table for alias, (table, _, _) in self.keys.items() if f"{alias}." in choice]
        if (reads := of_rows.get(sql)) is None:
            reads = of_rows[sql] = reads_of_rows(sql, keys, choice, [own, *ordered] if choice else ())
        self.reads = reads  # known as long as a plan has the statement
        return sql

    def sql(self, source: str, condition: str, order: str) -> str:
        table = f"{quoted(self.model._meta.db_table)} t"
        joins = (
            join(model, alias, condition.format(alias), " LEFT ") for (model, condition), alias in self.joins.items()
        )
        columns = ", ".join(self.columns)
        return f"SELECT {columns} FROM {table}{source}{''.join(joins)} WHERE {condition}{order}"  # noqa: S608

    def record(self, rows: list[Row], keys: Iterable[Key]) -> None:
        """Records that these rows are shown, and of the own table those with these keys."""
        if (recorded := present.recording) is not None:
            recorded.rows[self.model._meta.db_table].update(keys)
            for table, key in self.keyed:
                recorded.rows[table].update(map(key, rows))


def comes_along(relation: Relation | RelationPath, shown: CompiledSerializer) -> bool:
    """Whether related rows are read together with their owners, by a join or with the related keys: if they are small
    or rarely shared, so that little is read repeatedly."""
    if isinstance(relation, RelationPath):
        return shown.is_small or relation.is_owned or not shown.urls
    return shown.is_small or (relation.one_to_one and not shown.to_many)


class RowSlice:
    """A component in the rows of a statement, with the components joined to it."""

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
        """This slice and all joined to it."""
        yield self
        for part in self.joined:
            yield from part.parts()


class TableQuery:
    """A statement for all components of a table that are read in the same round, and their related keys.

    Components that are always joined to others only have related keys."""

    def __init__(self, components: list[CompiledSerializer], fetched: set[CompiledSerializer]):
        model = components[0].model
        self.select = ColumnSet(model)
        self.key = self.select.place((model._meta.pk.name,))
        self.parts = [RowSlice(component, self.select) for component in components if component in fetched]
        condition = any_key(f"t.{quoted(column_name(model._meta.pk))}", model._meta.pk)
        self.statement = self.select.statement(condition=condition)
        self.links = group_links(components)

    def ask(self, context: Context) -> list[Question]:
        """The statements to execute, as (statement, keys, function that takes the rows)."""
        wanted = set().union(*(context.missing(part.component) for part in self.parts))
        asked = [(self.statement, wanted, self.take)] if wanted or (context.every and self.parts) else []
        return [*asked, *filter(None, (link.ask(context) for link in self.links))]

    def take(self, context: Context, rows: list[Row], wanted: set[Key]) -> None:
        self.select.record(rows, wanted)
        found = {row[self.key]: row for row in rows}
        for part in self.parts:
            context.keep(part, [found[key] for key in context.needed[part.component] if key in found])


class RelatedQuery:
    """A statement for a to-many path of all components that show it: the keys of related rows."""

    def __init__(self, path: RelationPath, owners: list[CompiledSerializer], targets: list[CompiledSerializer]):
        self.path, self.owners, self.targets = path, owners, targets
        model = path.target
        select = ColumnSet(model)
        target = select.place((model._meta.pk.name,))
        self.parts = [RowSlice(each, select) for each in targets if comes_along(path, each)]
        source, owner = path.joins_to_owner()
        self.target, self.owner = target, select.columns.setdefault(owner, len(select.columns))
        condition = any_key(owner, path.model._meta.pk) + path.condition()
        order = ", ".join(step.sql(select.table(step.path)[1]) for step in steps(model, path.order))
        order = f" ORDER BY {order}"
        self.select = select
        self.statement = select.statement(source, condition, order, choice=f"{source} WHERE {condition}{order}")

    def ask(self, context: Context) -> Question | None:
        owners = set().union(*(context.known(owner) for owner in self.owners))
        wanted = owners - set.intersection(*(context.asked[self.path, target] for target in self.targets))
        return (self.statement, wanted, self.take) if wanted or context.every else None

    def take(self, context: Context, rows: list[Row], wanted: set[Key]) -> None:
        self.select.record(rows, (row[self.target] for row in rows))
        for target in self.targets:
            asked, owned = context.asked[self.path, target], context.links[self.path, target]
            for row in rows:  # in which a path of several relations may reach a row twice
                if row[self.owner] not in asked:
                    owned[row[self.owner]][row[self.target]] = None
            asked.update(wanted)
            context.needed[target].update(row[self.target] for row in rows)
        for part in self.parts:
            context.keep(part, rows)


def group_links(components: list[CompiledSerializer]) -> list[RelatedQuery]:
    """A RelatedQuery for each to-many path of these components."""
    owners: defaultdict[RelationPath, list[CompiledSerializer]] = defaultdict(list)
    targets: defaultdict[RelationPath, list[CompiledSerializer]] = defaultdict(list)
    for each in components:
        for _, path, target in each.to_many:
            owners[path].append(each)
            if target not in targets[path]:
                targets[path].append(target)
    return [RelatedQuery(path, owners[path], targets[path]) for path in owners]
