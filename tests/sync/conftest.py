import pytest
from django.db import transaction
from django.test import Client

from tests.support import factories
from tests.support.world import FIGURES_AS_TOLD


@pytest.fixture(scope="module")
def recorded(django_db_setup, django_db_blocker):
    """Records of rows that have all they can have, as an endpoint answered them from a database that is gone."""

    def record(model, endpoint, key, number):
        with django_db_blocker.unblock(), transaction.atomic(), FIGURES_AS_TOLD:
            rows = [factories.full(model) for _ in range(number)]
            answers = [Client().get(f"/2.3.0/{endpoint}/{getattr(row, key)}/") for row in rows]
            transaction.set_rollback(True)
        return [answer.json() for answer in answers]

    return record
