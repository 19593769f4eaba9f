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

    Until its id is known such a row has a negative one, and no list shows it."""

    class Meta:
        abstract = True
