import secrets
from datetime import timedelta
from hashlib import sha256

from django.db import models
from django.utils import timezone

from spacedevs.db.connections import waiting_at_most

from .rates import Rate, is_rate


def digest(token: str) -> str:
    """What is kept of a token: it is random and long, so one round of a plain hash cannot be undone."""
    return sha256(token.encode()).hexdigest()


class Key(models.Model):
    """Lets its owner ask by a limit of their own, with the header `Authorization: Token …`."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    owner = models.CharField(max_length=255, help_text="Whose it is, as /api-throttle/ names them.")
    rate = models.CharField(
        "limit",
        max_length=50,
        blank=True,
        validators=[is_rate],
        help_text="How much may be asked with it, like 300/hour; what THROTTLE_KEYS says where this is empty.",
    )
    active = models.BooleanField(default=True, help_text="Revoked, it is refused from the next second on.")
    created = models.DateTimeField(auto_now_add=True)
    last_used = models.DateTimeField(null=True, blank=True, editable=False, help_text="To the hour.")

    noted_every = timedelta(hours=1)  # since an answer is read from memory, and a note of it is written to the disk

    class Meta:
        ordering = ("owner", "id")

    def __str__(self):
        return self.owner

    def renew(self) -> str:
        """A new token for the key, which is known to nobody but who gets it from here."""
        token = secrets.token_hex(20)
        self.digest = digest(token)
        return token

    def note_use(self):
        """Keeps when the key was used, if that is news."""
        now = timezone.now()
        if self.last_used is None or self.last_used < now - self.noted_every:
            with waiting_at_most(0):  # whoever asks would wait as well
                Key.objects.filter(pk=self.pk).update(last_used=now)

    def limit(self, otherwise: Rate | None) -> Rate | None:
        return Rate.of(self.rate) or otherwise
