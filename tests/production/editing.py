"""Edits a database at random, as editors and scripts do: python -m tests.production.editing SEED NUMBER

Saves, updates of many rows at once, deletions, links, and rows that get another owner. What the database refuses is
not counted. After every hundred it prints their number and waits for a line; at the end it prints their kinds."""

import os
import random
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spacedevs.settings")
django.setup()

from django.db import DataError, IntegrityError, models, transaction  # noqa: E402 - it needs the apps to be loaded

from spacedevs.db.dataset_version import data_models  # noqa: E402
from spacedevs.db.search.text import SearchText  # noqa: E402

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
KINDS = {"save": 55, "update": 15, "owner": 10, "links": 12, "delete": 8}  # with how often each is made


class Unfit(Exception):
    """The row has nothing that can be edited in this way."""


class Editor:
    """Edits rows at random."""

    def __init__(self, seed):
        self.choose, self.number = random.Random(seed), 0  # noqa: S311 - no secret is made here
        self.models = [model for _, model in sorted(data_models().items()) if not model._meta.auto_created]

    def edit(self) -> str:
        """Makes one edit; returns its kind."""
        self.number += 1
        while True:
            (kind,) = self.choose.choices(list(KINDS), KINDS.values())
            model = self.choose.choice(self.models)
            try:
                with transaction.atomic():
                    getattr(self, kind)(model)
            except (Unfit, DataError, IntegrityError, models.ProtectedError, models.RestrictedError):
                continue
            return kind

    def row(self, model):
        return self.one_of(model._base_manager.order_by("pk"))

    def one_of(self, rows):
        if not (number := rows.count()):
            raise Unfit
        return rows[self.choose.randrange(number)]

    def field(self, model, wanted):
        found = [field for field in model._meta.concrete_fields if wanted(field)]
        if not found:
            raise Unfit
        return self.choose.choice(found)

    def value(self, field):
        """A value for a plain column."""
        if isinstance(field, models.BooleanField):
            return self.choose.random() < 0.5
        if isinstance(field, models.DateTimeField):
            return BEGINNING + timedelta(minutes=self.choose.randrange(5_000_000))
        if isinstance(field, models.DateField):
            return (BEGINNING + timedelta(days=self.choose.randrange(3_000))).date()
        if isinstance(field, models.IntegerField):
            return self.choose.randrange(100)
        if isinstance(field, models.FloatField):
            return self.choose.randrange(800) / 10
        return f"Edited {self.number}: {self.choose.random()}"[: field.max_length]

    def save(self, model):
        row = self.row(model)
        for _ in range(self.choose.randrange(1, 4)):
            field = self.field(model, is_plain)
            setattr(row, field.name, self.value(field))
        row.save()

    def update(self, model):
        field = self.field(model, is_plain)
        keys = [self.row(model).pk for _ in range(self.choose.randrange(2, 30))]
        model._base_manager.filter(pk__in=keys).update(**{field.name: self.value(field)})

    def owner(self, model):
        field = self.field(model, lambda field: field.is_relation and field.editable)
        row = self.row(model)
        is_none = field.null and self.choose.random() < 0.2
        setattr(row, field.name, None if is_none else self.row(field.related_model))
        row.save()

    def links(self, model):
        if not model._meta.many_to_many:
            raise Unfit
        relation = self.choose.choice(model._meta.many_to_many)
        rows = [self.row(relation.related_model) for _ in range(self.choose.randrange(1, 4))]
        links = getattr(self.row(model), relation.name)
        self.choose.choice([links.add, links.remove])(*rows)

    def delete(self, model):
        self.row(model).delete()


def is_plain(field) -> bool:
    """Whether it is an editable column of a plain kind; `recorded_` ones are only imported."""
    is_ours = field.primary_key or not field.editable or field.choices or isinstance(field, SearchText)
    is_ours = is_ours or field.name.startswith("recorded_")
    kinds = (
        models.CharField,
        models.TextField,
        models.BooleanField,
        models.DateField,
        models.IntegerField,
        models.FloatField,
    )
    return isinstance(field, kinds) and not is_ours and not field.is_relation


def main(seed, number):
    editor, made = Editor(int(seed)), Counter()
    for each in range(1, int(number) + 1):
        made[editor.edit()] += 1
        if each % 100 == 0:
            print(each, flush=True)
            sys.stdin.readline()
    print(dict(made), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
