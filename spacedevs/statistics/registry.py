"""Which columns are statistics, what they follow from, and the statement that computes them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.db import connection, models
from django.db.models import F

from spacedevs.db import pending

from .dialect import SqlDialect


@dataclass(frozen=True, eq=False)
class Statistic:
    """The figures of a table that one function computes."""

    model: type[models.Model]
    figures: tuple[str, ...]  # columns, in the order in which they are computed
    facts: dict[type[models.Model], tuple[str, ...]]  # tables, and the paths that lead there from the model
    select: Callable[[SqlDialect], str]
    is_whole: bool  # whether one row depends on all others, so that keys are of no use

    @property
    def title(self) -> str:
        return f"{self.model._meta.label} ({self.select.__name__.replace('_', ' ')})"

    @property
    def name(self) -> str:
        """What it is called in notes of what is pending."""
        return f"{self.model._meta.label} {self.select.__name__}"

    def touched(self, model, keys) -> set:
        """The keys of the rows whose figures follow from these rows; ALL where these are very many."""
        if model is self.model and self.facts.get(model) == ("pk",):
            found = set(keys)
        else:
            found = set()
            for path in self.facts.get(model, ()):
                rows = self.model._base_manager.filter(**{f"{path}__in": list(keys)}).order_by()
                found.update(rows.values_list("pk", flat=True).distinct()[: pending.MAX_KEYS + 1])
        return {pending.ALL} if found and (self.is_whole or len(found) > pending.MAX_KEYS) else found

    def differing(self, words) -> str:
        """What follows the FROM of a statement about the rows that differ from what they should be."""
        table = connection.ops.quote_name(self.model._meta.db_table)
        stored, right = (", ".join(f"{alias}.{each}" for each in self.figures) for alias in "tc")
        names = ", ".join(("id", *self.figures))
        differ = "IS DISTINCT FROM" if words.is_postgres else "IS NOT"
        computed = self.select(words)
        return f"{table} t JOIN (WITH c ({names}) {words.once} ({computed}) SELECT * FROM c) c ON c.id = t.id" + (
            f" WHERE ({stored}) {differ} ({right})"
        )

    def wrong(self, keys=None, most=None) -> list[tuple]:
        """The rows that are not what they should be: their keys, what the figures are, and what they should be."""
        words = SqlDialect(None if self.is_whole else keys)
        # Both as expressions: SQLite's driver reads a column by its type.
        stored, right = ([f"coalesce({alias}.{each}, NULL)" for each in self.figures] for alias in "tc")
        columns = ["t.id", *stored, *right]
        some = f"LIMIT {most}" if most else ""
        return self.read(f"SELECT {', '.join(columns)} FROM {self.differing(words)} ORDER BY 1 {some}", words)

    def put(self, wrong):
        """Puts the figures of these rows right."""
        table, count = connection.ops.quote_name(self.model._meta.db_table), len(self.figures)
        values = ", ".join(f"{each} = %s" for each in self.figures)
        if wrong:  # a statement that changes no row would raise the version of the dataset all the same
            with connection.cursor() as cursor:
                rows = [(*right[count:], key) for key, *right in wrong]
                cursor.executemany(f"UPDATE {table} SET {values} WHERE id = %s", rows)

    def recompute(self) -> int:
        """Puts the figures of all rows right; returns how many were not."""
        words = SqlDialect()
        # A statement that changes no row would raise the version of the dataset all the same.
        if not self.read(f"SELECT t.id FROM {self.differing(words)} LIMIT 1", words):
            return 0
        table = connection.ops.quote_name(self.model._meta.db_table)
        changed = f"SELECT t.id AS row_id, c.* FROM {self.differing(words)}"
        values = ", ".join(f"{each} = changed.{each}" for each in self.figures)
        before, source = "", f"({changed}) changed"
        if words.is_postgres:  # of a statement that begins so, SQLite's driver does not say how many rows it changed
            before, source = f"WITH changed {words.once} ({changed}) ", "changed"
        statement = f"{before}UPDATE {table} SET {values} FROM {source} WHERE {table}.id = changed.row_id"
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.rowcount

    @staticmethod
    def read(statement, words) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(statement, words.parameters(statement))
            return cursor.fetchall()


REGISTERED: list[Statistic] = []

FACTS: dict[type[models.Model], tuple[str, ...]] = {}  # the columns of a table that figures follow from


def source_fields(model, *names):
    """Registers the columns of a table that figures follow from, so that others may change at no cost."""
    FACTS[model] = tuple(model._meta.get_field(name).attname for name in names)


def statistic(model, facts, *figures, is_whole=False):
    """Registers a function that says in SQL what the figures of a table should be.

    `facts` are the tables that they follow from, each with the path or paths that lead there; that a row itself may be
    new goes without saying."""

    def register(select):
        paths = {of: (each,) if isinstance(each, str) else each for of, each in facts.items()}
        paths = {model: ("pk",), **paths}
        REGISTERED.append(Statistic(model, figures, paths, select, is_whole))
        return select

    return register


@cache
def statistics() -> tuple[Statistic, ...]:
    """All of them, in the order in which they build on each other: that of the apps from the ground up."""
    for noun in reversed(settings.NOUNS):
        if find_spec(f"{noun}.statistics"):
            import_module(f"{noun}.statistics")
    return tuple(REGISTERED)


@cache
def figures(model) -> frozenset[str]:
    """The columns of a table that follow from other rows."""
    return frozenset(name for each in statistics() if each.model is model for name in each.figures)


@cache
def running(model) -> frozenset[str]:
    """The columns of a table that say since when figures run, and until when."""
    shown = getattr(model._default_manager, "figures", {}).values()
    named = {part.name for each in shown if hasattr(each, "flatten") for part in each.flatten() if isinstance(part, F)}
    return frozenset(name for name in named & figures(model) if not name.startswith("recorded_"))
