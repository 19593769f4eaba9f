"""Fixtures with rows in every table, made once for a module of tests."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from spacedevs.statistics.recompute import recompute

from . import factories
from .routes import KINDS, RESOURCES

# What each row changes of the figures of others is not looked for: that takes half of the time.
FIGURES_AS_TOLD = override_settings(STATISTICS="imported")


@contextmanager
def rows_for_a_module(blocker):
    """Rows for all tests of a module, removed afterwards."""
    with blocker.unblock(), transaction.atomic():
        with FIGURES_AS_TOLD:
            for kind in KINDS:
                factories.full_docking_event(*kind)
            for resource in RESOURCES.values():
                if resource.part:
                    fill(resource)
        yield
        transaction.set_rollback(True)


def rows_of(resource):
    """The present rows of an endpoint."""
    rows = resource.queryset.all()
    return resource.part.of(rows) if resource.part else rows


def compared(resource) -> int:
    """How many rows of a page are compared with what plain DRF shows, which asks the database for each anew.

    Rows of a part of a table are written as those of the whole table are."""
    return 3 if resource.part else 100


def fill(resource):
    """Makes two rows for an endpoint, unless there are: where time matters, soon and yesterday."""
    soon, ago = timezone.now() + timedelta(days=2), timezone.now() - timedelta(days=2)
    for moment in (soon, ago, soon, ago):
        if rows_of(resource).count() < 2:
            edges = resource.part.edges if resource.part else ()
            factories.row(resource.queryset.model, **dict.fromkeys(edges, moment.replace(microsecond=0)))


@pytest.fixture(scope="module")
def sample(django_db_setup, django_db_blocker):
    """Every kind of docking event with all that hangs on it, and two rows in every other table."""
    with rows_for_a_module(django_db_blocker):
        with FIGURES_AS_TOLD:
            for resource in RESOURCES.values():
                fill(resource)
        yield


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """The sample data that the project comes with, and every kind of docking event besides."""
    with django_db_blocker.unblock(), transaction.atomic():
        with FIGURES_AS_TOLD:
            call_command("loaddata", *sorted(settings.NOUNS), verbosity=0)
        recompute()
        with rows_for_a_module(django_db_blocker):
            yield
        transaction.set_rollback(True)
