from spacedevs.api.filters.filters import (
    BOUNDED,
    EXACT,
    FlagFilter,
    NumbersFilter,
    PresenceFilter,
    ResourceFilter,
    TextFilter,
)

from . import models

LIVED = "date_of_birth", "date_of_death"
FLOWN = "first_flight", "last_flight"


class Human(FlagFilter):
    """Selects humans, or animals and dummies."""

    def condition(self, value):
        return ~super().condition("Non-Human") if value else super().condition("Non-Human")


class AstronautFilter(ResourceFilter):
    agency_ids = NumbersFilter("agency__id")
    has_flown = PresenceFilter("first_flight", label="Has flown")
    is_human = Human("type__name", label="Is human")
    nationality = TextFilter("nationality__nationality_name", "iexact")
    status_ids = NumbersFilter("status__id")

    class Meta:
        model = models.Astronaut
        dates = LIVED
        computed = {"age": BOUNDED, "landings_count": BOUNDED, "in_space": EXACT}
        fields = {
            **dict.fromkeys((*LIVED, *FLOWN, "flights_count"), BOUNDED),
            "type__id": EXACT,
        }
