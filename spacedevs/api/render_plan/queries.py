"""The statements that read what the shapes show: one for each table, one for each way to rows of another."""

from collections import defaultdict
from operator import itemgetter

from spacedevs.db.bulk import any_key
from spacedevs.db.ordering import own_order
from spacedevs.db.paths import column_sql, join, quoted

from .compiled import CompiledSerializer
from .relations import RelationPath


class ColumnSet:
    """The columns that one statement reads, of one table and of those joined to it."""

    def __init__(self, model):
        self.model, self.columns, self.joins = model, {}, {}

    def place(self, path) -> int:
        """The place in a row of the column that this path of relations leads to."""
        model, alias = self.model, "t"
        for step in path[:-1]:
            relation = model._meta.get_field(step)
            alias = self.join(alias, relation)
            model = relation.related_model
        return self.columns.setdefault(column_sql(model, path[-1], alias), len(self.columns))

    def join(self, alias, relation) -> str:
        target = relation.target_field
        condition = f"{alias}.{quoted(relation.column)} = {{}}.{quoted(target.column)}"
        return self.joins.setdefault((relation.related_model, condition), f"j{len(self.joins)}")

    def statement(self, source="", condition="", order="") -> str:
        table = f"{quoted(self.model._meta.db_table)} t"
        joins = (
            join(model, alias, condition.format(alias), " LEFT ") for (model, condition), alias in self.joins.items()
        )
        columns = ", ".join(self.columns)
        return f"SELECT {columns} FROM {table}{source}{''.join(joins)} WHERE {condition}{order}"  # noqa: S608


def comes_along(relation, shown: CompiledSerializer) -> bool:
    """Whether the rows of a relation are read with those that show them, by a join or with the links:
    where they are small, or hardly any two rows share one, so that little is read twice."""
    if isinstance(relation, RelationPath):
        return shown.is_small or relation.is_owned or not shown.urls
    return shown.is_small or (relation.one_to_one and not shown.manies)


class RowSlice:
    """One shape in the rows of a statement, with the small ones that are joined to it."""

    def __init__(self, shape: CompiledSerializer, select: ColumnSet, path=()):
        self.shape = shape
        places = [select.place((*path, *column)) for column in shape.columns]
        self.pick = itemgetter(*places) if len(places) > 1 else lambda row: (row[places[0]],)
        self.key = itemgetter(select.place((*path, shape.key.name)))
        self.joined = [
            RowSlice(one, select, (*path, relation.name))
            for _, relation, one in shape.ones
            if comes_along(relation, one)
        ]

    def parts(self):
        """This part and all that is joined to it."""
        yield self
        for part in self.joined:
            yield from part.parts()


class TableQuery:
    """One statement for all shapes of one table that are ready to be read together, and their links.

    Shapes that always come along with others have links alone."""

    def __init__(self, shapes, fetched):
        model = shapes[0].model
        self.select = ColumnSet(model)
        self.key = self.select.place((model._meta.pk.name,))
        self.parts = [RowSlice(shape, self.select) for shape in shapes if shape in fetched]
        condition = any_key(f"t.{quoted(model._meta.pk.column)}", model._meta.pk)
        self.statement = self.select.statement(condition=condition)
        self.links = group_links(shapes)

    def ask(self, page) -> list[tuple]:
        """What is to be read for a page, and who takes the rows: (statement, keys, taker)."""
        wanted = set().union(*(page.missing(part.shape) for part in self.parts))
        asked = [(self.statement, wanted, self.take)] if wanted or (page.every and self.parts) else []
        return [*asked, *filter(None, (link.ask(page) for link in self.links))]

    def take(self, page, rows, wanted):
        found = {row[self.key]: row for row in rows}
        for part in self.parts:
            page.keep(part, [found[key] for key in page.needed[part.shape] if key in found])


class RelatedQuery:
    """One statement for a way to rows of all shapes that show it: which rows belong to which."""

    def __init__(self, way, owners, targets):
        self.way, self.owners, self.targets = way, owners, targets
        model = way.target
        select = ColumnSet(model)
        target = select.place((model._meta.pk.name,))
        self.parts = [RowSlice(each, select) for each in targets if comes_along(way, each)]
        source, owner = way.joins_to_owner()
        self.target, self.owner = target, select.columns.setdefault(owner, len(select.columns))
        condition = any_key(owner, way.model._meta.pk) + way.condition()
        self.statement = select.statement(source, condition, f" ORDER BY {', '.join(ordering(model))}")

    def ask(self, page) -> tuple | None:
        owners = set().union(*(page.known(owner) for owner in self.owners))
        wanted = owners - set.intersection(*(page.asked[self.way, target] for target in self.targets))
        return (self.statement, wanted, self.take) if wanted or page.every else None

    def take(self, page, rows, wanted):
        for target in self.targets:
            asked, owned = page.asked[self.way, target], page.links[self.way, target]
            for row in rows:
                if row[self.owner] not in asked:
                    owned[row[self.owner]][row[self.target]] = None  # several steps may lead to a row twice
            asked.update(wanted)
            page.needed[target].update(row[self.target] for row in rows)
        for part in self.parts:
            page.keep(part, rows)


def ordering(model) -> list[str]:
    """The order in which related rows are shown: as the model's own lists are."""
    return [
        f"t.{quoted(column.column)}{' DESC' if falls else ''}"
        + (f" NULLS {'FIRST' if falls else 'LAST'}" if column.null else "")
        for column, falls in own_order(model)
    ]


def group_links(shapes) -> list[RelatedQuery]:
    """A link for each way to rows that these shapes show."""
    owners, targets = defaultdict(list), defaultdict(list)
    for each in shapes:
        for _, way, target in each.manies:
            owners[way].append(each)
            if target not in targets[way]:
                targets[way].append(target)
    return [RelatedQuery(way, owners[way], targets[way]) for way in owners]
