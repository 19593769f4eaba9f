"""Paths of relations between tables, and their joins in the reverse direction, from Django's metadata."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import connection, models
from django.db.models.constants import LOOKUP_SEP

from spacedevs.db.paths import Unknown, column_name, fields_along, join, link_columns, quoted, without_parameters
from spacedevs.db.subsets import Subset

Relation = Any  # a foreign key, a many-to-many field or the reverse of either: Django has no common class


@dataclass(frozen=True)
class RelationPath:
    """The path from a row to related rows, over one or several relations, with an optional subset and order."""

    model: type[models.Model]
    names: tuple[str, ...]
    part: Subset | None = None
    order: tuple[str, ...] = ()  # without terms, that of the table

    @cached_property
    def relations(self) -> list[Relation]:
        path = LOOKUP_SEP.join(self.names)
        try:
            found = list(fields_along(self.model, path))
        except FieldDoesNotExist:
            raise Unknown(path) from None
        if found[-1].related_model is None:
            raise Unknown(path)
        return found

    @property
    def target(self) -> type[models.Model]:
        model: type[models.Model] = self.relations[-1].related_model
        return model

    @property
    def is_owned(self) -> bool:
        """Whether each row at its end belongs to exactly one row at its beginning."""
        return len(self.names) == 1 and not self.relations[0].many_to_many

    def joins_to_owner(self) -> tuple[str, str]:
        """The joins from the rows at its end, with the alias t, to the column with the owner's key."""
        joins, here, owner = "", "t", ""
        for number, relation in reversed(list(enumerate(self.relations))):
            near, key = f"w{number}", quoted(relation.model._meta.pk.column)
            if relation.many_to_many:
                (through, mine, theirs), links = link_columns(relation), f"m{number}"
                condition = f"{links}.{quoted(theirs)} = {here}.{quoted(relation.related_model._meta.pk.column)}"
                joins, owner, is_joined = f"{joins}{join(through, links, condition)}", f"{links}.{quoted(mine)}", False
            elif isinstance(relation, models.ForeignKey):
                target = column_name(relation.target_field)
                condition = f"{near}.{quoted(relation.column)} = {here}.{quoted(target)}"
                joins, owner, is_joined = f"{joins}{join(relation.model, near, condition)}", f"{near}.{key}", True
            else:
                owner, is_joined = f"{here}.{quoted(relation.field.column)}", False
            if number and not is_joined:
                joins += join(relation.model, near, f"{near}.{key} = {owner}")
            here = near
        return joins, owner

    def condition(self) -> str:
        """The condition on the rows at its end."""
        if self.part is None:
            return ""
        query = self.part.of(self.target._base_manager.all()).query
        query.change_aliases({query.get_initial_alias(): "t"})
        return f" AND {without_parameters(query.get_compiler(connection=connection).compile(query.where))}"
