from spacedevs.api.filters.filters import BOUNDED, COMPARED, CONTAINED, EXACT, IdsFilter, ResourceFilter, TextFilter

from . import models


class LocationFilter(ResourceFilter):
    country_code = TextFilter("country__alpha_3_code")

    class Meta:
        model = models.Location
        fields = {
            **dict.fromkeys(("active", "id"), EXACT),
            "name": CONTAINED,
            **dict.fromkeys(("total_landing_count", "total_launch_count"), BOUNDED),
        }


class PadFilter(ResourceFilter):
    agencies_ids = IdsFilter("agencies__id")

    class Meta:
        model = models.Pad
        fields = {
            **dict.fromkeys(("id", "location__name", "name"), CONTAINED),
            **dict.fromkeys(("latitude", "longitude"), COMPARED),
            **dict.fromkeys(("orbital_launch_attempt_count", "total_launch_count"), BOUNDED),
            **dict.fromkeys(("active", "location__id"), EXACT),
        }
