from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from spacedevs.api.parts import NOW, Part

DOCKED = Part(Q(departure=None))  # stays that last
PRESENT = Part(  # stays that have begun and not ended, by the clock: dates ahead may be entered before they come
    Q(docking__lte=Now()) & (Q(departure=None) | Q(departure__gt=Now())),
    {"docking": NOW, "departure": NOW},
)


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
