"""Search by words: what it means, and the stored text that makes it fast.

A word is found in whatever case it is written, in every alphabet, and with its accents as typed. A
table that grows keeps the texts it is searched by, its own and those of related rows, in one column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.core import checks
from django.db import models
from django.db.models import Value
from django.db.models.lookups import (
    BuiltinLookup,
    Contains,
    IContains,
    IEndsWith,
    IExact,
    IRegex,
    IStartsWith,
    Lookup,
)

from spacedevs.db.paths import field_at

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler

    from spacedevs.db.paths import Sql

SEPARATOR = "\n"  # stands between the texts of a row, so that no word is found across two of them


# Capital letters -----------------------------------------------------------------------------------

# A Turkish database makes İ of i, and one of the collation C leaves é as it is.
IS_USUAL = "SELECT upper('iéж') = 'IÉЖ'"
# The first that there is: PostgreSQL's own (from 17 on), the system's, ICU's.
USUAL = "pg_c_utf8", "C.utf8", "C.UTF-8", "und-x-icu"
FOUND = """
    SELECT collname FROM pg_collation WHERE collname = ANY(%s) AND collnamespace = 'pg_catalog'::regnamespace
        AND collencoding IN (-1, pg_char_to_encoding(getdatabaseencoding()))
    ORDER BY array_position(%s, collname::text) LIMIT 1
"""
named: dict[tuple[str, str], str] = {}  # by alias and name of the database, since tests have several


def collation(connection: BaseDatabaseWrapper) -> str:
    """What follows a text in SQL, so that it has the same capitals on every database: mostly nothing."""
    if connection.vendor != "postgresql":
        return ""
    database = connection.alias, connection.settings_dict["NAME"]
    if database not in named:
        with connection.cursor() as cursor:
            (is_usual,) = cursor.execute(IS_USUAL).fetchone()
            (name,) = (None,) if is_usual else cursor.execute(FOUND, [list(USUAL)] * 2).fetchone() or (None,)
        named[database] = f' COLLATE "{name}"' if name else ""
    return named[database]


class InAnyCase(BuiltinLookup):
    """A comparison of capitals, which names the collation that makes them: `UPPER(…) LIKE UPPER(…)`."""

    def process_lhs(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, lhs: Any = None) -> Sql:
        sql, parameters = super().process_lhs(compiler, connection, lhs)
        return self.named(sql, connection), parameters

    def get_rhs_op(self, connection: BaseDatabaseWrapper, rhs: str) -> str:
        return self.named(super().get_rhs_op(connection, rhs), connection)

    def named(self, sql: str, connection: BaseDatabaseWrapper) -> str:
        name = collation(connection)
        return f"{sql.removesuffix(')')}{name})" if name else sql


# What is asked of texts ----------------------------------------------------------------------------


class FoldedContains(InAnyCase, IContains):
    """Whether a text holds a word, in any case.

    Databases differ over letters without one counterpart of their own, such as ß and the dotless i."""

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        # SQLite itself folds the case of ASCII alone.
        lookup = IContains(self.lhs, self.rhs) if self.rhs.isascii() else IRegex(self.lhs, re.escape(self.rhs))
        return lookup.as_sql(compiler, connection)


class FoldedExact(InAnyCase, IExact):
    """Whether a text is another one, in any case."""

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        lookup = IExact(self.lhs, self.rhs) if self.rhs.isascii() else IRegex(self.lhs, f"^{re.escape(self.rhs)}$")
        return lookup.as_sql(compiler, connection)


class ExactContains(Contains):
    """Whether a text holds another one, letter by letter: SQLite's own LIKE takes small letters for capitals."""

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        (text, given), (part, more) = self.process_lhs(compiler, connection), compiler.compile(Value(self.rhs))
        return f"instr({text}, {part}) > 0", (*given, *more)


class HoldsInUpperCase(FoldedContains):
    """The same of a text that is kept in upper case, so that an index on the bare column serves."""

    def process_lhs(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, lhs: Any = None) -> Sql:
        return Lookup.process_lhs(self, compiler, connection, lhs)

    def named(self, sql: str, connection: BaseDatabaseWrapper) -> str:
        name = collation(connection)  # of which the index knows nothing
        return f'{super().named(sql, connection)} COLLATE "default"' if name else sql


class SearchText(models.TextField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """The texts at these paths, in upper case; the database writes it (see triggers.py), nobody else can."""

    def __init__(self, paths: Iterable[str]):
        super().__init__(default="", db_default="", editable=False, serialize=False)
        self.paths = tuple(paths)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, _, _ = super().deconstruct()
        return name, path, [self.paths], {}

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        wrong = [
            path
            for path in self.paths
            if not isinstance(field_at(self.model, path), models.CharField | models.TextField)
        ]
        errors = [checks.Error(f"{path!r} leads to no text.", obj=self, id="search.E001") for path in wrong]
        return [*super().check(**kwargs), *errors]

    @classmethod
    def of(cls, model: type[models.Model]) -> SearchText | None:
        """The search text that a model keeps."""
        return next((field for field in model._meta.local_fields if isinstance(field, cls)), None)


for kind in (models.CharField, models.TextField):
    for lookup in (IContains, IExact, IStartsWith, IEndsWith):  # of Django's admin, for example
        kind.register_lookup(type(lookup.__name__, (InAnyCase, lookup), {}))
    kind.register_lookup(FoldedContains, "holds")
    kind.register_lookup(ExactContains, "includes")
    kind.register_lookup(FoldedExact, "is")
models.IntegerField.register_lookup(FoldedContains, "holds")  # a number is searched as it is written
SearchText.register_lookup(HoldsInUpperCase, "holds")
