"""From the pages for editors to the API, and back."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from docking.models import DockingEvent, DockingLocation
from media_assets.models import ImageLicense
from tests.support.admin import page
from tests.support.factories import docking_event, image, row

pytestmark = pytest.mark.django_db
HTML = {"accept": "text/html"}


def on_site(editor, made):
    """Where the page of a row says that the API shows it."""
    return editor.get(page(type(made), "change", made.pk)).context.get("absolute_url")


def edit(client, address):
    """Where the page of an answer leads an editor."""
    answer = client.get(address, headers=HTML)
    return answer.context["edit"], "Cookie" in answer.headers.get("Vary", "")


def test_row_leads_to_its_answer(editor):
    event, licence = docking_event(), row(ImageLicense)
    assert on_site(editor, event) == f"/2.3.0/docking_events/{event.pk}/"
    assert on_site(editor, event.docking_location) == f"/2.3.0/config/docking_locations/{event.docking_location_id}/"
    assert on_site(editor, licence) == f"/2.3.0/config/image_licenses/{licence.pk}/"
    assert on_site(editor, image()) is None


def test_answer_leads_an_editor_to_the_row_and_the_list(editor):
    event = docking_event()
    assert edit(editor, f"/2.3.0/docking_events/{event.pk}/") == (page(DockingEvent, "change", event.pk), True)
    assert edit(editor, "/2.3.0/config/docking_locations/")[0] == page(DockingLocation, "changelist")
    assert edit(editor, "/2.3.0/")[0] is None


def test_others_are_led_nowhere_and_asked_nothing(client):
    assert edit(client, "/2.3.0/docking_events/") == (None, False)
    client.force_login(User.objects.create(username="guest", is_staff=True))
    assert edit(client, "/2.3.0/docking_events/") == (None, True)


def test_answers_to_anybody_know_no_editor(editor):
    """What a program gets does not depend on who is logged in, and says nothing of cookies."""
    event = docking_event()
    address = f"/2.3.0/docking_events/{event.pk}/"
    ours, theirs = editor.get(address), Client().get(address)
    assert ours.content == theirs.content
    assert "Cookie" not in ours.headers.get("Vary", "") + theirs.headers.get("Vary", "")
