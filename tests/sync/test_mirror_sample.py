"""Where the sample data stand, an upstream's would stand beside them: a mirror begins without."""

import io
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import transaction

from agencies.models import Agency, AgencyType
from crew.models import Astronaut
from launches.models import Launch
from spacedevs.dataset import sample
from spacedevs.dataset.models import Mirror
from spacedevs.operations.management.commands import prepare
from spacedevs.statistics import origin
from tests.support import factories

pytestmark = pytest.mark.django_db
NOWHERE = "http://127.0.0.1:1/2.3.0"  # where nobody listens: what comes before the first call is what counts here
FAILS = "Upstream fails: http://127.0.0.1:1/2.3.0/space_stations/ is unreachable: "


def load():
    command = prepare.Command(stdout=io.StringIO())
    command.load_samples()


@pytest.fixture
def loaded(derived):
    load()


def begin(*options):
    """What a mirror says that begins here, up to where it finds nobody."""
    out = io.StringIO()
    with pytest.raises(CommandError) as ended:
        call_command("mirror", "--from", NOWHERE, "--budget", "0", *options, stdout=out, stderr=out)
    return ended.value.returncode, out.getvalue() + str(ended.value)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("spacedevs.sync.mirroring.upstream.ATTEMPTS", 1)


@contextmanager
def undone():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def add():
    factories.row(AgencyType, name="New")


def change():
    Astronaut.objects.filter(pk=Astronaut.objects.last().pk).update(name="Somebody Else")


def delete():
    Launch.objects.filter(pk=Launch.objects.filter(updates=None).last().pk).delete()


def unlink():
    Agency.objects.exclude(country=None).last().country.clear()


def test_a_mirror_refuses_the_sample_unless_told_to_keep_it_or_to_delete_it_untouched(loaded):
    User.objects.create(username="editor")
    code, told = begin()
    assert (code, told.startswith("This database contains the sample data; ")) == (2, True)
    assert not Mirror.objects.exists()
    with undone():
        assert FAILS in begin("--keep-sample")[1]
        assert Astronaut.objects.exists()
        assert FAILS in begin()[1]  # who has decided is not asked again
    for touch in (add, change, delete, unlink):
        with undone():
            touch()
            code, told = begin("--drop-sample")
            assert (code, told.startswith("This database contains more than the unchanged sample")) == (2, True), touch
            assert not Mirror.objects.exists()
            assert Astronaut.objects.exists()
    told = begin("--drop-sample")[1]
    assert told.startswith("The sample data were deleted.\n")
    assert origin.is_empty()
    assert User.objects.filter(username="editor").exists()
    load()  # as at the next start
    assert origin.is_empty()


def test_a_database_without_the_sample_is_begun_with(db):
    factories.agency(id=900)
    assert not sample.is_there()
    assert FAILS in begin("--drop-sample")[1]
    assert Agency.objects.exists()


def test_any_row_that_only_the_sample_has_is_enough_to_tell(db):
    factories.row(AgencyType)
    assert not sample.is_there()
    factories.agency(id=sample.keys_of_ours()["agencies.agency"][0])
    assert sample.is_there()
