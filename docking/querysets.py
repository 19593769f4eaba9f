from django.db import models
from django.db.models import Q

from spacedevs.api.parts import Part

DOCKED = Part(Q(departure=None))  # stays that last


class DockingEventQuerySet(models.QuerySet):
    """Stays, and which of them meet."""

    def beside(self, stay):
        """The others that last at some moment of this one."""
        others = self.exclude(pk=stay.pk).filter(Q(departure=None) | Q(departure__gt=stay.docking))
        return others.filter(docking__lt=stay.departure) if stay.departure else others

    def first_with(self, stay, *names):
        """The first that has these relations in common with this one."""
        alike = {name: getattr(stay, f"{name}_id") for name in names}
        return self.filter(**alike).order_by("docking", "id").first()
