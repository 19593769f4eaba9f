"""API keys: stored as digests, each with a rate limit of its own."""

import secrets
from datetime import timedelta
from hashlib import sha256

from django.db import models
from django.utils import timezone

from spacedevs.db.connections import waiting_at_most

from .rates import Rate, is_rate


def digest(token: str) -> str:
    """The digest of a token; tokens are long and random, so one round of a plain hash is safe."""
    return sha256(token.encode()).hexdigest()


class Key(models.Model):
    """An API key: gives its owner a limit of their own, with the header `Authorization: Token …`."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    owner = models.CharField(max_length=255, help_text="Name of the owner, as /api-throttle/ shows it.")
    rate = models.CharField(
        "limit",
        max_length=50,
        blank=True,
        validators=[is_rate],
        help_text="Rate limit of this key, for example 300/hour; if empty, THROTTLE_KEYS applies.",
    )
    active = models.BooleanField(default=True, help_text="A revoked key is refused within a second.")
    created = models.DateTimeField(auto_now_add=True)
    last_used = models.DateTimeField(null=True, blank=True, editable=False, help_text="With a precision of one hour.")

    noted_every = timedelta(hours=1)  # a response may come from memory, but this is a write to the disk

    class Meta:
        ordering = ("owner", "id")

    def __str__(self):
        return self.owner

    def renew(self) -> str:
        """Sets a new token and returns it; it is stored nowhere else."""
        token = secrets.token_hex(20)
        self.digest = digest(token)
        return token

    def note_use(self):
        """Stores the time of the last use, at most once an hour."""
        now = timezone.now()
        if self.last_used is None or self.last_used < now - self.noted_every:
            with waiting_at_most(0):  # a longer wait would delay the request
                Key.objects.filter(pk=self.pk).update(last_used=now)

    def limit(self, otherwise: Rate | None) -> Rate | None:
        return Rate.of(self.rate) or otherwise
