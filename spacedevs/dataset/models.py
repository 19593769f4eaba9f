"""The state of mirrors. It is not part of the dataset, so it does not change the dataset version."""

from django.db import models


class Mirror(models.Model):
    """An upstream server whose data are mirrored, and the recent requests to it."""

    base = models.CharField(max_length=500, unique=True, help_text="The address that its paths begin with.")
    round = models.PositiveIntegerField(default=1, help_text="How often all endpoints have been gone through.")
    calls = models.JSONField(default=list, help_text="When it was asked, seconds since 1970.")
    blocked_until = models.FloatField(default=0, help_text="As it told us, seconds since 1970.")
    statistics = models.CharField(max_length=10, null=True, help_text="Where its figures come from; empty if unknown.")

    class Meta:
        app_label = "api"  # whose migrations made the table

    def __str__(self):
        return self.base


class MirroredEndpoint(models.Model):
    """The progress at an endpoint of an upstream server."""

    mirror = models.ForeignKey(Mirror, models.CASCADE, related_name="endpoints")
    path = models.CharField(max_length=100)
    round = models.PositiveIntegerField(default=0, help_text="The last round in which it was read to its end.")
    sweep = models.PositiveIntegerField(default=0, help_text="The number of the reading, the latest one.")
    repeats = models.PositiveIntegerField(default=0, help_text="How often it did not hold still while it was read.")
    is_reading = models.BooleanField(default=False)
    offset = models.PositiveIntegerField(default=0, help_text="Where reading goes on.")
    count = models.PositiveIntegerField(null=True, help_text="How many rows it has, as it said last.")
    since = models.DateTimeField(null=True, help_text="Only what changed since then is read; all if empty.")
    began = models.DateTimeField(null=True, help_text="When the reading began, by upstream's clock.")
    changes_from = models.DateTimeField(null=True, help_text="When the last reading that was ended had begun.")
    ended = models.DateTimeField(null=True, help_text="When it was last read to its end, by our clock.")
    full_sweep = models.PositiveIntegerField(default=0, help_text="The last reading of everything that was ended.")
    full_ended = models.DateTimeField(null=True, help_text="When that was, by our clock.")

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
    vanished = models.DateTimeField(null=True, help_text="Since when upstream knows it no more.")

    class Meta:
        app_label = "api"  # whose migrations made the table
        constraints = [models.UniqueConstraint(fields=("endpoint", "key"), name="mirrored_row_key")]
        indexes = [models.Index(fields=("endpoint", "sweep"), name="mirrored_row_sweep")]

    def __str__(self):
        return f"{self.endpoint} {self.key}"
