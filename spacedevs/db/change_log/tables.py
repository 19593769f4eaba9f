"""What the log keeps of each table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import models

from spacedevs.db.paths import column_name, is_column, target_of
from spacedevs.db.search.text import SearchText

if TYPE_CHECKING:
    from spacedevs.db.paths import Column

Model = type[models.Model]


@dataclass(frozen=True)
class LoggedTable:
    """The columns of a table that its triggers need."""

    table: str
    key: str
    columns: tuple[str, ...]  # a change of any of these is logged
    tracked: tuple[tuple[str, str, bool], ...] = ()  # field, column, and whether it holds a moment
    owners: tuple[tuple[str, str], ...] = ()  # column with the key of an owner, and the table of the owner

    @classmethod
    def of(cls, model: Model, owners: Iterable[Column] = ()) -> LoggedTable:
        """The logged table of a model; `owners` are its foreign keys to rows that show it as their own."""
        fields = [field for field in model._meta.get_fields() if is_column(field)]
        tracked = [field for field in fields if field.name in getattr(model, "tracked", ())]
        return cls(
            model._meta.db_table,
            column_name(model._meta.pk),
            tuple(column_name(field) for field in fields if is_logged(field)),
            tuple((field.name, column_name(field), isinstance(field, models.DateTimeField)) for field in tracked),
            tuple(sorted((column_name(field), target_of(field)._meta.db_table) for field in owners)),
        )


def is_logged(field: Column) -> bool:
    """Whether a change of a column counts: not that of the key, which identifies, and of a search text, which nobody
    sees."""
    return not (field.primary_key or isinstance(field, SearchText))


def logged_tables(owners: Mapping[Model, Iterable[Column]], tables: Mapping[str, Model]) -> list[LoggedTable]:
    """These tables, with their owners, in the order of their names."""
    return [LoggedTable.of(model, owners.get(model, ())) for _, model in sorted(tables.items())]
