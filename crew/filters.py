from spacedevs.api.filters import BOUNDED, EXACT, FlagFilter, Numbers, Present, ResourceFilter, TextFilter

from . import models

LIVED = "date_of_birth", "date_of_death"
FLOWN = "first_flight", "last_flight"
COUNTS = "flights_count", "landings_count"


class Human(FlagFilter):
    """Tells people from animals and dummies."""

    def condition(self, value):
        return ~super().condition("Non-Human") if value else super().condition("Non-Human")


class AstronautFilter(ResourceFilter):
    agency_ids = Numbers("agency__id")
    has_flown = Present("first_flight", label="Has flown")
    is_human = Human("type__name", label="Is a human")
    nationality = TextFilter("nationality__nationality_name", "iexact")
    status_ids = Numbers("status__id")

    class Meta:
        model = models.Astronaut
        computed = {"age": BOUNDED}
        fields = {
            **dict.fromkeys((*LIVED, *FLOWN, *COUNTS), BOUNDED),
            **dict.fromkeys(("in_space", "type__id"), EXACT),
        }
