"""The render plan: what the representations show, loaded and written once for all that show it.

Compiled once for each representation that is asked for. At request time the keys of a page are known;
then, from the root down, each table is read once for all the rows of it that are needed, and each to-many
relation once; then, from the leaves up, every distinct object becomes bytes once, and these are put in
wherever it is shown. On a page of docking events one agency is shown hundreds of times: sharing is the
gain. Statements and conversions are read off Django's own metadata; a class with a field that the plan
does not know is written by plain DRF."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache, cached_property
from operator import itemgetter
from uuid import UUID

import orjson
from django.core.exceptions import FieldDoesNotExist
from django.db import connection, models
from django.urls import get_script_prefix, reverse
from django.utils.duration import duration_string
from rest_framework import serializers
from rest_framework.relations import HyperlinkedIdentityField
from rest_framework.renderers import JSONRenderer
from rest_framework.reverse import preserve_builtin_query_params

from .database import any_key, read_all
from .representations import Duration, NameOf, Representation, ResponseMode, Url, loaded

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS
FEW = 8  # columns: a related row of no more is read by a join, and needs no statement of its own


PROBES = 987654321987654321, UUID("f7a1c2d3-98b4-4c5d-8e6f-a0b1c2d3e4f5")  # keys that stand in for any other


def as_python_prints_it(value: float) -> orjson.Fragment:
    return orjson.Fragment(repr(value).encode())


# What is still to be done to a value as Django reads it, for each kind of field that is known.
CONVERSIONS = {
    serializers.BigIntegerField: None,
    serializers.BooleanField: None,
    serializers.CharField: None,
    serializers.DateField: None,
    serializers.DateTimeField: None,
    serializers.DurationField: duration_string,
    serializers.FloatField: as_python_prints_it,
    serializers.IntegerField: None,
    serializers.SlugField: None,
    serializers.UUIDField: None,
    Duration: Duration().to_representation,
    Url: None,
}


def raw_key(row):
    """The key of a row as the database has it."""
    return row._meta.pk.get_db_prep_value(row.pk, connection)


class Unknown(Exception):
    """A field that only plain DRF can show."""


# One class ---------------------------------------------------------------------------------------


class Shape:
    """A representation, compiled: which column stands at each of its keys, and what becomes of it."""

    def __init__(self, representation: type[Representation]):
        self.representation, self.model = representation, representation.Meta.model
        self.key = self.model._meta.pk
        self.names, self.columns = [], []  # the keys shown, and at each the path to a column
        self.conversions, self.constants, self.urls = [], [], []  # (place, what)
        self.ones, self.manies = [], []  # (place, relation, shape)
        self.is_known = True
        try:
            for place, (name, field) in enumerate(representation().fields.items()):
                self.names.append(name)
                self.compile(place, field)
        except Unknown:
            self.columns, self.ones, self.manies = [(self.key.name,)], [], []
            self.is_known = False

    def compile(self, place, field):
        if isinstance(field, ResponseMode):
            self.columns.append((self.key.name,))
            self.constants.append((place, field.mode))
        elif isinstance(field, HyperlinkedIdentityField):
            self.columns.append((self.key.name,))
            self.urls.append((place, field.view_name))
        elif isinstance(field, serializers.ListSerializer):
            self.columns.append((self.key.name,))
            self.manies.append((place, self.relation(field), shape(type(field.child))))
        elif isinstance(field, NameOf):
            self.columns.append((self.relation(field).name, field.slug_field))
        elif isinstance(field, Representation):
            self.columns.append((self.relation(field).name,))
            self.ones.append((place, self.relation(field), shape(type(field))))
        else:
            self.compile_value(place, field)

    def relation(self, field):
        """The relation of the model that a field shows."""
        relation = self.column(field)
        if not relation.is_relation or (relation.one_to_one and not relation.concrete):
            raise Unknown(field)
        return relation

    def column(self, field):
        if len(field.source_attrs) != 1:
            raise Unknown(field)
        try:
            return self.model._meta.get_field(field.source)
        except FieldDoesNotExist:
            raise Unknown(field) from None

    def compile_value(self, place, field):
        column = self.column(field)
        if type(field) not in CONVERSIONS or not column.concrete or column.is_relation:
            raise Unknown(field)
        self.columns.append((column.name,))
        if steps := [*database_conversions(column), *filter(None, [CONVERSIONS[type(field)]])]:
            self.conversions.append((place, steps[0] if len(steps) == 1 else chained(steps)))

    @cached_property
    def is_small(self) -> bool:
        """Whether it shows little enough to be read by a join."""
        return self.width <= FEW

    @cached_property
    def width(self) -> float:
        """How many columns it takes, with all that it shows; to-many relations are beyond measure."""
        if not self.is_known or self.manies:
            return float("inf")
        return len(set(self.columns)) + sum(one.width for _, _, one in self.ones)

    def write(self, rows: dict, page: "Page") -> dict:
        """The bytes of each of these rows."""
        if not self.is_known:
            return self.write_plainly(rows, page)
        urls = [(place, *page.address(view, self.key)) for place, view in self.urls]
        ones = [(place, page.written[one]) for place, _, one in self.ones]
        manies = [(place, page.links[relation, many], page.written[many]) for place, relation, many in self.manies]
        names, conversions, constants = self.names, self.conversions, self.constants
        text = self.key_text
        dumps, fragment, written = orjson.dumps, orjson.Fragment, {}
        for key, row in rows.items():
            values = list(row)
            for place, convert in conversions:
                if values[place] is not None:
                    values[place] = convert(values[place])
            for place, value in constants:
                values[place] = value
            for place, before, after in urls:
                values[place] = f"{before}{text(values[place])}{after}"
            for place, objects in ones:
                if values[place] is not None:
                    values[place] = objects[values[place]]
            for place, owned, objects in manies:
                values[place] = [objects[each] for each in owned.get(key, ())]
            written[key] = fragment(dumps(dict(zip(names, values, strict=True)), option=OPTIONS))
        return written

    @cached_property
    def key_text(self):
        """How a key is written in an address."""
        steps = database_conversions(self.key)
        return chained([*steps, str]) if steps else str

    def write_plainly(self, rows: dict, page: "Page") -> dict:
        """The bytes of each of these rows, by plain DRF."""
        objects = loaded(self.model._default_manager.filter(pk__in=rows), self.representation)
        context = {"request": page.request}
        shown = {raw_key(each): self.representation(each, context=context).data for each in objects}
        return {key: orjson.Fragment(JSONRenderer().render(data)) for key, data in shown.items()}


@cache
def shape(representation) -> Shape:
    return Shape(representation)


def chained(steps):
    def convert(value):
        for step in steps:
            value = step(value)
        return value

    return convert


def database_conversions(column) -> list:
    """What Django does to this column's values as they come from this database."""
    col = column.get_col(column.model._meta.db_table)
    converters = (*connection.ops.get_db_converters(col), *column.get_db_converters(connection))
    return [lambda value, convert=convert: convert(value, col, connection) for convert in converters]


# One statement -----------------------------------------------------------------------------------


class Select:
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
        return self.columns.setdefault(f"{alias}.{quoted(model._meta.get_field(path[-1]).column)}", len(self.columns))

    def join(self, alias, relation) -> str:
        target = relation.target_field
        condition = f"{alias}.{quoted(relation.column)} = {{}}.{quoted(target.column)}"
        return self.joins.setdefault((relation.related_model, condition), f"j{len(self.joins)}")

    def statement(self, source="", condition="", order="") -> str:
        table = f"{quoted(self.model._meta.db_table)} t"
        joins = (
            f" LEFT JOIN {quoted(model._meta.db_table)} {alias} ON {condition.format(alias)}"
            for (model, condition), alias in self.joins.items()
        )
        columns = ", ".join(self.columns)
        return f"SELECT {columns} FROM {table}{source}{''.join(joins)} WHERE {condition}{order}"  # noqa: S608


def quoted(name) -> str:
    return connection.ops.quote_name(name)


def comes_along(relation, shown: Shape) -> bool:
    """Whether the rows of a relation are read with those that show them, by a join or with the links:
    where they are small, or hardly any two rows share one, so that little is read twice."""
    if relation.many_to_many or relation.one_to_many:
        return shown.is_small or relation.one_to_many or not shown.urls
    return shown.is_small or (relation.one_to_one and not shown.manies)


class Part:
    """One shape in the rows of a statement, with the small ones that are joined to it."""

    def __init__(self, shape: Shape, select: Select, path=()):
        self.shape = shape
        places = [select.place((*path, *column)) for column in shape.columns]
        self.pick = itemgetter(*places) if len(places) > 1 else lambda row: (row[places[0]],)
        self.key = select.place((*path, shape.key.name))
        self.joined = [
            Part(one, select, (*path, relation.name)) for _, relation, one in shape.ones if comes_along(relation, one)
        ]

    def parts(self):
        """This part and all that is joined to it."""
        yield self
        for part in self.joined:
            yield from part.parts()


class Reading:
    """One statement for all shapes of one table that are ready to be read together, and their links.

    Shapes that always come along with others have links alone."""

    def __init__(self, shapes, fetched):
        model = shapes[0].model
        self.select = Select(model)
        self.key = self.select.place((model._meta.pk.name,))
        self.parts = [Part(shape, self.select) for shape in shapes if shape in fetched]
        condition = any_key(f"t.{quoted(model._meta.pk.column)}", model._meta.pk)
        self.statement = self.select.statement(condition=condition)
        self.links = group_links(shapes)

    def ask(self, page: "Page") -> list[tuple]:
        """What is to be read for a page, and who takes the rows: (statement, keys, taker)."""
        wanted = set().union(*(page.missing(part.shape) for part in self.parts))
        asked = [(self.statement, wanted, self.take)] if wanted or (page.every and self.parts) else []
        return [*asked, *filter(None, (link.ask(page) for link in self.links))]

    def take(self, page: "Page", rows, wanted):
        found = {row[self.key]: row for row in rows}
        for part in self.parts:
            page.keep(part, [found[key] for key in page.needed[part.shape] if key in found])


class Link:
    """One statement for a to-many relation of all shapes that show it: which rows belong to which."""

    def __init__(self, relation, owners, targets):
        self.relation, self.owners, self.targets = relation, owners, targets
        model = relation.related_model
        select = Select(model)
        target = select.place((model._meta.pk.name,))
        self.parts = [Part(each, select) for each in targets if comes_along(relation, each)]
        source, owner = self.source()
        self.owner, self.target = len(select.columns), target
        select.columns[owner] = self.owner
        order = ", ".join(ordering(model))
        condition = any_key(owner, relation.model._meta.pk)
        self.statement = select.statement(source, condition, f" ORDER BY {order}" if order else "")

    def source(self) -> tuple[str, str]:
        """What stands between the related table and its owners, and the column of the owner."""
        relation = self.relation
        if relation.one_to_many:
            return "", f"t.{quoted(relation.field.column)}"
        field = relation if relation.concrete else relation.field
        near, far = field.m2m_column_name(), field.m2m_reverse_name()
        owner, target = (near, far) if relation.concrete else (far, near)
        key = quoted(relation.related_model._meta.pk.column)
        through = quoted(field.remote_field.through._meta.db_table)
        return f" JOIN {through} m ON m.{quoted(target)} = t.{key}", f"m.{quoted(owner)}"

    def ask(self, page: "Page") -> tuple | None:
        owners = set().union(*(page.known(owner) for owner in self.owners))
        wanted = owners - set.intersection(*(page.asked[self.relation, target] for target in self.targets))
        return (self.statement, wanted, self.take) if wanted or page.every else None

    def take(self, page: "Page", rows, wanted):
        for target in self.targets:
            asked, owned = page.asked[self.relation, target], page.links[self.relation, target]
            for row in rows:
                if row[self.owner] not in asked:
                    owned[row[self.owner]].append(row[self.target])
            asked.update(wanted)
            page.needed[target].update(row[self.target] for row in rows)
        for part in self.parts:
            page.keep(part, rows)


def ordering(model) -> list[str]:
    """The order in which related rows are shown: as the model's own lists are."""
    terms = []
    for term in model._meta.ordering:
        column = model._meta.get_field(term.lstrip("-")).column
        terms.append(f"t.{quoted(column)}{' DESC' if term.startswith('-') else ''}")
    return terms


def group_links(shapes) -> list[Link]:
    """A link for each to-many relation that these shapes show."""
    owners, targets = defaultdict(list), defaultdict(list)
    for each in shapes:
        for _, relation, target in each.manies:
            owners[relation].append(each)
            if target not in targets[relation]:
                targets[relation].append(target)
    return [Link(relation, owners[relation], targets[relation]) for relation in owners]


# One page ----------------------------------------------------------------------------------------


class Page:
    """What has been found and written for one answer."""

    def __init__(self, request, every):
        self.request, self.every = request, every
        self.origin = request.build_absolute_uri("/").removesuffix("/")
        self.query = preserve_builtin_query_params("", request)
        self.needed = defaultdict(set)  # shape: keys of the rows still to be read
        self.links = defaultdict(lambda: defaultdict(list))  # (relation, shape): {owner: [keys]}
        self.rows = defaultdict(dict)  # shape: {key: row}
        self.written = defaultdict(dict)  # shape: {key: bytes}
        self.asked = defaultdict(set)  # (relation, shape): owners whose links are known

    def keep(self, part: Part, rows):
        """Notes the rows of a shape, and which rows it needs in its turn."""
        shape, key, pick = part.shape, part.key, part.pick
        kept = self.rows[shape]
        for row in rows:
            if row[key] is not None and row[key] not in kept:
                kept[row[key]] = pick(row)
        for place, _, one in shape.ones:
            if not one.is_small:
                self.needed[one].update(row[place] for row in kept.values())
                self.needed[one].discard(None)
        for joined in part.joined:
            self.keep(joined, rows)

    def known(self, shape) -> set:
        """The keys of all rows of a shape that are there or about to be read."""
        return self.needed.get(shape, set()) | self.rows.get(shape, {}).keys()

    def missing(self, shape) -> set:
        """The keys of the rows of a shape that are needed and not there yet."""
        return self.needed.get(shape, set()) - self.rows.get(shape, {}).keys()

    def address(self, view, key: models.Field) -> tuple[str, str]:
        """What stands before and after the key in the addresses of a view."""
        before, after = route(view, PROBES[isinstance(key, models.UUIDField)], get_script_prefix())
        return self.origin + before, after + self.query


@cache
def route(view, probe, prefix) -> tuple[str, str]:
    """What stands before and after the key in the path of a view, under this prefix of all paths."""
    before, after = reverse(view, args=[probe]).split(str(probe))
    return before, after


class Plan:
    """All statements for one representation and what it shows, in an order in which they can be asked."""

    def __init__(self, representation):
        self.root = shape(representation)
        self.order = list(leaves_first(self.root))
        shown = [each for shape in self.order for each in (*shape.ones, *shape.manies)]
        fetched = {self.root, *(shape for _, relation, shape in shown if not comes_along(relation, shape))}
        self.waves = [[Reading(shapes, fetched) for shapes in wave] for wave in waves(self.order)]

    def render(self, keys: Iterable, request, every=False) -> list[orjson.Fragment]:
        """The bytes of the rows with these keys, in their order; a key that has no row is left out.

        With `every` all statements are asked, also those for rows that no row here needs: then it takes
        as many for any page as for any other."""
        keys = [self.root.key.get_db_prep_value(key, connection) for key in keys]
        if not keys:
            return []
        page = Page(request, every)
        page.needed[self.root].update(keys)
        for wave in self.waves:
            asked = [each for reading in wave for each in reading.ask(page)]
            answers = read_all([(statement, wanted) for statement, wanted, _ in asked])
            for (_, wanted, take), rows in zip(asked, answers, strict=True):
                take(page, rows, wanted)
        for each in self.order:
            if each in page.rows:
                page.written[each] = each.write(page.rows[each], page)
        return [page.written[self.root][key] for key in keys if key in page.written[self.root]]


@cache
def plan(representation) -> Plan:
    return Plan(representation)


def leaves_first(root, seen=None):
    """Every shape that is shown, after all those that it shows."""
    seen = set() if seen is None else seen
    if root not in seen:
        seen.add(root)
        for _, _, shown in (*root.ones, *root.manies):
            yield from leaves_first(shown, seen)
        yield root


def waves(order) -> list[list[list[Shape]]]:
    """Which shapes can be read at once, grouped by table: all that show them come in waves before.

    A group waits for the others of its table as long as anything else can be read."""
    left = [each for each in reversed(order) if each is order[-1] or not each.is_small]
    found = []
    while left:
        shown = {one for each in left for _, _, one in (*each.ones, *each.manies)}
        ready, waiting = defaultdict(list), {each.model for each in left if each in shown}
        for each in left:
            if each not in shown:
                ready[each.model].append(each)
        groups = [group for model, group in ready.items() if model not in waiting] or list(ready.values())[:1]
        found.append(groups)
        left = [each for each in left if not any(each in group for group in groups)]
    return found
