"""The stored deliveries, and what editors do with them; all without HTTP, whose client takes 6 MB of memory."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from .models import Delivery, Subscription

States = Delivery.State


def sendable():
    """The subscriptions that messages are sent to."""
    return Subscription.objects.filter(active=True, stopped="")


def waiting() -> QuerySet[Delivery]:
    """All deliveries that are neither confirmed nor given up, in their order."""
    return Delivery.objects.filter(state=States.PENDING).order_by("id")


def resume(subscription: Subscription):
    """Goes on with what waits, at once."""
    Subscription.objects.filter(pk=subscription.pk).update(stopped="", gave_up=None, missed=None, failing_since=None)
    waiting().filter(subscription=subscription).update(next_attempt=timezone.now(), attempts=0)


def send_again(deliveries) -> int:
    """Lets deliveries begin anew, with the same ids; returns the number."""
    return deliveries.update(state=States.PENDING, attempts=0, next_attempt=timezone.now(), ended=None)


def forget(before: datetime) -> int:
    """Deletes what was delivered before a moment; returns the number."""
    old = Delivery.objects.filter(state=States.DELIVERED, ended__lt=before).values("pk")[:1_000]
    total, gone = 0, 1
    while gone:
        gone, _ = Delivery.objects.filter(pk__in=[row["pk"] for row in old.all()]).delete()
        total += gone
    return total
