"""Ways from the rows of one table to those of another, and the SQL that leads back along them.

Read off Django's own metadata; nothing here knows what is shown."""

from dataclasses import dataclass
from functools import cached_property

from django.core.exceptions import FieldDoesNotExist
from django.db import connection, models

from .parts import Part


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


@dataclass(frozen=True)
class Way:
    """From a row to the rows of another table that it shows: over one relation or several, and which of them."""

    model: type[models.Model]
    names: tuple[str, ...]
    part: Part | None = None

    @cached_property
    def relations(self) -> list:
        found, model = [], self.model
        for name in self.names:
            try:
                found.append(model._meta.get_field(name))
            except FieldDoesNotExist:
                raise Unknown(name) from None
            model = found[-1].related_model
            if model is None:
                raise Unknown(name)
        return found

    @property
    def target(self) -> type[models.Model]:
        return self.relations[-1].related_model

    @property
    def is_owned(self) -> bool:
        """Whether each row at its end belongs to one row at its beginning."""
        return len(self.names) == 1 and not self.relations[0].many_to_many

    def steps_back(self) -> tuple[str, str]:
        """The joins that lead from the rows at its end, called t, to the column that tells their owner."""
        joins, here, owner = "", "t", ""
        for number, relation in reversed(list(enumerate(self.relations))):
            near, key = f"w{number}", quoted(relation.model._meta.pk.column)
            if relation.many_to_many:
                (through, mine, theirs), links = link_columns(relation), f"m{number}"
                condition = f"{links}.{quoted(theirs)} = {here}.{quoted(relation.related_model._meta.pk.column)}"
                joins, owner, is_joined = f"{joins}{join(through, links, condition)}", f"{links}.{quoted(mine)}", False
            elif is_column(relation):
                condition = f"{near}.{quoted(relation.column)} = {here}.{quoted(relation.target_field.column)}"
                joins, owner, is_joined = f"{joins}{join(relation.model, near, condition)}", f"{near}.{key}", True
            else:
                owner, is_joined = f"{here}.{quoted(relation.field.column)}", False
            if number and not is_joined:
                joins += join(relation.model, near, f"{near}.{key} = {owner}")
            here = near
        return joins, owner

    def condition(self) -> str:
        """What a row at its end must be to be shown."""
        if self.part is None:
            return ""
        query = self.part.of(self.target._base_manager.all()).query
        query.change_aliases({query.get_initial_alias(): "t"})
        return f" AND {without_parameters(query.get_compiler(connection=connection).compile(query.where))}"


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
