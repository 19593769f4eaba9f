"""Tables taken out as files and in from them."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.timezone import now

from agencies.models import Agency, AgencyType, Country
from crew.models import Astronaut
from docking.models import DockingEvent
from places.models import Pad
from spacedevs.editing.history import versions_of
from spacedevs.editing.import_export import CSV, Exchange, escaped, unescaped
from spacedevs.editing.staged_imports import GONE
from tests.support.admin import page
from tests.support.factories import (
    agency,
    astronaut,
    docking_event,
    docking_location,
    pad,
    row,
    space_station,
    spacecraft_flight,
)

from .test_admin import ADMINS

pytestmark = pytest.mark.django_db
FORMATS = {"csv": "0", "json": "1"}


def taken_out(editor, model, kind="csv"):
    """A table as a file."""
    return editor.post(page(model, "export"), {"format": FORMATS[kind], "resource": ""}).content.decode()


def shown(editor, model, text, kind="csv"):
    """The page that shows what a file would change."""
    file = SimpleUploadedFile(f"table.{kind}", text.encode())
    return editor.post(page(model, "import"), {"format": FORMATS[kind], "resource": "", "import_file": file})


def taken_in(editor, model, text, kind="csv"):
    """Lets a file change what it shows."""
    form = shown(editor, model, text, kind).context["confirm_form"]
    return editor.post(page(model, "process_import"), {name: form[name].value() or "" for name in form.fields})


def changes(answer):
    return [(each.import_type, each.diff) for each in answer.context["result"].valid_rows()]


@pytest.mark.parametrize("kind", FORMATS)
def test_what_is_taken_out_can_be_taken_in(editor, kind):
    made = agency(name="ESA", abbrev="ESA", founding_year=1975)
    made.country.set([row(Country, name="France"), row(Country, name="Italy")])
    text = taken_out(editor, Agency, kind)
    Agency.objects.update(name="Somebody", founding_year=None)
    made.country.clear()
    taken_in(editor, Agency, text, kind)
    (back,) = Agency.objects.all()
    assert (back.pk, back.name, back.founding_year) == (made.pk, "ESA", 1975)
    assert sorted(country.name for country in back.country.all()) == ["France", "Italy"]


def test_what_would_change_is_shown_before_anything_does(editor):
    kind = row(AgencyType, name="Goverment")
    answer = shown(editor, AgencyType, f"id,name\n{kind.pk},Government\n,Private\n")
    marked = '<del class="diff">{}</del> <ins class="diff">{}</ins>'
    (first, (_, corrected)), (second, (_, added)) = changes(answer)
    assert (first, corrected) == ("update", marked.format("Goverment", "Government"))
    assert (second, added) == ("new", marked.format("", "Private"))
    assert [each.name for each in AgencyType.objects.all()] == ["Goverment"]


def test_page_that_shows_a_change_needs_no_style_of_its_own(editor):
    kind = row(AgencyType, name="<b>")
    answer = shown(editor, AgencyType, f"id,name\n{kind.pk},<script>\n")
    assert "style=" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_unchanged_rows_are_left_alone(editor):
    kind = row(AgencyType, name="Government")
    assert changes(shown(editor, AgencyType, f"id,name\n{kind.pk},Government\n")) == []


@pytest.mark.parametrize("kind", FORMATS)
def test_what_is_unknown_is_taken_in_as_unknown_and_what_is_empty_as_empty(editor, kind):
    agency(name="ESA", administrator=None, info_url="", wiki_url="https://example.org/esa")
    text = taken_out(editor, Agency, kind)
    assert changes(shown(editor, Agency, text, kind)) == []
    taken_in(editor, Agency, text.replace("https://example.org/esa", ""), kind)
    assert Agency.objects.values_list("administrator", "info_url", "wiki_url").get() == (None, "", None)


def test_rows_that_break_the_rules_are_refused_as_the_form_refuses_them(editor):
    first = docking_event(docking_location=docking_location(spacestation=space_station()))
    ship = spacecraft_flight()
    columns = "id,docking,docking_location,space_station_target,flight_vehicle_chaser"
    cells = f",2024-04-01 00:00:00,{first.docking_location_id},{first.space_station_target_id},{ship.pk}"
    (invalid,) = shown(editor, DockingEvent, f"{columns}\n{cells}\n").context["result"].invalid_rows
    there = f"{first.chaser} is docked there since 2024-03-05 07:28 UTC and has not departed."
    assert invalid.field_specific_errors == {"docking_location": [there]}
    assert DockingEvent.objects.get() == first


def test_totals_are_not_taken_in(editor):
    made = pad(total_launch_count=7)
    assert "total_launch_count" not in taken_out(editor, Pad)
    taken_in(editor, Pad, f"id,name,total_launch_count\n{made.pk},Gagarin's Start,9\n")
    made.refresh_from_db()
    assert (made.name, made.total_launch_count) == ("Gagarin's Start", 7)


def test_who_takes_a_file_in_leaves_versions(editor):
    made = astronaut(name="Yuri")
    taken_in(editor, Astronaut, f"id,name\n{made.pk},Yuri Gagarin\n")
    assert [(each.name, str(each.history_user or "")) for each in versions_of(Astronaut, made.pk)] == [
        ("Yuri Gagarin", "editor"),
        ("Yuri", ""),
    ]


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-cmd", "@SUM(A1)", "\t=1", "'=1", "'Oumuamua"])
def test_formulas_are_texts_in_a_spreadsheet_and_themselves_when_they_come_back(editor, text):
    kind = row(AgencyType, name=text)
    file = taken_out(editor, AgencyType)
    assert f"{kind.pk},'{text}" in file.replace('"', "")
    AgencyType.objects.update(name="")
    taken_in(editor, AgencyType, file)
    kind.refresh_from_db()
    assert kind.name == text


@pytest.mark.parametrize("cell", ["Mir", "", "-52.768", "+5", "2024-03-05", "O'Neill"])
def test_other_cells_are_left_as_they_are(cell):
    assert (escaped(cell), unescaped(cell)) == (cell, cell)


def test_json_holds_the_rows_as_they_are(editor):
    row(AgencyType, name="=1+1")
    assert [each["name"] for each in json.loads(taken_out(editor, AgencyType, "json"))] == ["=1+1"]


def test_who_may_not_change_a_table_takes_nothing_in(client):
    guest = User.objects.create(username="guest", is_staff=True)
    client.force_login(guest)
    assert (client.get(page(Agency, "import")).status_code, client.get(page(Agency, "export")).status_code) == (
        403,
        403,
    )
    guest.user_permissions.add(Permission.objects.get(codename="view_agency"))
    assert (client.get(page(Agency, "import")).status_code, client.get(page(Agency, "export")).status_code) == (
        403,
        200,
    )


def test_tables_of_choices_and_what_grows_slowly_are_exchanged():
    exchanged = {model._meta.model_name for model, pages in ADMINS.items() if isinstance(pages, Exchange)}
    assert {"agency", "pad", "astronaut", "dockingevent", "orbit", "country", "launchstatus"} <= exchanged
    assert all(pages.formats[0] is CSV for pages in ADMINS.values() if isinstance(pages, Exchange))


# Between the two steps -----------------------------------------------------------------------------


def confirmation(editor, text, kind="csv"):
    """What the first step has the second one sent."""
    form = shown(editor, AgencyType, text, kind).context["confirm_form"]
    return {name: form[name].value() or "" for name in form.fields}


def test_the_second_step_may_reach_a_server_with_another_disk(editor, tmp_path, monkeypatch):
    sent = confirmation(editor, "id,name\r\n,Caf\u00e9\r\n")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    answer = editor.post(page(AgencyType, "process_import"), sent)
    assert (answer.status_code, AgencyType.objects.get().name) == (302, "Caf\u00e9")
    assert [
        session.get_decoded().keys() for session in Session.objects.all() if "import" in session.get_decoded()
    ] == []


def refused(editor, sent, model=AgencyType):
    answer = editor.post(page(model, "process_import"), sent, follow=True)
    told = [message.message for message in answer.context["messages"]]
    return (answer.status_code, answer.redirect_chain, told[-1]) == (200, [(page(model, "import"), 302)], GONE)


def test_a_file_that_nobody_uploaded_is_a_message_and_touches_no_other(editor, tmp_path):
    sent = confirmation(editor, "id,name\n,One\n")
    theirs = tmp_path / "theirs"
    theirs.write_text("id,name\n,Two\n")
    login = editor.session.session_key
    for name in (
        "",
        "nobody",
        str(theirs),
        "../../etc/passwd",
        login,
        sent["import_file_name"] + "x",
        "\0",
        "x" * 5000,
    ):
        assert refused(editor, sent | {"import_file_name": name}), name
    for change in ({"format": "1"}, {"format": "99"}, {"format": "x"}):
        assert refused(editor, sent | change), change
    assert refused(editor, sent, Agency)
    assert (AgencyType.objects.count(), theirs.exists()) == (0, True)
    editor.post(page(AgencyType, "process_import"), sent | {"resource": "99"})
    assert AgencyType.objects.get().name == "One"
    assert refused(editor, sent)  # it was taken in


def test_a_file_of_another_editor_is_left_alone(editor):
    sent, another = confirmation(editor, "id,name\n,One\n"), Client()
    another.force_login(User.objects.create_superuser("another"))
    assert refused(another, sent)
    editor.post(page(AgencyType, "process_import"), sent)
    assert AgencyType.objects.get().name == "One"


def test_a_file_that_waits_for_an_hour_is_gone(editor):
    sent = confirmation(editor, "id,name\n,One\n")
    Session.objects.exclude(session_key=editor.session.session_key).update(expire_date=now() - timedelta(seconds=1))
    assert refused(editor, sent)
    confirmation(editor, "id,name\n,Two\n")
    assert sum("import" in session.get_decoded() for session in Session.objects.all()) == 1
