from django.db import models


class Named(models.Model):
    """A row of a lookup table: an id that the contract gives out, and what it is called."""

    name = models.CharField(max_length=255)

    class Meta:
        abstract = True
        ordering = ("id",)

    def __str__(self):
        return self.name


class KnownByName(models.Model):
    """A row that an answer may name without its id, as the parent of an agency.

    Until its id is known such a row has a negative one, and no list of its own endpoint shows it."""

    class Meta:
        abstract = True


def key_pattern(model: type[models.Model]) -> str:
    """Keys in their one canonical writing, so that a row has one address; no others are taken in."""
    if isinstance(model._meta.pk, models.UUIDField):
        return "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    sign = "-?" if issubclass(model, KnownByName) else ""
    return f"0|{sign}[1-9][0-9]{{0,17}}"
