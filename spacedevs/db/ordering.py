"""Total orderings that are the same on every database: nulls last ascending, first descending, as in PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import total_ordering
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast
from unicodedata import normalize

from django.db import connection, models
from django.db.models import F, Max, OuterRef, Subquery
from django.db.models.constants import LOOKUP_SEP
from django.db.models.expressions import Col

from .paths import fields_along, leads_to_many, may_be_null, without_parameters
from .search.text import collation

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler

    from .paths import AnyField, Column, Sql

Term: TypeAlias = "str | models.expressions.OrderBy"  # what `order_by` takes: a path, with - before it if it falls


def total(model: type[models.Model], terms: Sequence[str]) -> list[Term]:
    """The ordering by these terms, made total and the same on every database."""
    return [order(model, term) for term in ended(model, terms)]


def ended(model: type[models.Model], terms: Sequence[str]) -> list[str]:
    """These terms, and the primary key as the last one if no other names it."""
    key = model._meta.pk.name
    terms = [term for term in terms if term.lstrip("-") != "pk"]
    return terms if key in (term.lstrip("-") for term in terms) else [*terms, key]


def order(model: type[models.Model], term: str) -> Term:
    """A term of an ordering, with the position of nulls if the column can be null."""
    path = term.lstrip("-")
    if not may_be_null(model, path):
        return term
    value = latest(model, path) if leads_to_many(model, path) else F(path)
    return value.desc(nulls_first=True) if term.startswith("-") else value.asc(nulls_last=True)


def latest(model: type[models.Model], path: str) -> Subquery:
    """The highest value of a to-many path: an ordering by all of them would repeat rows."""
    rows = model._base_manager.filter(pk=OuterRef("pk")).order_by().values("pk")
    return Subquery(rows.annotate(highest=Max(path)).values("highest"))


# Texts by their letters ----------------------------------------------------------------------------

# Punctuation, spaces and combining marks, as ranges that mean the same to Python and PostgreSQL.
NO_LETTERS = r"[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u0300-\u036f\u2000-\u206f]"


def by_letters(text: str | None) -> str | None:
    """A text in its place among others: by letters and digits without accents and case, then by itself."""
    if text is None:
        return None
    letters = re.sub(NO_LETTERS, "", normalize("NFKD", text))
    return f"{''.join(map(str.lower, letters))} {text}"


class ByLetters(models.Transform):
    """`by_letters` in an ordering: `name__by_letters`. Collations of databases differ, so it has none of its own."""

    lookup_name = function = "by_letters"
    output_field = models.TextField()

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        text, given = compiler.compile(self.source_expressions[0])
        letters = f"regexp_replace(normalize({text}, NFKD), '{NO_LETTERS}', '', 'g')"
        return f"(lower({letters}{collation(connection)}) || ' ' || {text}) COLLATE \"C\"", (*given, *given)


models.CharField.register_lookup(ByLetters)


def add_function(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Adds `by_letters` to a connection to SQLite."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("by_letters", 1, by_letters, deterministic=True)


# Orderings of rows within other rows ---------------------------------------------------------------


class Step(NamedTuple):
    """A term of an ordering of related rows: a column of theirs, or at the end of relations to one row."""

    path: tuple[str, ...]
    fields: tuple[AnyField, ...]
    is_by_letters: bool
    falls: bool

    @property
    def column(self) -> Column:
        return cast("Column", self.fields[-1])

    @property
    def may_be_null(self) -> bool:
        return any(field.null for field in self.fields)

    def value(self, row: Any) -> Any:
        """Its value in a loaded row."""
        for name in self.path[:-1]:
            row = getattr(row, name, None)
        value = getattr(row, self.column.attname, None)
        return by_letters(value) if self.is_by_letters else value

    def sql(self, alias: str) -> str:
        """Its SQL in an ORDER BY, for this alias of the column's table."""
        place = Col(alias, self.column)
        compiler = self.column.model._base_manager.all().query.get_compiler(connection=connection)
        sql = without_parameters(compiler.compile(ByLetters(place) if self.is_by_letters else place))
        nulls = f" NULLS {'FIRST' if self.falls else 'LAST'}" if self.may_be_null else ""
        return f"{sql}{' DESC' if self.falls else ''}{nulls}"


def steps(model: type[models.Model], terms: Sequence[str] = ()) -> list[Step]:
    """The ordering by these terms, or else the model's default, made total."""
    declared: Sequence[str] = terms or model._meta.ordering or ()  # type: ignore[assignment]  # ours are names
    return [step(model, term) for term in ended(model, declared)]


def step(model: type[models.Model], term: str) -> Step:
    path = term.lstrip("-")
    column = path.removesuffix(f"{LOOKUP_SEP}{ByLetters.lookup_name}")
    names, fields = column.split(LOOKUP_SEP), fields_along(model, column)
    return Step(tuple(names), tuple(fields), column != path, term.startswith("-"))


def place_of(model: type[models.Model], terms: Sequence[str] = ()) -> Callable[[models.Model], list[Place]]:
    """The sort key for loaded rows, as the database would order them."""
    found = steps(model, terms)
    return lambda row: [Place(step.value(row), step.falls) for step in found]


@total_ordering
class Place:
    """A value for sorting."""

    def __init__(self, value: object, falls: bool):
        self.value, self.falls = value, falls

    def __eq__(self, other: Any) -> bool:
        return bool(self.value == other.value)

    def __lt__(self, other: Place) -> bool:
        first, second = (other.value, self.value) if self.falls else (self.value, other.value)
        # The values of one column compare with each other.
        return first is not None and (second is None or first < second)  # type: ignore[operator]
