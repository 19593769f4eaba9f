"""The registry of statistics: their columns, their source tables, and the statements that compute them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeAlias

from django.conf import settings
from django.core import checks
from django.db import Error, connection, models
from django.db.models import F
from django.db.models.expressions import RawSQL

from spacedevs.db import pending
from spacedevs.db.bulk import conversion, for_driver, given_keys, read_all
from spacedevs.db.paths import column_of

from .dialect import SqlDialect
from .numbering import Numbering

if TYPE_CHECKING:
    from spacedevs.db.paths import Key
    from spacedevs.db.pending import Keys

Model: TypeAlias = type[models.Model]
Select: TypeAlias = Callable[[SqlDialect], str]  # makes a SELECT of `id` and of figures, each by its name
Dependents: TypeAlias = "dict[tuple[Model, str], set[Key]]"  # by table, and the path from it to the source rows
Differing: TypeAlias = Sequence[Any]  # a key, the stored figures, and the correct ones


@dataclass(frozen=True, eq=False)
class Statistic:
    """The columns of a table that one function computes."""

    model: Model
    figures: tuple[str, ...]  # the columns, in the order of reading and writing
    facts: Mapping[Model, Collection[str]]  # source tables, with the paths from the model to them
    select: Select
    is_whole: bool  # whether a row depends on all others, so that keys cannot limit the statement
    columns: Mapping[Model, Collection[str]]  # source columns, for tables of which it does not depend on all of them
    numbering: Numbering | None  # how parts of it are recomputed, if rows of its own table change

    @property
    def title(self) -> str:
        """Its name in messages."""
        return f"{self.model._meta.label} ({self.select.__name__.replace('_', ' ')})"

    @property
    def name(self) -> str:
        """Its name in the notes of pending updates."""
        return f"{self.model._meta.label} {self.select.__name__}"

    def misnamed(self) -> str:
        """The problem with the column names of the SELECT, as the database reports them; empty if there is none."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM ({self.select(SqlDialect())}) c LIMIT 0")
            named = Counter(column[0] for column in cursor.description)
        wanted = Counter(["id", *self.figures])
        lacking, unknown = ", ".join(wanted - named), ", ".join(named - wanted)
        return ", ".join([f"lacks {lacking}"] * bool(lacking) + [f"has {unknown}"] * bool(unknown))

    def depends_on(self, model: Model, columns: Collection[str] | None) -> bool:
        """Whether it follows from a table, and from any of these columns (None: all)."""
        if columns is not None and model in self.columns:
            return not set(columns).isdisjoint(self.columns[model])
        return model in self.facts

    def paths_to(self, model: Model) -> Collection[str]:
        """The paths to a source table that have to be looked up: not that of its own rows."""
        paths = self.facts.get(model, ())
        return () if model is self.model and paths == ("pk",) else paths

    def touched(self, model: Model, keys: Iterable[Key], found: Dependents) -> Keys:
        """The keys of the rows that depend on these source rows; ALL if there are too many. `found` are the rows from
        which its paths lead to them."""
        paths = self.paths_to(model)
        touched: Keys = set().union(*(found[self.model, path] for path in paths)) if paths else set(keys)
        return {pending.ALL} if touched and (self.is_whole or len(touched) > pending.MAX_KEYS) else touched

    def differing(self, dialect: SqlDialect) -> str:
        """The FROM and WHERE clauses that select the rows with wrong values."""
        table = connection.ops.quote_name(self.model._meta.db_table)
        stored, right = (", ".join(f"{alias}.{each}" for each in self.figures) for alias in "tc")
        differ = "IS DISTINCT FROM" if dialect.is_postgres else "IS NOT"
        computed = self.select(dialect)
        return f"{table} t JOIN (WITH c {dialect.once} ({computed}) SELECT * FROM c) c ON c.id = t.id" + (
            f" WHERE ({stored}) {differ} ({right})"
        )

    def wrong(self, keys: Collection[Key] | None = None, limit: int | None = None) -> list[Differing]:
        """The rows with wrong values, among these keys or all, in the order of their keys."""
        if self.numbering and keys is not None:
            right = self.numbering.right(self.model, [str(key) for key in keys])
            if right is not None:
                return self.other_than(right)[:limit]
        dialect = SqlDialect(None if self.is_whole else keys)
        # Both are expressions, because SQLite's driver converts columns by their type.
        stored, correct = ([f"coalesce({alias}.{each}, NULL)" for each in self.figures] for alias in "tc")
        columns = ["t.id", *stored, *correct]
        limited = f"LIMIT {limit}" if limit else ""
        return self.read(f"SELECT {', '.join(columns)} FROM {self.differing(dialect)} ORDER BY 1 {limited}", dialect)

    def other_than(self, right: Mapping[Key, Mapping[str, Any]]) -> list[Differing]:
        """The rows of which one of these figures is another one; figures that are not given are right."""
        dialect, count = SqlDialect(list(right)), len(self.figures)
        stored = ", ".join(f"coalesce(t.{each}, NULL)" for each in self.figures)
        table = connection.ops.quote_name(self.model._meta.db_table)
        statement = f"SELECT t.id, {stored} FROM {table} t WHERE {dialect.among('t.id', self.model)} ORDER BY 1"
        rows = self.read(statement, dialect)
        found: list[tuple[Any, ...]] = []
        for key, *values in rows:
            correct = {**dict(zip(self.figures, values, strict=True)), **right[key]}
            found.append((key, *values, *(correct[name] for name in self.figures)))
        return [row for row in found if row[1 : count + 1] != row[count + 1 :]]

    def put(self, wrong: Sequence[Differing]) -> None:
        """Corrects the values of these rows."""
        table, count = connection.ops.quote_name(self.model._meta.db_table), len(self.figures)
        values = ", ".join(f"{each} = %s" for each in self.figures)
        if wrong:  # even a statement that changes no row would change the dataset version
            with connection.cursor() as cursor:
                rows = [(*right[count:], key) for key, *right in wrong]
                cursor.executemany(f"UPDATE {table} SET {values} WHERE id = %s", rows)

    def recompute(self) -> int:
        """Corrects the values of all rows; returns the number of wrong ones."""
        dialect = SqlDialect()
        # Even a statement that changes no row would change the dataset version.
        if not self.read(f"SELECT t.id FROM {self.differing(dialect)} LIMIT 1", dialect):
            return 0
        table = connection.ops.quote_name(self.model._meta.db_table)
        changed = f"SELECT t.id AS row_id, c.* FROM {self.differing(dialect)}"
        values = ", ".join(f"{each} = changed.{each}" for each in self.figures)
        before, source = "", f"({changed}) changed"
        if dialect.is_postgres:  # SQLite's driver does not report the number of changed rows for a statement with WITH
            before, source = f"WITH changed {dialect.once} ({changed}) ", "changed"
        statement = f"{before}UPDATE {table} SET {values} FROM {source} WHERE {table}.id = changed.row_id"
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return int(cursor.rowcount)

    @staticmethod
    def read(statement: str, dialect: SqlDialect) -> list[Differing]:
        with connection.cursor() as cursor:
            cursor.execute(statement, dialect.parameters(statement))
            return list(cursor.fetchall())


def dependents(asked: Iterable[tuple[Model, str]], source: Model, keys: Collection[Key]) -> Dependents:
    """The keys of rows from which paths lead to given source rows, by table and path: of each, one more than a note
    can have, at most. The database is asked once for all of them."""
    wanted, given = list(dict.fromkeys(asked)), list(for_driver(source._meta.pk, keys))
    answers = read_all(
        [(selecting_dependent(model, path, source, connection.vendor), given) for model, path in wanted]
    )
    found: Dependents = {}
    for (model, path), rows in zip(wanted, answers, strict=True):
        convert = conversion(model._meta.pk)
        found[model, path] = {convert(key) if convert else key for (key,) in rows}
    return found


@cache  # Django takes longer to make such a statement than the database to answer it
def selecting_dependent(model: Model, path: str, source: Model, vendor: str) -> str:
    """The statement of `dependents`; its parameter is that of `read_all`."""
    rows = model._base_manager.filter(**{f"{path}__in": RawSQL(given_keys(source._meta.pk), ["keys"])}).order_by()  # noqa: S611
    sql, parameters = rows.values_list("pk", flat=True).distinct()[: pending.MAX_KEYS + 1].query.sql_with_params()
    assert tuple(parameters) == ("keys",)  # noqa: S101 - a path with conditions of its own would need more
    return str(sql)


REGISTERED: list[Statistic] = []

FACTS: dict[Model, tuple[str, ...]] = {}  # the source columns of each table


def source_fields(model: Model, *names: str) -> None:
    """Registers the source columns of a table, so that changes of other columns cost nothing."""
    FACTS[model] = tuple(column_of(model, name).attname for name in names)


def statistic(
    model: Model,
    facts: Mapping[Model, str | Collection[str]],
    *figures: str,
    is_whole: bool = False,
    columns: Mapping[Model, Collection[str]] | None = None,
    numbering: Numbering | None = None,
) -> Callable[[Select], Select]:
    """Registers a function that returns the correct figures of a table in SQL: a SELECT of `id` and of each figure by
    its name, in any order.

    `facts` are the source tables, each with the path or paths from the model to it; the table itself is implied.
    `columns` are the source columns of those tables of which others do not matter."""

    def register(select: Select) -> Select:
        paths: dict[Model, Collection[str]] = {model: ("pk",)}
        paths |= {of: (each,) if isinstance(each, str) else each for of, each in facts.items()}
        narrowed = {of: tuple(column_of(of, each).attname for each in names) for of, names in (columns or {}).items()}
        REGISTERED.append(Statistic(model, figures, paths, select, is_whole, narrowed, numbering))
        return select

    return register


@cache
def statistics() -> tuple[Statistic, ...]:
    """All statistics in the order of their dependencies: by app, from the lowest floor up."""
    for noun in reversed(settings.NOUNS):
        if find_spec(f"{noun}.statistics"):
            import_module(f"{noun}.statistics")
    return tuple(REGISTERED)


@cache
def source_tables() -> frozenset[Model]:
    """The tables from which statistics follow."""
    return frozenset(model for each in statistics() for model in each.facts)


@cache
def figures(model: Model) -> frozenset[str]:
    """The columns of a table that are statistics."""
    return frozenset(name for each in statistics() if each.model is model for name in each.figures)


@cache
def running(model: Model) -> frozenset[str]:
    """The columns of a table with the start and the end of running figures."""
    computed = getattr(model._default_manager, "figures", {}).values()
    parts: list[object] = [part for each in computed if isinstance(each, models.Expression) for part in each.flatten()]
    named = {part.name for part in parts if isinstance(part, F)}  # type: ignore[attr-defined]  # in no stub
    return frozenset(name for name in named & figures(model) if not name.startswith("recorded_"))


def check_columns(**kwargs: Any) -> list[checks.CheckMessage]:
    """Reports SELECTs whose column names differ from their figures."""
    try:
        complaints = {each.title: complaint for each in statistics() if (complaint := each.misnamed())}
    except Error:
        return []  # the tables are not migrated yet
    return [
        checks.Error(f"The SELECT of {title} {complaint}.", hint="AS names a column.", id="statistics.E001")
        for title, complaint in complaints.items()
    ]
