"""Two editors at one row."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from docking.models import DockingLocation
from launches.models import SpacecraftFlight
from spacedevs.editing.conflicts import NO_ROW
from spacedevs.editing.history import versions_of
from stations.models import SpaceStation, SpaceStationStatus
from tests.support.admin import page
from tests.support.factories import agency, docking_location, launch, row, space_station, spacecraft_flight

pytestmark = pytest.mark.django_db


@pytest.fixture
def mir():
    return space_station(name="Mir", founded="1986-02-20", height=31.0)


class Editor:
    """Somebody who opens the page of a station, types, and saves."""

    def __init__(self, name):
        self.client = Client()
        self.client.force_login(User.objects.create(username=name, is_staff=True, is_superuser=True))

    def open(self, row):
        self.address = page(type(row), "change", row.pk)
        self.read(self.client.get(self.address))
        return self

    def read(self, answer):
        """Has the page before them: its fields as a browser would send them."""
        context = answer.context
        forms = [context["adminform"].form]
        self.fields = {"_opened": context["opened"]}
        for each in context["inline_admin_formsets"]:
            forms += [each.formset.management_form, *each.formset.forms]
        for bound in (form[name] for form in forms for name in form.fields):
            value = bound.value()
            if value is not None and value is not False:
                self.fields[bound.html_name] = value
        self.errors = context["adminform"].form.errors if answer.wsgi_request.method == "POST" else {}
        self.shown = [
            (str(each.original or ""), each.form[next(iter(each.form.fields))].value())
            for formset in context["inline_admin_formsets"]
            for each in formset
            if "__prefix__" not in each.form.prefix
        ]
        self.told_of_rows = [
            told for each in context["inline_admin_formsets"] for told in each.formset.non_form_errors()
        ]
        self.inline_errors = [
            errors for each in context["inline_admin_formsets"] for errors in each.formset.errors if errors
        ]

    def delete(self, row):
        self.client.post(page(type(row), "delete", row.pk), {"post": "yes"})

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
    assert boris.errors["name"] == ["Another user set this to “Mir-2” in the meantime."]
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
    assert told.startswith("This was changed after you opened it, but not in the admin.")
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


@pytest.fixture
def kristall(mir):
    return docking_location(name="Kristall", spacestation=mir)


@pytest.fixture
def both(mir, kristall):
    """Two editors before a station with a port."""
    return Editor("anna").open(mir), Editor("boris").open(mir)


PORT = "docking_location-0-"


def test_row_of_an_inline_that_was_changed_is_not_deleted_unseen(both, kristall):
    anna, boris = both
    anna.save(**{f"{PORT}name": "Kristall-2"})
    assert not boris.save(**{f"{PORT}DELETE": "on"})
    ((told,),) = (errors["__all__"] for errors in boris.inline_errors)
    assert "“Kristall” → “Kristall-2”" in told
    assert boris.fields[f"{PORT}DELETE"]
    assert boris.save()
    assert not DockingLocation.objects.exists()


def test_row_that_was_added_to_an_inline_is_told(both):
    anna, boris = both
    assert anna.save(**added_port(1, "Kvant"))
    assert not boris.save(height="32", **added_port(1, "Sofora"))
    (told,) = boris.told_of_rows
    assert told.startswith("“Kvant (Mir)”: anna added this ")
    assert told.endswith("It appears here after you save.")
    assert boris.save()
    ports = DockingLocation.objects.order_by("name").values_list("name", flat=True)
    assert [*ports] == ["Kristall", "Kvant", "Sofora"]


def added_port(number, name):
    """What a browser sends of one more port."""
    return {"docking_location-TOTAL_FORMS": number + 1, f"docking_location-{number}-name": name}


def test_row_of_an_inline_that_was_deleted_stays_deleted_where_it_was_left_alone(both, kristall, mir):
    anna, boris = both
    anna.delete(kristall)
    assert not boris.save(name="Mir-2")
    ((told,),) = (errors["__all__"] for errors in boris.inline_errors)
    assert told.startswith("anna deleted this ")
    assert told.endswith("It is marked for deletion: clear the mark and save to restore it.")
    assert boris.save()
    mir.refresh_from_db()
    assert (mir.name, DockingLocation.objects.count()) == ("Mir-2", 0)


def test_row_of_an_inline_that_was_deleted_comes_back_where_something_was_typed(both, kristall):
    anna, boris = both
    anna.save(**{f"{PORT}DELETE": "on"})
    assert not boris.save(**{f"{PORT}name": "Kristall-2"})
    ((told,),) = (errors["__all__"] for errors in boris.inline_errors)
    assert told.endswith("Your values are kept: save again to restore it, or mark it for deletion.")
    assert not DockingLocation.objects.exists()
    assert boris.save()
    assert [*DockingLocation.objects.values_list("pk", "name")] == [(kristall.pk, "Kristall-2")]


def test_row_of_an_inline_that_both_delete_is_gone(both, kristall, mir):
    anna, boris = both
    anna.delete(kristall)
    assert boris.save(name="Mir-2", **{f"{PORT}DELETE": "on"})
    assert not DockingLocation.objects.exists()
    assert versions_of(DockingLocation, kristall.pk).first().history_user.username == "anna"


def test_rows_are_shown_side_by_side_with_what_was_typed_in_them(mir):
    """Also where one that both delete was between them."""
    names = "Kvant", "Poisk", "Sofora"
    rows = [docking_location(name=name, spacestation=mir) for name in names]
    anna, boris = Editor("anna").open(mir), Editor("boris").open(mir)
    anna.delete(rows[1])
    assert not boris.save(
        founded="no date", **{"docking_location-1-DELETE": "on", "docking_location-2-name": "Strela"}
    )
    assert boris.shown == [("Kvant (Mir)", "Kvant"), ("Poisk (Mir)", "Poisk"), ("Strela (Mir)", "Strela")]
    assert boris.save(founded="1986-02-20")
    assert [*DockingLocation.objects.values_list("pk", "name")] == [(rows[0].pk, "Kvant"), (rows[2].pk, "Strela")]


def test_row_that_belongs_to_another_now_is_shown_as_it_was_typed(both, kristall):
    _, boris = both
    DockingLocation.objects.update(spacestation=space_station(name="Salyut 7"))
    assert not boris.save(**{f"{PORT}name": "Kristall-2"})
    assert boris.shown == [("", "Kristall-2")]
    ((told,),) = (errors["__all__"] for errors in boris.inline_errors)
    assert told == NO_ROW
    del boris.fields[f"{PORT}name"], boris.fields[f"{PORT}id"]  # what taking a row away does in a browser
    assert boris.save(**{"docking_location-TOTAL_FORMS": 0})
    kristall.refresh_from_db()
    assert kristall.name == "Kristall"


def test_who_changed_a_row_before_it_was_deleted_is_told_too(anna, boris, mir):
    anna.save(height="32")
    anna.delete(mir)
    assert not boris.save(name="Mir-2")
    deleted, changed = boris.errors["__all__"]
    assert deleted.startswith("anna deleted this ")
    assert changed.startswith("anna changed this ")
    assert boris.save()
    assert [*SpaceStation.objects.values_list("name", "height")] == [("Mir-2", 32.0)]


def test_row_that_was_deleted_comes_back_with_all_that_went_along(both, kristall, mir):
    anna, boris = both
    owner = agency()
    SpaceStation.objects.update(recorded_docked_vehicles=1)
    mir.owners.set([owner])
    boris.open(mir)
    anna.delete(mir)
    assert not boris.save(name="Mir-2")
    (told,) = boris.errors["__all__"]
    assert told.startswith("anna deleted this ")
    assert told.endswith("Your values are kept: save again to restore the record with them.")
    assert boris.inline_errors == []
    assert not SpaceStation.objects.exists()
    assert boris.fields["name"] == "Mir-2"
    assert boris.save()
    back = SpaceStation.objects.get()
    assert (back.pk, back.name, back.height, back.docked_vehicles, [*back.owners.all()]) == (
        *(mir.pk, "Mir-2", 31.0, 1),
        [owner],
    )
    assert [*DockingLocation.objects.values_list("pk", "name", "spacestation")] == [(kristall.pk, "Kristall", mir.pk)]


def test_history_tells_who_brought_a_row_back(anna, boris, mir):
    anna.delete(mir)
    boris.save(name="Mir-2")
    boris.save()
    told = [(str(each.history_user), each.history_type, each.name) for each in versions_of(SpaceStation, mir.pk)]
    assert told[:2] == [("boris", "+", "Mir-2"), ("anna", "-", "Mir")]


def test_row_that_others_than_editors_deleted_comes_back_too(boris, mir):
    DockingLocation.objects.all().delete()
    SpaceStation.objects.all().delete()
    assert not boris.save(name="Mir-2")
    (told,) = boris.errors["__all__"]
    assert told.startswith("This was deleted after you opened it, but not in the admin.")
    assert boris.save()
    assert [*SpaceStation.objects.values_list("pk", "name", "height")] == [(mir.pk, "Mir-2", 31.0)]


def test_row_whose_owner_is_gone_as_well_waits_for_another(anna, mir):
    """It cannot be there again, but what was typed is."""
    flight = spacecraft_flight(destination="Mir")
    other, boris = launch(), Editor("boris").open(flight)
    anna.delete(flight.launch)
    assert not SpacecraftFlight.objects.exists()
    assert not boris.save(destination="Mir-2")
    assert boris.errors["__all__"][0].startswith("anna deleted this ")
    assert boris.fields["destination"] == "Mir-2"
    assert not boris.save()
    assert boris.save(launch=other.pk)
    assert [*SpacecraftFlight.objects.values_list("pk", "destination", "launch")] == [(flight.pk, "Mir-2", other.pk)]


def test_nobody_brings_back_what_they_may_not_add(anna, boris, mir):
    anna.delete(mir)
    user = User.objects.get(username="boris")
    user.is_superuser = False
    user.save()
    user.user_permissions.set(Permission.objects.filter(codename__in=["change_spacestation", "view_spacestation"]))
    assert boris.save(name="Mir-2")  # which leads to the index, and says that there is no such row
    assert not SpaceStation.objects.exists()


def test_totals_that_move_disturb_nobody(boris, mir):
    SpaceStation.objects.update(recorded_docked_vehicles=7)
    assert boris.save(name="Mir-2")


def test_page_without_a_word_of_its_opening_is_saved(mir):
    editor = Editor("carla").open(mir)
    assert editor.save(_opened="forged")
    assert DockingLocation.objects.count() == 0
