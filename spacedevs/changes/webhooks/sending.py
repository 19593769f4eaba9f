"""Sends deliveries: those of a subscription one after the other, each until it is confirmed or given up."""

import logging
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import uniform

import httpx
from django.conf import settings
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone
from standardwebhooks import Webhook

from spacedevs.db.locks import Lock, Taken, held
from spacedevs.sync.console import one_line
from spacedevs.sync.mirroring.upstream_answers import wait
from spacedevs.sync.outbound import Client, Forbidden

from . import sealing
from .addresses import rule
from .deliveries import States, sendable, waiting
from .models import Delivery, Subscription

log = logging.getLogger(__name__)
SECONDS = 15  # for a request with its response
MINUTE, HOUR = 60, 3_600  # seconds
# Pauses after failures in seconds, three days in all; each is up to a tenth longer or shorter.
PAUSES = 5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 20 * HOUR
NO_LONGER = "The receiver answered 410 Gone: it wants no more messages."
FAILED_LONG = "The receiver has failed for three days."
UNOPENED = "The secret was sealed by a SECRET_KEY that is gone: create a new secret."


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt."""

    status: int | None = None
    error: str = ""
    pause: float = 0.0  # seconds that the receiver wants

    @property
    def is_delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def due() -> list[int]:
    """The keys of the subscriptions whose next delivery is due."""
    first = waiting().filter(subscription=OuterRef("pk")).values("next_attempt")[:1]
    return list(
        sendable().annotate(next=Subquery(first)).filter(next__lte=timezone.now()).values_list("pk", flat=True)
    )


def next_of(key: int) -> Delivery | None:
    """The next delivery of a subscription, if it is due."""
    first = waiting().filter(subscription__in=sendable().filter(pk=key)).select_related("subscription").first()
    return first if first and first.next_attempt <= timezone.now() else None


def send_due(key: int):
    """Sends what is due of a subscription, until an attempt fails; only one process at a time does."""
    with suppress(Taken), held(Lock.DELIVER, of=key), closing(Client(rule())) as client:
        while (delivery := next_of(key)) and attempt(client, delivery):
            pass


def attempt(client: Client, delivery: Delivery) -> bool:
    """Tries a delivery once and stores the outcome; returns whether the next one can follow."""
    subscription = delivery.subscription
    try:
        secret = sealing.unseal(subscription.sealed)
    except sealing.Unopened:
        stop(subscription, UNOPENED)
        return False
    outcome = post(client, subscription.url, delivery, secret)
    known = {"attempts": F("attempts") + 1, "status": outcome.status, "error": outcome.error}
    if outcome.is_delivered:
        settle(delivery, state=States.DELIVERED, ended=timezone.now(), **known)
        Subscription.objects.filter(pk=subscription.pk).exclude(failing_since=None).update(failing_since=None)
        return True
    return fail(delivery, outcome, known)


def post(client: Client, url: str, delivery: Delivery, secret: str) -> Outcome:
    """Sends a message. The body of the response is not read, so it cannot be too long."""
    now = datetime.now(UTC).replace(microsecond=0)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": delivery.message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(delivery.message_id, now, delivery.payload),
    }
    try:
        with client.post(url, delivery.payload.encode(), headers, SECONDS) as response:
            status = response.status_code
            header = response.headers.get("retry-after", "")
    except (Forbidden, httpx.HTTPError, httpx.InvalidURL) as error:
        return Outcome(error=one_line(str(error) or type(error).__name__)[:255])
    if response.is_success:
        return Outcome(status)
    about = ", and redirects are not followed" if response.is_redirect else ""
    return Outcome(status, f"answered {status}{about}", wait(header, b"") if header else 0)


def fail(delivery: Delivery, outcome: Outcome, known: dict) -> bool:
    """Stores a failure; returns whether the next delivery can follow, because this one was given up."""
    now, subscription = timezone.now(), delivery.subscription
    since = subscription.failing_since or now
    failing = Subscription.objects.filter(pk=subscription.pk)
    failing.update(failing_since=since)
    if outcome.status == httpx.codes.GONE:
        settle(delivery, state=States.GIVEN_UP, ended=now, **known)
        stop(subscription, NO_LONGER)
        return False
    if delivery.attempts >= len(PAUSES):
        settle(delivery, state=States.GIVEN_UP, ended=now, **known)
        failing.update(gave_up=now)
        log.warning("Webhook %s: gave up message %s: %s", subscription, delivery, outcome.error)
        return True
    if subscription.gave_up and subscription.gave_up >= since:  # not that message alone
        settle(delivery, **known)
        stop(subscription, FAILED_LONG)
        return False
    pause = max(PAUSES[delivery.attempts] * uniform(0.9, 1.1), outcome.pause)  # noqa: S311 - it spreads load
    settle(delivery, next_attempt=now + timedelta(seconds=pause), **known)
    return False


def settle(delivery: Delivery, **values):
    """Stores an outcome, unless an editor changed the delivery meanwhile."""
    Delivery.objects.filter(pk=delivery.pk, state=States.PENDING, attempts=delivery.attempts).update(**values)


def stop(subscription: Subscription, why: str):
    """Sends nothing more to a receiver until an editor resumes it; its messages stay."""
    Subscription.objects.filter(pk=subscription.pk).update(stopped=why)
    log.warning("Webhook %s was stopped: %s", subscription, why)


def seal_anew():
    """Seals by the present key what an earlier one sealed."""
    for subscription in Subscription.objects.all() if settings.SECRET_KEY_FALLBACKS else ():
        with suppress(sealing.Unopened):
            subscription.sealed = sealing.sealed_anew(subscription.sealed)
            subscription.save(update_fields=["sealed"])
