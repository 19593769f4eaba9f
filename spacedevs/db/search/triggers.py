"""Maintains search texts with triggers, generated from the paths of the field, for all writers.

A trigger on the searched table computes the text of a written row. A change of a relevant column in another table on a
path updates the dependent rows, which recomputes their texts. If there are very many, the trigger notes them as
pending instead, and they are updated after the commit in parts (see pending.py), so that renaming a row stays fast.
The name of a trigger contains a digest of its SQL: a trigger with the right name is up to date."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from django.apps import apps as installed_apps
from django.db import connections, transaction

from .postgresql import PostgresTriggers
from .sources import Triggers
from .sqlite import SqliteTriggers
from .text import SearchText

if TYPE_CHECKING:
    from django.apps.registry import Apps
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.utils import CursorWrapper

KINDS: dict[str, type[Triggers]] = {"sqlite": SqliteTriggers, "postgresql": PostgresTriggers}


def triggers_of(connection: BaseDatabaseWrapper, apps: Apps = installed_apps) -> list[Triggers]:
    """Every search text with its triggers."""
    kind = KINDS[connection.vendor]
    return [kind(field, connection) for model in apps.get_models() if (field := SearchText.of(model))]


def install(using: str, apps: Apps = installed_apps, **kwargs: Any) -> None:
    """Creates missing triggers, drops outdated ones, and corrects the texts."""
    connection = connections[using]
    kind = KINDS[connection.vendor]
    texts = triggers_of(connection, apps)
    wanted = dict(trigger for triggers in texts for trigger in triggers)
    with connection.cursor() as cursor:
        cursor.execute(kind.listing)
        if {name for (name,) in cursor.fetchall()} == wanted.keys() and all(each.is_prepared() for each in texts):
            return  # a write would wait for other writers
    with transaction.atomic(using), connection.cursor() as cursor:
        there = drop(cursor, kind, wanted)
        for name in wanted.keys() - there:
            cursor.execute(wanted[name])
        for triggers in texts:
            triggers.prepare()
            if wanted.keys() != there:  # while all triggers existed, all texts are right
                cursor.execute(triggers.repair())


def remove(using: str, plan: Sequence[object] = (), **kwargs: Any) -> None:
    """Drops all triggers before a migration, because databases cannot rename tables and columns in triggers."""
    if plan:
        with connections[using].cursor() as cursor:
            drop(cursor, KINDS[connections[using].vendor])


def drop(cursor: CursorWrapper, kind: type[Triggers], wanted: Collection[str] = ()) -> set[str]:
    """Drops unwanted triggers; returns the names of the remaining ones."""
    cursor.execute(kind.listing)
    there = {name for (name,) in cursor.fetchall()}
    for name in there.difference(wanted):
        cursor.execute(kind.dropping.format(name))
    return there.intersection(wanted)
