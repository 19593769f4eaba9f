"""Paths of fields by Django's metadata: columns, many-to-many tables, and their SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeAlias, TypeGuard, cast
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.db import connection, models
from django.db.models.constants import LOOKUP_SEP

Column: TypeAlias = "models.Field[Any, Any]"  # a field that a table has as a column
AnyField: TypeAlias = "Column | models.ForeignObjectRel"  # what a model names: columns, and relations to other tables
Sql: TypeAlias = tuple[str, tuple[str | int, ...]]  # a piece of a statement, and its parameters
Key: TypeAlias = int | str | UUID  # what identifies a row of a table


class Unknown(Exception):
    """Only plain DRF can show this field."""


def quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def is_column(field: AnyField) -> TypeGuard[Column]:
    """Whether a field is a column of its table. Django before 6.1 also reports many-to-many fields as columns."""
    return field.concrete and not field.many_to_many


def column_of(model: type[models.Model], name: str) -> Column:
    """The column of a model with this name; raises FieldDoesNotExist if there is none."""
    return cast(Column, model._meta.get_field(name))


def column_name(column: Column) -> str:
    """The name of a column in SQL."""
    return cast(str, column.column)


def target_of(relation: AnyField) -> type[models.Model]:
    """The target model of a relation."""
    return cast("type[models.Model]", relation.related_model)


def link_columns(relation: AnyField) -> tuple[type[models.Model], str, str]:
    """The table of a many-to-many relation, and its columns for this side and the other side."""
    is_declared_here = isinstance(relation, models.ManyToManyField)  # the other side is not a field
    field: Any = relation if is_declared_here else relation.field  # type: ignore[union-attr]  # then it is a relation
    here, there = field.m2m_column_name(), field.m2m_reverse_name()  # which Django adds where no stub sees it
    return field.remote_field.through, *((here, there) if is_declared_here else (there, here))


def join(model: type[models.Model], alias: str, condition: str, kind: str = " ") -> str:
    """The SQL that joins a table with this alias."""
    return f"{kind}JOIN {quoted(model._meta.db_table)} {alias} ON {condition}"


def without_parameters(compiled: Sql) -> str:
    """SQL compiled by Django, which must have no parameters; raises Unknown if it has any."""
    sql, parameters = compiled
    if parameters:
        raise Unknown(sql)
    return sql


def computed(model: type[models.Model], name: str) -> models.Expression:
    """The annotation of a model's manager with this name; raises Unknown if there is none."""
    try:
        return model._default_manager.all().query.annotations[name]
    except KeyError:
        raise Unknown(name) from None


def column_sql(model: type[models.Model], name: str, alias: str) -> str:
    """The SQL for a column of a table with this alias, or for a computed value."""
    try:
        return f"{alias}.{quoted(column_name(column_of(model, name)))}"
    except FieldDoesNotExist:
        query = model._default_manager.all().query
        query.change_aliases({query.get_initial_alias(): alias})
        expression = query.annotations[name]
        return without_parameters(query.get_compiler(connection=connection).compile(expression))


def fields_along(model: type[models.Model], path: str) -> Iterator[AnyField]:
    """The fields and relations of a path like `launch__pad__name`, one after the other.

    Raises FieldDoesNotExist for an unknown name, after yielding the fields before it."""
    here: type[models.Model] | None = model
    for name in path.split(LOOKUP_SEP):
        if here is None:
            raise FieldDoesNotExist(f"{path}: no relation leads on to {name}")
        field = here._meta.get_field(name)
        yield field
        here = field.related_model


def field_at(model: type[models.Model], path: str) -> AnyField | None:
    """The field at a path; None if there is none."""
    try:
        *_, field = fields_along(model, path)
    except FieldDoesNotExist:
        return None
    return field


def leads_to_many(model: type[models.Model], path: str) -> bool:
    """Whether a path contains a to-many relation."""
    with suppress(FieldDoesNotExist):
        return any(field.one_to_many or field.many_to_many for field in fields_along(model, path))
    return False


def may_be_null(model: type[models.Model], path: str) -> bool:
    """Whether a field or a relation on its path is nullable; true for annotations."""
    with suppress(FieldDoesNotExist):
        return any(field.null or not is_column(field) for field in fields_along(model, path))
    return True


def with_other_names(paths: Iterable[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """The same paths in other words: `names` has what stands there instead of a beginning of them."""

    def renamed(path: str) -> str:
        others = (other + path.removeprefix(ours) for other, ours in names.items() if path.startswith(f"{ours}__"))
        return next(others, path)

    return tuple(map(renamed, paths))
