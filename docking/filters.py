from spacedevs.api.filters.filters import COMPARED, EXACT, ResourceFilter, SubsetFilter

from . import models
from .models import CHASERS, TARGETS
from .querysets import DOCKED


class DockingEventFilter(ResourceFilter):
    docked = SubsetFilter(DOCKED, label="Is still docked")

    class Meta:
        model = models.DockingEvent
        dates = ("docking",)
        fields = {
            **dict.fromkeys(("docking", "departure"), COMPARED),
            **dict.fromkeys((f"{party}__id" for party in ("docking_location", *TARGETS, *CHASERS)), EXACT),
        }
