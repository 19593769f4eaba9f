"""Paths of fields, as Django's metadata know them: which are columns, what is behind a many-to-many relation, and
the SQL of both."""

from django.core.exceptions import FieldDoesNotExist
from django.db import connection, models


class Unknown(Exception):
    """A field that only plain DRF can show."""


def quoted(name) -> str:
    return connection.ops.quote_name(name)


def is_column(field) -> bool:
    """Whether a field is a column of its table. Django before 6.1 says so of many-to-many fields as well."""
    return field.concrete and not field.many_to_many


def link_columns(relation) -> tuple[type[models.Model], str, str]:
    """The table behind a many-to-many relation, its column for this side and its column for the other."""
    is_declared_here = isinstance(relation, models.ManyToManyField)  # its other side is no field
    field = relation if is_declared_here else relation.field
    columns = field.m2m_column_name(), field.m2m_reverse_name()
    return field.remote_field.through, *(columns if is_declared_here else reversed(columns))


def join(model, alias, condition, kind=" ") -> str:
    return f"{kind}JOIN {quoted(model._meta.db_table)} {alias} ON {condition}"


def without_parameters(compiled) -> str:
    """The SQL that Django made of something, which must be the same for every page."""
    sql, parameters = compiled
    if parameters:
        raise Unknown(sql)
    return sql


def computed(model, name) -> models.Expression:
    """What the manager of a model computes by this name."""
    try:
        return model._default_manager.all().query.annotations[name]
    except KeyError:
        raise Unknown(name) from None


def column_sql(model, name, alias) -> str:
    """How a statement names a column of a table that it calls so, or computes it."""
    try:
        return f"{alias}.{quoted(model._meta.get_field(name).column)}"
    except FieldDoesNotExist:
        query = model._default_manager.all().query
        query.change_aliases({query.get_initial_alias(): alias})
        expression = query.annotations[name]
        return without_parameters(query.get_compiler(connection=connection).compile(expression))


def leads_to_many(model, path) -> bool:
    """Whether a path may lead from one row to several."""
    for name in path.split("__"):
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            return False
        if field.one_to_many or field.many_to_many:
            return True
        model = field.related_model or model
    return False


def may_be_null(model, path) -> bool:
    """Whether a field, or a relation on the way to it, may be empty; true of annotations."""
    for name in path.split("__"):
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            return True
        if field.null or not is_column(field):
            return True
        model = field.related_model or model
    return False
