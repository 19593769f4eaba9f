"""Subscriptions, the records that match them, and the deliveries to them."""

import secrets

from django.conf import settings
from django.db import models
from django.utils import timezone

from . import sealing


def new_message_id() -> str:
    return f"msg_{secrets.token_urlsafe(18)}"


class Subscription(models.Model):
    """A receiver of messages, and which changes it hears of."""

    name = models.CharField(max_length=100, help_text="Who receives it.")
    url = models.CharField("URL", max_length=2000, help_text="Where messages are sent to by POST.")
    query = models.CharField(
        max_length=2000,
        help_text="Which records: an endpoint with filters, such as launches/upcoming/?lsp__id=121. "
        "`mode` chooses how a record is sent.",
    )
    fields = models.CharField(
        max_length=1000,
        blank=True,
        help_text="An update is told only if one of these fields changed, such as net,status; any if empty.",
    )
    active = models.BooleanField(default=True, help_text="An inactive subscription goes on later where it stopped.")
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    sealed = models.TextField(editable=False, help_text="The secret, encrypted.")

    cursor = models.CharField(max_length=64, editable=False, help_text="Up to where changes were queued.")
    looked = models.DateTimeField(default=timezone.now, editable=False, help_text="When the cursor was stored.")

    # What went wrong:
    failing_since = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The first failure since the last success."
    )
    gave_up = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When a message was given up after three days."
    )
    stopped = models.CharField(
        max_length=255, blank=True, editable=False, help_text="Why nothing is sent until somebody resumes it."
    )
    missed = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When its cursor had expired, so that changes before may have been missed.",
    )

    class Meta:
        ordering = ("name", "id")

    def __str__(self):
        return self.name

    @property
    def wanted(self) -> set[str]:
        """The fields that matter; empty if all do."""
        return {name for name in self.fields.split(",") if name}

    def renew(self) -> str:
        """Sets a new secret and returns it; it is stored only sealed."""
        secret = sealing.new_secret()
        self.sealed = sealing.seal(secret)
        return secret


class MatchedRecord(models.Model):
    """A record that was in the rows of a subscription's query, so that its leaving can be told."""

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="matched")
    key = models.CharField(max_length=36)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscription", "key"], name="changes_matched_once")]

    def __str__(self):
        return self.key


class Delivery(models.Model):
    """A message to a subscription, and what became of it."""

    class State(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        GIVEN_UP = "given_up", "given up"

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="deliveries")
    message_id = models.CharField(max_length=40, unique=True, default=new_message_id, help_text="The same at retries.")
    record = models.CharField(max_length=100, help_text="The endpoint and the id of the record.")
    payload = models.TextField(help_text="The body as it is sent.")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt = models.DateTimeField(default=timezone.now)
    status = models.PositiveSmallIntegerField("last status", null=True, blank=True)
    error = models.CharField("last error", max_length=255, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    ended = models.DateTimeField(null=True, blank=True, help_text="When it was delivered or given up.")

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["subscription", "state", "id"], name="changes_delivery_turn"),
            models.Index(fields=["state", "ended"], name="changes_delivery_ended"),
        ]

    def __str__(self):
        return self.message_id
