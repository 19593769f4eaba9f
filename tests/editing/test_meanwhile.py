"""Two editors at one row."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from docking.models import DockingLocation
from stations.models import SpaceStation, SpaceStationStatus
from tests.admin import page
from tests.factories import agency, docking_location, row, space_station

pytestmark = pytest.mark.django_db


@pytest.fixture
def mir():
    return space_station(name="Mir", founded="1986-02-20", height=31.0)


class Editor:
    """Somebody who opens the page of a station, types, and saves."""

    def __init__(self, name):
        self.client = Client()
        self.client.force_login(User.objects.create(username=name, is_staff=True, is_superuser=True))

    def open(self, station):
        self.address = page(SpaceStation, "change", station.pk)
        self.read(self.client.get(self.address))
        return self

    def read(self, answer):
        """Has the page before them: its fields as a browser would send them."""
        context = answer.context
        forms = [context["adminform"].form]
        self.fields = {"_opened": context["opened"]}
        for each in context["inline_admin_formsets"]:
            forms += [each.formset.management_form, *each.formset.initial_forms]
        for bound in (form[name] for form in forms for name in form.fields):
            value = bound.value()
            if value is not None and value is not False:
                self.fields[bound.html_name] = value
        self.errors = context["adminform"].form.errors if answer.wsgi_request.method == "POST" else {}
        self.inline_errors = [
            errors for each in context["inline_admin_formsets"] for errors in each.formset.errors if errors
        ]

    def save(self, **typed):
        """Whether it was saved; if not, the page is before them again."""
        answer = self.client.post(self.address, {**self.fields, **typed})
        if answer.status_code == 200:
            self.read(answer)
        return answer.status_code == 302


@pytest.fixture
def anna(mir):
    return Editor("anna").open(mir)


@pytest.fixture
def boris(mir):
    return Editor("boris").open(mir)


def test_second_editor_is_told_who_changed_what(anna, boris, mir):
    assert anna.save(name="Mir-2")
    assert not boris.save(height="32")
    (told,) = boris.errors["__all__"]
    assert told.startswith("anna changed this ")
    assert "Name: “Mir” → “Mir-2”" in told
    mir.refresh_from_db()
    assert (mir.name, mir.height) == ("Mir-2", 31.0)


def test_what_both_did_is_kept_once_the_second_has_seen_it(anna, boris, mir):
    anna.save(name="Mir-2")
    boris.save(height="32")
    assert (boris.fields["name"], boris.fields["height"]) == ("Mir-2", "32")
    assert boris.save()
    mir.refresh_from_db()
    assert (mir.name, mir.height) == ("Mir-2", 32.0)


def test_field_that_both_changed_stays_as_typed_and_is_marked(anna, boris, mir):
    anna.save(name="Mir-2")
    assert not boris.save(name="Mir-3")
    assert boris.errors["name"] == ["Somebody else put “Mir-2” here meanwhile."]
    assert boris.fields["name"] == "Mir-3"
    assert boris.save()
    mir.refresh_from_db()
    assert mir.name == "Mir-3"


def test_two_who_typed_the_same_do_not_dispute(anna, boris):
    anna.save(name="Mir-2")
    assert not boris.save(name="Mir-2")
    assert boris.errors.keys() == {"__all__"}


def test_relations_are_told_by_name(anna, boris, mir):
    retired, esa = row(SpaceStationStatus, name="Retired"), agency(name="ESA")
    anna.save(status=retired.pk, owners=[esa.pk])
    assert not boris.save(height="32")
    (told,) = boris.errors["__all__"]
    assert "Status: “nothing” → “Retired”" in told
    assert "Owners: “nothing” → “ESA”" in told
    assert boris.save()
    mir.refresh_from_db()
    assert (mir.status, [*mir.owners.all()], mir.height) == (retired, [esa], 32.0)


def test_change_by_others_than_editors_is_told_too(boris, mir):
    SpaceStation.objects.update(founded="1986-02-19")
    assert not boris.save(name="Mir-2")
    (told,) = boris.errors["__all__"]
    assert told.startswith("This was changed after you opened it, though not on these pages.")
    assert boris.save()
    mir.refresh_from_db()
    assert (str(mir.founded), mir.name) == ("1986-02-19", "Mir-2")


def test_rows_of_an_inline_are_watched_as_well(mir):
    port = docking_location(name="Kristall", spacestation=mir)
    anna, boris = Editor("anna").open(mir), Editor("boris").open(mir)
    assert anna.save(**{"docking_location-0-name": "Kristall-2"})
    assert not boris.save(name="Mir-2")
    assert boris.fields["docking_location-0-name"] == "Kristall-2"
    ((told,),) = (errors["__all__"] for errors in boris.inline_errors)
    assert "“Kristall” → “Kristall-2”" in told
    assert boris.save()
    port.refresh_from_db()
    mir.refresh_from_db()
    assert (port.name, mir.name) == ("Kristall-2", "Mir-2")


def test_totals_that_move_disturb_nobody(boris, mir):
    SpaceStation.objects.update(recorded_docked_vehicles=7)
    assert boris.save(name="Mir-2")


def test_page_without_a_word_of_its_opening_is_saved(mir):
    editor = Editor("carla").open(mir)
    assert editor.save(_opened="forged")
    assert DockingLocation.objects.count() == 0
