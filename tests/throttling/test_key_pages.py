"""Keys in the admin: made there, shown once, revoked there."""

import re

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from spacedevs.throttling.models import Key, digest

pytestmark = pytest.mark.django_db
KEYS = reverse("admin:limits_key_changelist")


@pytest.fixture
def editor(client):
    client.force_login(User.objects.create(username="editor", is_staff=True, is_superuser=True))
    return client


def shown(response):
    """The tokens on a page."""
    return re.findall(r"Token ([0-9a-f]{40})", response.content.decode())


def act(editor, action, *keys):
    return editor.post(KEYS, {"action": action, "_selected_action": [key.pk for key in keys]})


def test_the_token_of_a_new_key_is_shown_once(editor):
    made = editor.post(reverse("admin:limits_key_add"), {"owner": "A mirror", "rate": "300/hour", "active": "on"})
    (token,) = shown(made)
    key = Key.objects.get()
    assert (key.digest, key.owner, key.rate) == (digest(token), "A mirror", "300/hour")
    assert "no-store" in made["Cache-Control"]
    assert token not in str(editor.cookies)
    pages = [KEYS, *(reverse(f"admin:limits_key_{name}", args=[key.pk]) for name in ("change", "history"))]
    assert [shown(editor.get(page)) for page in pages] == [[], [], []]


def test_a_key_that_is_edited_keeps_its_token(editor):
    key = Key.objects.create(owner="A mirror", digest="d")
    page = reverse("admin:limits_key_change", args=[key.pk])
    assert editor.post(page, {"owner": "Another", "rate": "", "active": "on"}).status_code == 302
    key.refresh_from_db()
    assert (key.owner, key.digest) == ("Another", "d")


@pytest.mark.parametrize("rate", ["many", "0/hour", "-1/hour", "15/week", "15", "1.5/hour", "9999999999/hour"])
def test_what_is_no_limit_is_refused(rate, editor):
    answer = editor.post(reverse("admin:limits_key_add"), {"owner": "A mirror", "rate": rate, "active": "on"})
    wanted = f"{rate!r} is not a rate. Use a format such as 15/hour, with one of second, minute, hour, day."
    assert answer.context["adminform"].form.errors == {"rate": [wanted]}


def test_keys_are_revoked(editor):
    keys = [Key.objects.create(owner=owner, digest=owner) for owner in ("one", "two", "three")]
    assert act(editor, "revoke", *keys[:2]).status_code == 302
    assert list(Key.objects.filter(active=True)) == keys[2:]


def test_a_lost_token_is_replaced_by_a_new_one(editor):
    key, other = (Key.objects.create(owner=owner, digest=owner) for owner in ("one", "two"))
    (token,) = shown(act(editor, "renew", key))
    assert list(Key.objects.order_by("id").values_list("digest", flat=True)) == [digest(token), other.digest]
