"""What keeps every search text right, whoever writes: triggers, made from the paths of its field.

The searched table computes the text of a row that is written. Each table on the way of a path, when rows of
it come, go or change in what matters, touches the rows that lead there, which computes their texts anew.
Where these are very many, the trigger notes them as pending instead, and they are touched after the commit,
some at a time (see pending.py): to rename what thousands of rows show must not take as long as they do.
A trigger has a digest of what it does in its name: where the name is there, it is the right one."""

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
    """Every search text that there is, with its triggers."""
    kind = KINDS[connection.vendor]
    return [kind(field, connection) for model in apps.get_models() if (field := SearchText.of(model))]


def install(using: str, apps: Apps = installed_apps, **kwargs: Any) -> None:
    """Makes the triggers that should be there, drops those that should not, and repairs the texts."""
    connection = connections[using]
    kind = KINDS[connection.vendor]
    texts = triggers_of(connection, apps)
    wanted = dict(trigger for triggers in texts for trigger in triggers)
    with connection.cursor() as cursor:
        cursor.execute(kind.listing)
        if {name for (name,) in cursor.fetchall()} == wanted.keys() and all(each.is_prepared() for each in texts):
            return  # whoever writes waits for others who do
    with transaction.atomic(using), connection.cursor() as cursor:
        there = drop(cursor, kind, wanted)
        for name in wanted.keys() - there:
            cursor.execute(wanted[name])
        for triggers in texts:
            triggers.prepare()
            if wanted.keys() != there:  # as long as all were there, no text went wrong
                cursor.execute(triggers.repair())


def remove(using: str, plan: Sequence[object] = (), **kwargs: Any) -> None:
    """Drops all triggers before tables change: no database can rename what a trigger speaks of."""
    if plan:
        with connections[using].cursor() as cursor:
            drop(cursor, KINDS[connections[using].vendor])


def drop(cursor: CursorWrapper, kind: type[Triggers], wanted: Collection[str] = ()) -> set[str]:
    """Drops the triggers that are not wanted; returns the names of those that are left."""
    cursor.execute(kind.listing)
    there = {name for (name,) in cursor.fetchall()}
    for name in there.difference(wanted):
        cursor.execute(kind.dropping.format(name))
    return there.intersection(wanted)
