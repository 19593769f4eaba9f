"""The state of mirrors. It is not part of the dataset, so it does not change the dataset version."""

from django.db import models


class Mirror(models.Model):
    """An upstream server whose data are mirrored, and the recent requests to it."""

    base = models.CharField(max_length=500, unique=True, help_text="The base URL of its paths.")
    round = models.PositiveIntegerField(default=1, help_text="The number of the current round over all endpoints.")
    calls = models.JSONField(default=list, help_text="The times of recent requests, in seconds since 1970.")
    blocked_until = models.FloatField(
        default=0, help_text="Until when upstream wants no requests, in seconds since 1970."
    )
    statistics = models.CharField(max_length=10, null=True, help_text="The source of its statistics; null if unknown.")
    cursor = models.CharField(
        max_length=200,
        db_default="",
        default="",
        help_text="Up to where its changes are here; empty if unknown.",
    )
    cursor_read = models.DateTimeField(null=True, help_text="When the cursor was read, by our clock.")
    followed = models.DateTimeField(null=True, help_text="When all changes were last here, by our clock.")
    followed_before = models.DateTimeField(null=True, help_text="The same, before the last full five minutes.")

    class Meta:
        app_label = "api"  # whose migrations made the table

    def __str__(self):
        return self.base


class MirroredEndpoint(models.Model):
    """The progress at an endpoint of an upstream server."""

    mirror = models.ForeignKey(Mirror, models.CASCADE, related_name="endpoints")
    path = models.CharField(max_length=100)
    round = models.PositiveIntegerField(default=0, help_text="The last round in which it was read completely.")
    sweep = models.PositiveIntegerField(default=0, help_text="The number of the latest reading.")
    repeats = models.PositiveIntegerField(default=0, help_text="How often it changed while it was read.")
    is_reading = models.BooleanField(default=False)
    offset = models.PositiveIntegerField(default=0, help_text="The offset of the next page.")
    count = models.PositiveIntegerField(null=True, help_text="The number of its rows, as last reported.")
    since = models.DateTimeField(null=True, help_text="The reading covers changes since then; everything if null.")
    began = models.DateTimeField(null=True, help_text="The start of the reading, by upstream's clock.")
    changes_from = models.DateTimeField(null=True, help_text="The start of the last complete reading.")
    ended = models.DateTimeField(null=True, help_text="The end of the last complete reading, by our clock.")
    full_sweep = models.PositiveIntegerField(
        default=0, help_text="The number of the last complete reading of everything."
    )
    full_ended = models.DateTimeField(null=True, help_text="The end of that reading, by our clock.")

    class Meta:
        app_label = "api"  # whose migrations made the table
        constraints = [models.UniqueConstraint(fields=("mirror", "path"), name="mirrored_endpoint_path")]

    def __str__(self):
        return f"{self.mirror} {self.path}"

    @property
    def current(self):
        """When it was last known to be as upstream: after a reading, or by following the changes."""
        followed = self.mirror.followed if self.full_ended else None
        return max(filter(None, (self.ended, followed)), default=None)


class MirroredRow(models.Model):
    """A row of an endpoint of an upstream server, and the last reading that contained it."""

    endpoint = models.ForeignKey(MirroredEndpoint, models.CASCADE, related_name="rows")
    key = models.CharField(max_length=36)
    sweep = models.PositiveIntegerField()
    vanished = models.DateTimeField(null=True, help_text="When upstream deleted it.")
    is_wanted = models.BooleanField(
        db_default=False, default=False, help_text="Whether its record must be requested: it could not be imported."
    )

    class Meta:
        app_label = "api"  # whose migrations made the table
        constraints = [models.UniqueConstraint(fields=("endpoint", "key"), name="mirrored_row_key")]
        indexes = [
            models.Index(fields=("endpoint", "sweep"), name="mirrored_row_sweep"),
            models.Index(fields=("endpoint",), condition=models.Q(is_wanted=True), name="mirrored_row_wanted"),
        ]

    def __str__(self):
        return f"{self.endpoint} {self.key}"
