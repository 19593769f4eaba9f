"""Search by words: the lookups, and the stored text that makes them fast.

Search is case-insensitive in every alphabet, and accent-sensitive. A table that grows stores its searched texts, its
own and those of related rows, in one column."""

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

SEPARATOR = "\n"  # separates the texts of a row, so that no word matches across two of them


# Upper case ----------------------------------------------------------------------------------------

# A Turkish database converts i to İ, and one with the collation C leaves é unchanged.
IS_USUAL = "SELECT upper('iéж') = 'IÉЖ'"
# The first existing one: PostgreSQL's own (from 17 on), the system's, ICU's.
USUAL = "pg_c_utf8", "C.utf8", "C.UTF-8", "und-x-icu"
FOUND = """
    SELECT collname FROM pg_collation WHERE collname = ANY(%s) AND collnamespace = 'pg_catalog'::regnamespace
        AND collencoding IN (-1, pg_char_to_encoding(getdatabaseencoding()))
    ORDER BY array_position(%s, collname::text) LIMIT 1
"""
named: dict[tuple[str, str], str] = {}  # by alias and name of the database, because tests use several


def collation(connection: BaseDatabaseWrapper) -> str:
    """The COLLATE clause that makes UPPER the same on every database; usually empty."""
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
    """A comparison of upper-case texts with an explicit collation: `UPPER(…) LIKE UPPER(…)`."""

    def process_lhs(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, lhs: Any = None) -> Sql:
        sql, parameters = super().process_lhs(compiler, connection, lhs)
        return self.named(sql, connection), parameters

    def get_rhs_op(self, connection: BaseDatabaseWrapper, rhs: str) -> str:
        return self.named(super().get_rhs_op(connection, rhs), connection)

    def named(self, sql: str, connection: BaseDatabaseWrapper) -> str:
        name = collation(connection)
        return f"{sql.removesuffix(')')}{name})" if name else sql


# Lookups -------------------------------------------------------------------------------------------


class FoldedContains(InAnyCase, IContains):
    """Case-insensitive contains.

    Databases differ for letters without a single counterpart, such as ß and the dotless i."""

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        # SQLite itself folds only ASCII.
        lookup = IContains(self.lhs, self.rhs) if self.rhs.isascii() else IRegex(self.lhs, re.escape(self.rhs))
        return lookup.as_sql(compiler, connection)


class FoldedExact(InAnyCase, IExact):
    """Case-insensitive equality."""

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        lookup = IExact(self.lhs, self.rhs) if self.rhs.isascii() else IRegex(self.lhs, f"^{re.escape(self.rhs)}$")
        return lookup.as_sql(compiler, connection)


class ExactContains(Contains):
    """Case-sensitive contains: SQLite's own LIKE ignores case."""

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        (text, given), (part, more) = self.process_lhs(compiler, connection), compiler.compile(Value(self.rhs))
        return f"instr({text}, {part}) > 0", (*given, *more)


class HoldsInUpperCase(FoldedContains):
    """Case-insensitive contains for a text that is stored in upper case, so that its index is used."""

    def process_lhs(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, lhs: Any = None) -> Sql:
        return Lookup.process_lhs(self, compiler, connection, lhs)

    def named(self, sql: str, connection: BaseDatabaseWrapper) -> str:
        name = collation(connection)  # the index has the default collation
        return f'{super().named(sql, connection)} COLLATE "default"' if name else sql


class SearchText(models.TextField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """The texts at these paths in upper case; only triggers write it (see triggers.py)."""

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
        errors = [checks.Error(f"{path!r} is not the path of a text.", obj=self, id="search.E001") for path in wrong]
        return [*super().check(**kwargs), *errors]

    @classmethod
    def of(cls, model: type[models.Model]) -> SearchText | None:
        """The search text of a model, if any."""
        return next((field for field in model._meta.local_fields if isinstance(field, cls)), None)


for kind in (models.CharField, models.TextField):
    for lookup in (IContains, IExact, IStartsWith, IEndsWith):  # for example in Django's admin
        kind.register_lookup(type(lookup.__name__, (InAnyCase, lookup), {}))
    kind.register_lookup(FoldedContains, "holds")
    kind.register_lookup(ExactContains, "includes")
    kind.register_lookup(FoldedExact, "is")
models.IntegerField.register_lookup(FoldedContains, "holds")  # numbers are searched as text
SearchText.register_lookup(HoldsInUpperCase, "holds")
