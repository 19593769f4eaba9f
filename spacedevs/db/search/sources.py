"""The sources of a search text, and the common parts of its triggers on both databases."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import models
from django.db.backends.utils import names_digest
from django.db.models import F
from django.db.models.expressions import RawSQL

from spacedevs.db.bulk import any_key, keys_as_parameter
from spacedevs.db.models import PendingUpdate
from spacedevs.db.paths import column_name, fields_along, is_column, link_columns, target_of

from .text import SEPARATOR, SearchText, collation

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.utils import CursorWrapper

    from spacedevs.db.paths import Key

log = logging.getLogger(__name__)

AT_ONCE, IN_NOTE = (
    500,
    500,
)  # up to this number of rows is updated at once; more are noted, in notes of the second number

NAME = "search_text_name"  # placeholder for the name of a trigger, which is a digest of its SQL


class Source(NamedTuple):
    """A source of a text: `prefix` is the path from the searched row to the key in this column."""

    model: type[models.Model]
    key: str
    prefix: str

    @classmethod
    def of(cls, model: type[models.Model], prefix: str) -> Source:
        """The rows of a table, known by its primary key."""
        return cls(model, column_name(model._meta.pk), prefix)


def sources(field: SearchText) -> dict[Source, set[str]]:
    """Each source of a search text with its relevant columns; the searched table comes first."""
    own = Source.of(field.model, "")
    columns = {own: {column_name(field)}}
    for path in field.paths:
        prefix, source = "", own
        for step in fields_along(field.model, path):
            before, prefix = prefix, f"{prefix}__{step.name}".removeprefix("__")
            if step.many_to_many:
                links, here, there = link_columns(step)
                columns.setdefault(Source(links, here, before), set()).add(there)
                source = Source.of(target_of(step), prefix)
            elif isinstance(step, models.ForeignObjectRel):
                source = Source(step.related_model, column_name(step.field), before)
            else:
                columns.setdefault(source, set()).add(column_name(step))
                if isinstance(step, models.ForeignKey):
                    source = Source(step.related_model, column_name(step.target_field), prefix)
    return columns


def table_of(item: tuple[Source, set[str]]) -> str:
    return item[0].model._meta.db_table


class Triggers:
    """The triggers of a search text, by name: the base of both databases."""

    aggregate: str  # the aggregate function that joins texts
    listing: str  # the statement that lists existing triggers
    dropping: str  # the statement that drops a trigger

    def __init__(self, field: SearchText, connection: BaseDatabaseWrapper):
        self.field, self.model, self.connection = field, field.model, connection
        self.table, self.key, self.column = self.quoted(
            self.model._meta.db_table, column_name(self.model._meta.pk), column_name(field)
        )

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Name and SQL of each."""
        (_, own_columns), *others = sources(self.field).items()
        made = [*self.own(", ".join(self.quoted(*sorted(own_columns))))]
        for table, items in groupby(sorted(others, key=table_of), table_of):
            group = dict(items)
            columns = {source.key for source in group}.union(*group.values())
            made += self.others(self.quoted(table)[0], list(group), self.quoted(*sorted(columns)))
        for sql in made:
            name = f"search_text_{names_digest(sql, length=12)}"
            yield name, sql.replace(NAME, name)

    def own(self, columns: str) -> list[str]:
        """The triggers of the searched table, for these columns."""
        raise NotImplementedError

    def others(self, table: str, sources: Collection[Source], columns: Collection[str]) -> list[str]:
        """The triggers of another table, for these sources."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Creates what a search needs besides the triggers."""

    def is_prepared(self) -> bool:
        """Whether that exists."""
        return True

    def quoted(self, *names: str) -> list[str]:
        return [self.connection.ops.quote_name(name) for name in names]

    def select(self, queryset: models.QuerySet[Any, Any]) -> str:
        sql: str = queryset.query.get_compiler(connection=self.connection).as_sql()[0]
        return sql

    def text(self, row: str) -> str:
        """The SQL for the search text of a row, which is NEW or an alias."""
        parts = (f"coalesce({self.part(path, row)}, '')" for path in self.field.paths)
        between = f" || '{SEPARATOR}' || "
        text, name = between.join(parts), collation(self.connection)
        return f"upper(({text}){name})" if name else f"upper({text})"

    def part(self, path: str, row: str) -> str:
        """The SQL for the text at a path; texts of several rows are joined."""
        first, _, rest = path.partition("__")
        step = self.model._meta.get_field(first)
        [column] = self.quoted(column_name(step)) if is_column(step) else [self.key]
        if not rest:
            return f"{row}.{column}"
        back = step.target_field if isinstance(step, models.ForeignKey) else step.remote_field
        here = RawSQL(f"{row}.{column}", ())
        name = back.name  # type: ignore[union-attr]  # every relation has another side
        rows = target_of(step)._base_manager.filter(**{name: here, f"{rest}__isnull": False})
        texts = self.select(rows.order_by(rest).values(part=F(rest)))
        return f"(SELECT {self.aggregate}(part, '{SEPARATOR}') FROM ({texts}) parts)"

    def keys_leading(self, sources: Iterable[Source], keys: str) -> str:
        """The statement that selects the keys of the searched rows that depend on these keys."""
        selects = []
        for source in sources:
            [key] = self.quoted(source.key)
            rows = self.model._base_manager.filter(**{f"{source.prefix or 'pk'}__in": RawSQL(keys.format(key), ())})
            selects.append(self.select(rows.order_by().values(row_key=F("pk"))))
        return " UNION ".join(selects)

    def touch(self, condition: str) -> str:
        """The statement that recomputes the texts of these rows."""
        return f"UPDATE {self.table} SET {self.column} = '' WHERE {condition}"

    @property
    def kind(self) -> str:
        """The kind of the notes for pending texts of this table."""
        return f"{self.model._meta.label} {self.field.name}"

    def note(self, array: str, source: str) -> str:
        """The statement that notes these keys as pending, each with its position."""
        columns = ", ".join(self.quoted("kind", "keys"))
        return f"""
            INSERT INTO {PendingUpdate._meta.db_table} ({columns}) SELECT '{self.kind}', {array}
            FROM (SELECT row_key, (place - 1) / {IN_NOTE} AS part FROM {source}) parts GROUP BY part
        """

    def wrong(self) -> str:
        """The statement that selects the rows with wrong texts."""
        return f"SELECT {self.key} FROM {self.table} it WHERE {self.column} <> {self.text('it')}"

    def rewrite(self, keys: Iterable[Key]) -> None:
        """Recomputes the texts of these rows."""
        with self.connection.cursor() as cursor:
            self.wait_for_names(cursor)
            cursor.execute(self.touch(any_key(self.key, self.model._meta.pk)), [keys_as_parameter(keys)])

    def wait_for_names(self, cursor: CursorWrapper) -> None:
        """Waits for renames in other transactions, before this one locks rows that they may need."""

    def repair(self) -> str:
        """The statement that corrects rows from before the triggers existed."""
        return f"UPDATE {self.table} SET {self.column} = '' WHERE {self.key} IN ({self.wrong()})"
