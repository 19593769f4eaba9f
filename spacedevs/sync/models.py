"""The images that were copied. It is not part of the dataset, so it does not change the dataset version."""

from django.db import models


class FetchedPicture(models.Model):
    """An image of another server that was copied into our storage, or failed."""

    given = models.CharField(max_length=1000, unique=True, help_text="The original URL.")
    address = models.CharField(max_length=1000, blank=True, help_text="The URL of the copy; empty if it failed.")
    name = models.CharField(max_length=255, blank=True, help_text="The file name in our storage.")
    failure = models.CharField(max_length=255, blank=True, help_text="The cause of the failure.")

    class Meta:
        app_label = "api"  # whose migrations made the table

    def __str__(self):
        return self.given
