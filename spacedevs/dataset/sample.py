"""The sample data in a database: recognised by their ids, and deleted only if nobody has changed them."""

import json
from collections import defaultdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.core.serializers.python import Deserializer
from django.db import models, transaction

from spacedevs.statistics.origin import is_empty
from spacedevs.statistics.registry import figures

from .models import Mirror

RECORDED = datetime(2026, 7, 15, 1, 21, tzinfo=UTC)  # docked vehicles and people in space are those of this time
OURS = 900_001  # first id of rows that upstream does not have; launches have UUIDs of their own version


def nouns() -> list[type[models.Model]]:
    """The tables with data."""
    return [model for noun in settings.NOUNS for model in apps.get_app_config(noun).get_models()]


def files() -> list[Path]:
    return [path for folder in settings.FIXTURE_DIRS for path in sorted(Path(folder).glob("*.json"))]


@cache
def keys_of_ours() -> dict[str, list]:
    """The keys of the sample's rows that upstream does not have, by table."""
    found = defaultdict(list)
    for path in files():
        for each in json.loads(path.read_text("utf-8")):
            if UUID(each["pk"]).version == 5 if isinstance(each["pk"], str) else each["pk"] >= OURS:
                found[each["model"]].append(each["pk"])
    return dict(found)


def is_wanted() -> bool:
    """Whether a start may load the sample: only into an empty database that is not to become a mirror."""
    return is_empty() and not Mirror.objects.exists()


def is_there() -> bool:
    """Whether a database contains rows of the sample, which a mirror would duplicate."""
    tables = {apps.get_model(label)._base_manager: keys for label, keys in keys_of_ours().items()}
    first, *others = (
        rows.filter(pk__in=keys).order_by().values_list(models.Value(1)) for rows, keys in tables.items()
    )
    return first.union(*others, all=True).exists()


def is_untouched() -> bool:
    """Whether a database contains exactly the unchanged sample."""
    rows = defaultdict(dict)
    for path in files():
        for each in Deserializer(json.loads(path.read_text("utf-8"))):
            rows[type(each.object)][each.object.pk] = each
    return all(is_as_told(model, rows[model]) for model in nouns())


def is_as_told(model, sample) -> bool:
    """Whether a table contains exactly these rows, ignoring statistics."""
    there = model._base_manager.in_bulk()
    if there.keys() != sample.keys():
        return False
    facts = [each for each in model._meta.concrete_fields if each.editable and each.attname not in figures(model)]
    sets = model._meta.many_to_many
    return all(
        all(getattr(row, each.attname) == getattr(sample[key].object, each.attname) for each in facts)
        and all(keys_in(row, each) == set((sample[key].m2m_data or {}).get(each.name, ())) for each in sets)
        for key, row in there.items()
    )


def keys_in(row, relation) -> set:
    return set(getattr(row, relation.name).values_list("pk", flat=True))


@transaction.atomic
def delete():
    """Deletes all data; accounts, keys and settings stay."""
    for noun in settings.NOUNS:
        for model in apps.get_app_config(noun).get_models(include_auto_created=True):
            rows = model._base_manager.all()
            rows._raw_delete(rows.db)
