from contextlib import contextmanager

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import transaction

from tests import factories
from tests.api.routes import KINDS, RESOURCES


@contextmanager
def rows_for_a_module(blocker):
    """Lets rows be made that every test of a module finds, and none after it."""
    with blocker.unblock(), transaction.atomic():
        for kind in KINDS:
            factories.full_docking_event(*kind)
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def sample(django_db_setup, django_db_blocker):
    """Every kind of docking event with all that hangs on it, and two rows in every other table."""
    with rows_for_a_module(django_db_blocker):
        for resource in RESOURCES.values():
            while resource.queryset.count() < 2:
                factories.row(resource.queryset.model)
        yield


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """The sample data that the project comes with, and every kind of docking event besides."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("loaddata", *sorted(settings.NOUNS), verbosity=0)
        with rows_for_a_module(django_db_blocker):
            yield
        transaction.set_rollback(True)
