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


class MirroredRow(models.Model):
    """A row of an endpoint of an upstream server, and the last reading that contained it."""

    endpoint = models.ForeignKey(MirroredEndpoint, models.CASCADE, related_name="rows")
    key = models.CharField(max_length=36)
    sweep = models.PositiveIntegerField()
    vanished = models.DateTimeField(null=True, help_text="When upstream deleted it.")

    class Meta:
        app_label = "api"  # whose migrations made the table
        constraints = [models.UniqueConstraint(fields=("endpoint", "key"), name="mirrored_row_key")]
        indexes = [models.Index(fields=("endpoint", "sweep"), name="mirrored_row_sweep")]

    def __str__(self):
        return f"{self.endpoint} {self.key}"
