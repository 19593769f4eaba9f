"""Abstract models of lookup tables, and the form of keys in URLs."""

from django.db import models


class Named(models.Model):
    """A row of a lookup table: an id and a name."""

    name = models.CharField(max_length=255)

    class Meta:
        abstract = True
        ordering = ("id",)

    def __str__(self):
        return self.name


class KnownByName(models.Model):
    """A row that responses may show by name without its id, such as the parent of an agency.

    Until its id is known it has a negative id, and the list of its endpoint does not show it."""

    class Meta:
        abstract = True


def key_pattern(model: type[models.Model]) -> str:
    """URL converters that accept only the canonical form of a key, so that each row has exactly one URL."""
    if isinstance(model._meta.pk, models.UUIDField):
        return "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    sign = "-?" if issubclass(model, KnownByName) else ""
    return f"0|{sign}[1-9][0-9]{{0,17}}"
