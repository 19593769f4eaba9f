"""Search by words: what it means, and the stored text that makes it fast.

A word is found in whatever case it is written, in every alphabet, and with its accents as typed. A
table that grows keeps the texts it is searched by, its own and those of related rows, in one column."""

import re

from django.core import checks
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Value
from django.db.models.lookups import Contains, IContains, IExact, IRegex, Lookup

SEPARATOR = "\n"  # stands between the texts of a row, so that no word is found across two of them


class Holds(IContains):
    """Whether a text holds a word, in any case.

    Databases differ over letters without one counterpart of their own, such as ß and the dotless i."""

    def as_sqlite(self, compiler, connection):
        # SQLite itself folds the case of ASCII alone.
        lookup = IContains(self.lhs, self.rhs) if self.rhs.isascii() else IRegex(self.lhs, re.escape(self.rhs))
        return lookup.as_sql(compiler, connection)


class Is(IExact):
    """Whether a text is another one, in any case."""

    def as_sqlite(self, compiler, connection):
        lookup = IExact(self.lhs, self.rhs) if self.rhs.isascii() else IRegex(self.lhs, f"^{re.escape(self.rhs)}$")
        return lookup.as_sql(compiler, connection)


class Includes(Contains):
    """Whether a text holds another one, letter by letter: SQLite's own LIKE takes small letters for capitals."""

    def as_sqlite(self, compiler, connection):
        (text, given), (part, more) = self.process_lhs(compiler, connection), compiler.compile(Value(self.rhs))
        return f"instr({text}, {part}) > 0", (*given, *more)


class HoldsInUpperCase(Holds):
    """The same of a text that is kept in upper case, so that an index on the bare column serves."""

    def process_lhs(self, compiler, connection, lhs=None):
        return Lookup.process_lhs(self, compiler, connection, lhs)


class SearchText(models.TextField):
    """The texts at these paths, in upper case; the database writes it (see triggers.py), nobody else can."""

    def __init__(self, paths):
        super().__init__(default="", db_default="", editable=False, serialize=False)
        self.paths = tuple(paths)

    def deconstruct(self):
        name, path, _, _ = super().deconstruct()
        return name, path, [self.paths], {}

    def check(self, **kwargs):
        wrong = [
            path for path in self.paths if not isinstance(end(self.model, path), models.CharField | models.TextField)
        ]
        errors = [checks.Error(f"{path!r} leads to no text.", obj=self, id="search.E001") for path in wrong]
        return [*super().check(**kwargs), *errors]

    @classmethod
    def of(cls, model) -> "SearchText | None":
        """The search text that a model keeps."""
        return next((field for field in model._meta.local_fields if isinstance(field, cls)), None)


for kind in (models.CharField, models.TextField):
    kind.register_lookup(Holds, "holds")
    kind.register_lookup(Includes, "includes")
    kind.register_lookup(Is, "is")
models.IntegerField.register_lookup(Holds, "holds")  # a number is searched as it is written
SearchText.register_lookup(HoldsInUpperCase, "holds")


def end(model, path) -> models.Field | None:
    """The field that a path leads to."""
    try:
        for name in path.split("__"):
            field = model._meta.get_field(name)
            model = field.related_model
    except (FieldDoesNotExist, AttributeError):
        return None
    return field
