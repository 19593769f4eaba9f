"""Webhooks: who is told of which change, in which order, and what happens if a receiver fails."""

import json
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from standardwebhooks import Webhook

from agencies.models import Agency, AgencyType
from launches.models import Launch
from spacedevs.changes.models import Delivery, MatchedRecord, Subscription
from spacedevs.changes.webhooks import deliveries, delivering, queueing, sealing, sending
from spacedevs.changes.webhooks.delivering import Watch
from spacedevs.changes.webhooks.queries import Query
from spacedevs.changes.webhooks.queueing import begin, match_anew, queue
from spacedevs.db.change_log import upkeep
from spacedevs.db.locks import Lock, held
from tests.support import factories
from tests.support.receiver import receiving

# In a transaction that a test rolls back nothing would ever be complete.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def inner(settings):
    """Receivers may be on this machine."""
    settings.WEBHOOK_ALLOW_PRIVATE = True


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


def subscribed(receiver, query="config/agency_types/", **values):
    """A new subscription, and its secret."""
    subscription = Subscription(name="A bot", url=receiver.url, query=Query.of(query).text, **values)
    secret = subscription.renew()
    begin(subscription)
    subscription.save()
    match_anew(subscription)
    return subscription, secret


def deliver():
    call_command("deliver")


def hurry():
    """Lets all pauses be over."""
    Delivery.objects.update(next_attempt=timezone.now())


def states(*columns):
    return list(Delivery.objects.order_by("id").values_list(*columns or ("state",), flat=len(columns) < 2))


# What is told -----------------------------------------------------------------------------------------


def test_a_change_is_sent_with_the_record_and_a_signature(receiver, get):
    kind = AgencyType.objects.create(id=7, name="Private")
    _, secret = subscribed(receiver)
    cursor = get("changes/")["cursor"]
    AgencyType.objects.filter(pk=kind.pk).update(name="Commercial")
    deliver()
    [message] = receiver.received
    assert message.is_signed_by(secret)
    assert Webhook(secret).verify(message.body, message.headers) == message.json
    [change] = get("changes/", since=cursor, include="record")["results"]
    body = json.loads(message.body.replace(b"http://localhost:8000/", b"http://testserver/"))
    moment = body.pop("timestamp")
    assert body == {"type": "record.updated", "data": {**change, "matches": True}}
    assert datetime.fromisoformat(moment).replace(microsecond=0) == datetime.fromisoformat(change["moment"])
    assert (message.headers["content-type"], message.id) == ("application/json", states("message_id")[0])
    assert states("state", "attempts", "status", "error", "record") == [
        ("delivered", 1, 204, "", "config/agency_types/7")
    ]


def test_another_secret_does_not_fit(receiver):
    subscribed(receiver)
    AgencyType.objects.create(id=7, name="Private")
    deliver()
    assert not receiver.received[0].is_signed_by(sealing.new_secret())


def test_each_kind_of_change_is_told_once(receiver):
    AgencyType.objects.create(id=1, name="Before")
    subscribed(receiver)
    AgencyType.objects.create(id=2, name="New")
    AgencyType.objects.filter(pk=1).update(name="Changed")
    deliver()
    AgencyType.objects.filter(pk=1).delete()
    for _ in range(2):
        deliver()
    assert receiver.told() == [("record.created", "2"), ("record.updated", "1"), ("record.deleted", "1")]
    assert (receiver.received[2].json["data"]["record"], receiver.received[2].json["data"]["matches"]) == (None, False)


def test_only_records_of_the_query_are_told_and_those_that_leave_it(receiver):
    spacex, other = (factories.launch(launch_service_provider__id=number) for number in (121, 44))
    subscribed(receiver, "launches/?lsp__id=121&mode=list")
    Launch.objects.update(probability=50)
    deliver()
    Launch.objects.filter(pk=spacex.pk).update(launch_service_provider=44)
    deliver()
    Launch.objects.update(probability=60)
    deliver()
    Launch.objects.filter(pk=other.pk).update(launch_service_provider=121)
    deliver()
    told = [(each.json["data"]["id"], each.json["data"]["matches"]) for each in receiver.received]
    assert told == [(str(spacex.pk), True), (str(spacex.pk), False), (str(other.pk), True)]
    assert {each.json["data"]["record"]["response_mode"] for each in receiver.received} == {"list"}
    assert list(MatchedRecord.objects.values_list("key", flat=True)) == [str(other.pk)]


def test_a_deleted_record_is_told_whether_it_matched_or_not(receiver):
    launch = factories.launch(launch_service_provider__id=44)
    subscribed(receiver, "launches/?lsp__id=121")
    key = str(launch.pk)
    launch.delete()
    deliver()
    assert receiver.told() == [("record.deleted", key)]


def test_an_update_counts_if_a_wanted_field_changed(receiver):
    launch = factories.launch(net="2026-03-01T12:00:00Z")
    subscribed(receiver, "launches/", fields="net,status")
    Launch.objects.update(probability=50)
    deliver()
    assert receiver.received == []
    Launch.objects.update(net="2026-03-02T12:00:00Z")
    deliver()
    assert receiver.told() == [("record.updated", str(launch.pk))]
    assert receiver.received[0].json["data"]["fields_changed"] == ["net"]


def test_a_record_that_enters_or_leaves_counts_whatever_fields_matter(receiver):
    launch = factories.launch(launch_service_provider__id=44)
    Agency.objects.create(id=121, name="SpaceX")
    subscribed(receiver, "launches/?lsp__id=121", fields="net")
    for provider in (121, 44):
        Launch.objects.filter(pk=launch.pk).update(launch_service_provider=provider)
        deliver()
    assert [each.json["data"]["matches"] for each in receiver.received] == [True, False]


def test_what_changed_while_a_subscription_was_inactive_is_told_later(receiver):
    subscription, _ = subscribed(receiver, active=False)
    AgencyType.objects.create(id=7, name="Private")
    deliver()
    assert (receiver.received, states()) == ([], [])
    Subscription.objects.filter(pk=subscription.pk).update(active=True)
    deliver()
    assert receiver.told() == [("record.created", "7")]


def test_a_new_change_log_is_marked_and_followed_from_now(receiver):
    subscription, _ = subscribed(receiver)
    AgencyType.objects.create(id=7, name="Missed")
    upkeep.begin_anew("default")
    deliver()
    AgencyType.objects.create(id=8, name="Told")
    deliver()
    subscription.refresh_from_db()
    assert receiver.told() == [("record.created", "8")]
    assert abs(subscription.missed - timezone.now()) < timedelta(hours=1)


def test_the_cursor_of_a_subscription_without_changes_moves_on(receiver):
    subscription, _ = subscribed(receiver)
    before = subscription.cursor
    factories.launch()
    deliver()
    subscription.refresh_from_db()
    assert subscription.cursor == before
    Subscription.objects.update(looked=timezone.now() - timedelta(hours=2))
    deliver()
    subscription.refresh_from_db()
    assert subscription.cursor != before


# When a receiver fails --------------------------------------------------------------------------------


def test_a_failed_message_is_tried_again_with_the_same_id_before_later_ones(receiver):
    _, secret = subscribed(receiver)
    receiver.answer(500, 200)
    AgencyType.objects.create(id=1, name="First")
    deliver()
    AgencyType.objects.create(id=2, name="Second")
    deliver()
    assert [each.json["data"]["id"] for each in receiver.received] == ["1"]
    assert states("state", "attempts", "status", "error") == [
        ("pending", 1, 500, "answered 500"),
        ("pending", 0, None, ""),
    ]
    assert Subscription.objects.get().failing_since is not None
    hurry()
    deliver()
    assert [each.json["data"]["id"] for each in receiver.received] == ["1", "1", "2"]
    assert receiver.received[0].id == receiver.received[1].id
    assert all(each.is_signed_by(secret) for each in receiver.received)
    assert (states(), Subscription.objects.get().failing_since) == (["delivered"] * 2, None)


def test_another_receiver_does_not_wait(receiver):
    with receiving() as other:
        subscribed(receiver)
        subscribed(other)
        receiver.answer(500)
        AgencyType.objects.create(id=1, name="First")
        deliver()
        assert other.told() == [("record.created", "1")]


@pytest.fixture
def now(monkeypatch):
    """A moment at which the clock stands, as late as any attempt is due."""
    moment = timezone.now() + timedelta(days=30)
    monkeypatch.setattr(timezone, "now", lambda: moment)
    return moment


def test_pauses_grow_to_three_days_then_a_message_is_given_up_and_the_next_is_tried(receiver, now):
    subscribed(receiver)
    receiver.answer(503)
    AgencyType.objects.create(id=1, name="First")
    AgencyType.objects.create(id=2, name="Second")
    pauses = []
    for _ in sending.PAUSES:
        hurry()
        deliver()
        pauses.append((Delivery.objects.earliest("id").next_attempt - now).total_seconds())
    assert all(0.9 <= pause / wanted <= 1.1 for pause, wanted in zip(pauses, sending.PAUSES, strict=True))
    assert 2.9 < sum(sending.PAUSES) / 86_400 < 3.1
    assert states() == ["pending", "pending"]
    receiver.answer(503, 200)
    hurry()
    deliver()
    subscription = Subscription.objects.get()
    assert (states(), subscription.stopped, subscription.failing_since) == (["given_up", "delivered"], "", None)
    assert subscription.gave_up is not None
    assert receiver.told()[-2:] == [("record.created", "1"), ("record.created", "2")]


def test_a_receiver_that_fails_for_three_days_is_stopped_and_loses_nothing(receiver):
    subscription, _ = subscribed(receiver)
    receiver.answer(503)
    AgencyType.objects.create(id=1, name="First")
    AgencyType.objects.create(id=2, name="Second")
    for _ in range(len(sending.PAUSES) + 3):
        hurry()
        deliver()
    subscription.refresh_from_db()
    assert (states("state", "attempts"), subscription.stopped) == (
        [("given_up", len(sending.PAUSES) + 1), ("pending", 1)],
        "The receiver has failed for three days.",
    )
    AgencyType.objects.create(id=3, name="Third")
    receiver.answer(200)
    deliveries.resume(subscription)
    deliveries.send_again(Delivery.objects.filter(state="given_up"))
    deliver()
    assert receiver.told()[-3:] == [("record.created", key) for key in "123"]


def test_gone_ends_a_subscription(receiver):
    subscription, _ = subscribed(receiver)
    receiver.answer(410)
    AgencyType.objects.create(id=1, name="First")
    for _ in range(2):
        deliver()
        hurry()
    subscription.refresh_from_db()
    assert (len(receiver.received), states(), subscription.stopped) == (
        1,
        ["given_up"],
        "The receiver answered 410 Gone: it wants no more messages.",
    )


@pytest.mark.parametrize(("header", "seconds"), [("7200", 7200), ("99999999", 86_400), ("soon", 60), ("0", 5)])
def test_a_receiver_may_ask_for_a_longer_pause(header, seconds, receiver, now):
    subscribed(receiver)
    receiver.answer(429, Retry_After=header)
    AgencyType.objects.create(id=1, name="First")
    deliver()
    [next_attempt] = states("next_attempt")
    assert 0.9 <= (next_attempt - now).total_seconds() / seconds <= 1.1


def test_redirects_are_not_followed(receiver):
    with receiving() as other:
        subscribed(receiver)
        receiver.answer(307, Location=other.url)
        AgencyType.objects.create(id=1, name="First")
        deliver()
        assert other.received == []
    assert states("status", "error") == [(307, "answered 307, and redirects are not followed")]


def test_a_query_that_another_release_does_not_know_stops_only_its_subscription(receiver):
    subscription, _ = subscribed(receiver)
    subscribed(receiver)
    Subscription.objects.filter(pk=subscription.pk).update(query="config/agency_types/?gone=1")
    AgencyType.objects.create(id=1, name="First")
    deliver()
    assert receiver.told() == [("record.created", "1")]
    assert list(Subscription.objects.order_by("id").values_list("stopped", flat=True)) == [
        "Its query is not valid any more: gone: Unknown parameter.",
        "",
    ]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "2130706433"])
def test_nothing_is_sent_to_inner_networks(host, receiver, settings):
    settings.WEBHOOK_ALLOW_PRIVATE = False
    receiver.url = receiver.url.replace("127.0.0.1", host)
    subscribed(receiver)
    AgencyType.objects.create(id=1, name="First")
    deliver()
    [(state, status, error)] = states("state", "status", "error")
    assert (receiver.received, state, status) == ([], "pending", None)
    assert error.endswith("which is not public")


def test_a_receiver_that_is_not_there_is_a_failure(receiver):
    receiver.url = "http://127.0.0.1:9/hook"
    subscribed(receiver)
    AgencyType.objects.create(id=1, name="First")
    deliver()
    [(state, attempts, error)] = states("state", "attempts", "error")
    assert (state, attempts, "refused" in error) == ("pending", 1, True)


def test_a_delivery_that_is_sent_again_has_the_same_id_and_body(receiver):
    subscribed(receiver)
    AgencyType.objects.create(id=1, name="First")
    deliver()
    assert deliveries.send_again(Delivery.objects.all()) == 1
    deliver()
    first, second = receiver.received
    assert (first.id, first.body) == (second.id, second.body)


def test_what_was_delivered_is_forgotten_in_time(receiver):
    subscribed(receiver)
    for number in range(3):
        AgencyType.objects.create(id=number + 1, name=str(number))
        deliver()
    long_ago = timezone.now() - timedelta(days=40)
    Delivery.objects.filter(record__endswith="/1").update(ended=long_ago)
    Delivery.objects.filter(record__endswith="/2").update(ended=long_ago, state="given_up")
    call_command("prune_changes")
    assert states("record") == ["config/agency_types/2", "config/agency_types/3"]


# Secrets ----------------------------------------------------------------------------------------------


def everything_stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM changes_subscription")
        return repr(cursor.fetchall())


def test_a_secret_is_not_in_the_database(receiver):
    subscription, secret = subscribed(receiver)
    assert secret.startswith("whsec_")
    assert secret.removeprefix("whsec_") not in everything_stored()
    assert sealing.unseal(subscription.sealed) == secret


def test_a_secret_outlives_the_key_that_sealed_it(receiver, settings):
    _, secret = subscribed(receiver)
    earlier, settings.SECRET_KEY = settings.SECRET_KEY, "x" * 60
    settings.SECRET_KEY_FALLBACKS = [earlier]
    sending.seal_anew()
    settings.SECRET_KEY_FALLBACKS = []
    AgencyType.objects.create(id=1, name="First")
    deliver()
    assert receiver.received[0].is_signed_by(secret)


def test_a_secret_whose_key_is_gone_stops_the_subscription(receiver, settings):
    subscription, _ = subscribed(receiver)
    settings.SECRET_KEY = "x" * 60
    AgencyType.objects.create(id=1, name="First")
    deliver()
    subscription.refresh_from_db()
    assert (receiver.received, states(), subscription.stopped) == ([], ["pending"], sending.UNOPENED)


# Several processes ------------------------------------------------------------------------------------


def test_two_processes_that_read_the_same_changes_queue_them_once(receiver):
    first, _ = subscribed(receiver)
    second = Subscription.objects.get()
    AgencyType.objects.create(id=1, name="First")
    for process in (first, second):
        assert len(queue(process).messages) == 1
    assert states("record") == ["config/agency_types/1"]


def test_a_subscription_that_another_process_sends_to_is_left_to_it(receiver):
    subscription, _ = subscribed(receiver)
    AgencyType.objects.create(id=1, name="First")
    with held(Lock.DELIVER, of=subscription.pk):
        deliver()
        assert (receiver.received, states()) == ([], ["pending"])
    with held(Lock.DELIVER, of=subscription.pk + 1):
        deliver()
    assert states() == ["delivered"]


def test_a_cursor_moves_only_with_the_messages_before_it(receiver, monkeypatch):
    subscribed(receiver)
    AgencyType.objects.create(id=1, name="First")
    before = Subscription.objects.values().get()
    with monkeypatch.context() as fault:
        fault.setattr(queueing, "write_matches", lambda *_: json.loads("the disk is full"))
        with pytest.raises(json.JSONDecodeError):
            deliver()
    assert (Subscription.objects.values().get(), states()) == (before, [])
    deliver()
    assert receiver.told() == [("record.created", "1")]


def test_what_goes_wrong_with_one_subscription_stops_no_other(receiver, monkeypatch, caplog):
    subscribed(receiver)
    second, _ = subscribed(receiver)
    AgencyType.objects.create(id=1, name="First")

    def broken(subscription):
        return queue(subscription) if subscription == second else json.loads("an error of ours")

    monkeypatch.setattr(delivering, "queue", broken)
    watch = Watch()
    watch.send = lambda key: None
    for _ in range(2):
        watch.step()
    assert states("subscription") == [second.pk]
    assert [record.getMessage() for record in caplog.records] == ["Changes could not be queued for webhook A bot"]


def test_the_queue_is_read_page_by_page_for_all_in_turn(receiver, monkeypatch):
    monkeypatch.setattr(queueing, "PAGE", 2)
    subscribed(receiver)
    subscribed(receiver)
    AgencyType.objects.bulk_create(AgencyType(id=number, name=str(number)) for number in (1, 2, 3))
    watch = Watch()
    watch.send = lambda key: None
    assert [(watch.step(), Delivery.objects.count()) for _ in range(3)] == [(True, 4), (False, 6), (False, 6)]
    deliver()
    assert receiver.told() == [("record.created", key) for key in "123"] * 2


def test_the_log_is_read_only_after_a_commit(receiver, django_assert_num_queries):
    subscribed(receiver)
    watch = Watch()
    watch.step()
    with django_assert_num_queries(2):  # beside the version: the subscriptions, and those with something due
        watch.step()
    AgencyType.objects.create(id=1, name="First")
    watch.send = lambda key: None
    watch.step()
    assert states() == ["pending"]
