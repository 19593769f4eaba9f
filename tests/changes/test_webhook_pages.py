"""Webhooks in the admin: made there, with a secret that is shown once, seen, resumed and sent again."""

import html
import re

import pytest
from django.contrib.auth.models import Group, User

from spacedevs.changes.models import Delivery, MatchedRecord, Subscription
from spacedevs.changes.webhooks import sealing
from spacedevs.changes.webhooks.addresses import PRIVATE
from spacedevs.db.change_log.reading import Log
from tests.support import factories
from tests.support.admin import page, said

pytestmark = pytest.mark.django_db
FIELDS = {
    "name": "A bot",
    "url": "https://bot.example.org/hook?of=us",
    "query": "launches/upcoming/?lsp__id=121",
    "fields": "net, status",
    "active": "on",
}


def send(editor, **fields):
    return editor.post(page(Subscription, "add"), {**FIELDS, **fields})


def errors(answer):
    return answer.context["adminform"].form.errors


def shown(answer):
    """The secrets on a page."""
    return re.findall(r"whsec_[\w+/=]+", html.unescape(answer.content.decode()))


@pytest.fixture
def subscription(editor):
    send(editor)
    return Subscription.objects.get()


def act(editor, action, *rows):
    fields = {"action": action, "_selected_action": [row.pk for row in rows]}
    return editor.post(page(type(rows[0]), "changelist"), fields, follow=True)


def delivery(subscription, **values):
    return Delivery.objects.create(subscription=subscription, record="launches/1", payload="{}", **values)


def test_the_secret_of_a_new_subscription_is_shown_once(editor):
    launch = factories.launch(launch_service_provider__id=121, net="2099-01-01T00:00:00Z")
    factories.launch(launch_service_provider__id=44, net="2099-01-01T00:00:00Z")
    log = Log.read()
    made = send(editor)
    [secret] = shown(made)
    kept = Subscription.objects.get()
    assert (kept.name, kept.url, kept.query, kept.fields, str(kept.created_by)) == (
        "A bot",
        "https://bot.example.org/hook?of=us",
        "launches/upcoming/?lsp__id=121",
        "net,status",
        "editor",
    )
    assert (sealing.unseal(kept.sealed), kept.cursor.split("-")[0]) == (secret, log.id)
    assert [row.key for row in MatchedRecord.objects.all()] == [str(launch.pk)]
    assert "no-store" in made["Cache-Control"]
    pages = (
        page(Subscription, "changelist"),
        page(Subscription, "change", kept.pk),
        page(Subscription, "history", kept.pk),
    )
    for each in pages:
        answer = editor.get(each)
        assert (answer.status_code, shown(answer), kept.sealed in answer.text) == (200, [], False)


def test_an_edited_subscription_keeps_secret_and_cursor_and_matches_anew(editor, subscription):
    launch = factories.launch(launch_service_provider__id=44)
    fields = {**FIELDS, "query": "/2.3.0/launches/?lsp__id=44", "fields": ""}
    assert editor.post(page(Subscription, "change", subscription.pk), fields).status_code == 302
    kept = Subscription.objects.get()
    assert (kept.query, kept.sealed, kept.cursor) == ("launches/?lsp__id=44", subscription.sealed, subscription.cursor)
    assert [row.key for row in MatchedRecord.objects.all()] == [str(launch.pk)]


def test_a_lost_secret_is_replaced(editor, subscription):
    [secret] = shown(act(editor, "renew", subscription))
    assert sealing.unseal(Subscription.objects.get().sealed) == secret != sealing.unseal(subscription.sealed)


NO_URL = "Enter the URL of a server, beginning with https:// or http://, without a user name."


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("bot.example.org", NO_URL),
        ("ftp://bot.example.org/", NO_URL),
        ("javascript:alert(1)", NO_URL),
        ("https://", NO_URL),
        ("https:///hook", NO_URL),
        ("https://[::1", NO_URL),
        ("https://bot.example.org:99999/", NO_URL),
        ("https://bot.example.org:0/", NO_URL),
        ("https://bot.example.org/a b", NO_URL),
        ("https://bot.example.org/\u202ehook", NO_URL),
        ("https://anna:secret@bot.example.org/", NO_URL),
        ("https://" + "ä" * 300 + ".example.org/", NO_URL),
        ("https://xn--a.example.org/", NO_URL),
        ("https://bot.example.org/#here", "A URL for messages has no fragment (#…)."),
        ("http://127.0.0.1:8000/", PRIVATE),
        ("http://[::1]/", PRIVATE),
        ("http://169.254.169.254/latest/", PRIVATE),
        ("https://bot.example.org/\0", "Null characters are not allowed."),
        (
            "https://bot.example.org/" + "x" * 2000,
            "Ensure this value has at most 2000 characters (it has 2024).",
        ),
    ],
)
def test_a_url_that_nothing_can_be_sent_to_is_refused(url, complaint, editor):
    answer = send(editor, url=url)
    assert (answer.status_code, errors(answer)) == (200, {"url": [complaint]})
    assert not Subscription.objects.exists()


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("launch/", "Unknown endpoint: 'launch'. Did you mean launches?"),
        ("?lsp__id=121", "Unknown endpoint: ''."),
        ("dashboard/starship/", "Unknown endpoint: 'dashboard/starship'."),
        ("https://example.org/2.3.0/launches/", "Unknown endpoint: 'https://example.org/2.3.0/launches'."),
        ("x" * 500, f"Unknown endpoint: {'x' * 64!r}."),
        ("launches/?lsp_id=121", "lsp_id: Unknown parameter. Did you mean lsp__id?"),
        ("launches/?lsp__id=SpaceX", "lsp__id: Enter a whole number."),
        ("launches/?net__gte=soon", "net__gte: Enter a valid date/time."),
        ("launches/?mode=tall", "mode: Unknown mode. Choose from: list, normal, detailed."),
        ("launches/?limit=10", "limit: Has no meaning here."),
        ("launches/?ordering=net", "ordering: Has no meaning here."),
        ("launches/?search=" + "x" * 600, "search: Search for at most 512 characters and 32 words."),
        ("launches/?search=%00", "A parameter contains a NUL character."),
        ("launches/?%00=1", "\x00: Unknown parameter."),
        ("launches/?" + "&a" * 1001, "Ensure this value has at most 2000 characters (it has 2012)."),
        ("launches/?" + "&" * 1005, "Too many parameters."),
    ],
)
def test_a_query_in_which_anything_would_be_ignored_is_refused(query, complaint, editor):
    answer = send(editor, query=query)
    assert (answer.status_code, errors(answer)) == (200, {"query": [complaint]})
    assert not Subscription.objects.exists()


def test_fields_that_records_do_not_have_are_refused(editor):
    assert errors(send(editor, fields="net,statu")) == {"fields": ["Unknown field: 'statu'. Did you mean status?"]}


def test_all_errors_are_told_at_once(editor):
    told = errors(send(editor, name="", url="x", query="launches/?a=1&b=2", fields="x"))
    assert told == {
        "name": ["This field is required."],
        "url": [NO_URL],
        "query": ["a: Unknown parameter.", "b: Unknown parameter."],
    }


@pytest.mark.parametrize(
    "query", ["launches/?search=%ff%fe", "launches/?lsp__id=", "agencies/?search=%22", "launches"]
)
def test_odd_queries_that_choose_something_are_taken(query, editor):
    assert send(editor, query=query, fields="").status_code == 200
    assert Subscription.objects.count() == 1


def test_marks_stand_on_the_first_page_and_resuming_clears_them(editor, subscription, client):
    now = subscription.created
    Subscription.objects.update(stopped="The receiver has failed for three days.", gave_up=now, failing_since=now)
    waiting = delivery(subscription, attempts=4, next_attempt=now.replace(year=2099))
    assert [(each["about"], each["count"]) for each in editor.get("/admin/").context["attention"]] == [
        ("stopped: nothing is sent until somebody resumes it", 1),
        ("lacking a message that was given up, or changes before a new change log", 1),
    ]
    assert "Stopped. The receiver has failed for three days." in editor.get(page(Subscription, "changelist")).text
    assert said(act(editor, "resume", subscription)) == ["Resumed 1 subscription."]
    assert list(editor.get("/admin/").context["attention"]) == []
    waiting.refresh_from_db()
    assert (waiting.attempts, waiting.next_attempt.year < 2099) == (0, True)


def test_deliveries_are_seen_and_sent_again_but_not_edited(editor, subscription):
    done = delivery(subscription, state="delivered", attempts=1, status=204, ended=subscription.created)
    listed = editor.get(page(Delivery, "changelist"))
    assert done.message_id in listed.text
    assert editor.get(page(Delivery, "change", done.pk)).status_code == 200
    assert editor.get(page(Delivery, "add")).status_code == 403
    edited = editor.post(page(Delivery, "change", done.pk), {"payload": "other", "state": "pending"})
    done.refresh_from_db()
    assert (edited.status_code, done.payload, done.state) == (403, "{}", "delivered")
    assert said(act(editor, "send_again", done)) == ["1 delivery is sent again."]
    again = Delivery.objects.get()
    assert (again.state, again.attempts, again.message_id) == ("pending", 0, done.message_id)


@pytest.mark.parametrize(("role", "status"), [("editors", 403), ("admins", 200)])
def test_admins_keep_webhooks_and_editors_do_not_see_them(role, status, client):
    anna = User.objects.create_user("anna", is_staff=True)
    anna.groups.add(Group.objects.get(name=role))
    client.force_login(anna)
    pages = page(Subscription, "changelist"), page(Subscription, "add"), page(Delivery, "changelist")
    assert [client.get(each).status_code for each in pages] == [status] * 3
