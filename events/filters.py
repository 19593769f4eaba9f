from spacedevs.api.filters.filters import (
    BOUNDED,
    COMPARED,
    CONTAINED,
    EXACT,
    DateTimeFilter,
    ExcludeSubsetFilter,
    IdsFilter,
    NumbersFilter,
    ResourceFilter,
    TextsFilter,
    UuidsFilter,
)

from . import models
from .querysets import PREVIOUS


class EventFilter(ResourceFilter):
    id = IdsFilter("id")
    agency__ids = IdsFilter("agencies__id")
    # The name of date__lt in LL2 2.3.0.
    date__gt__lt = DateTimeFilter("date", "lt")
    day = NumbersFilter("date__day")
    expedition__ids = IdsFilter("expeditions__id")
    launch__ids = UuidsFilter("launches__id")
    month = NumbersFilter("date__month")
    year = NumbersFilter("date__year")
    program = IdsFilter("program__id")
    program__ids = IdsFilter("program__id")
    spacestation__ids = IdsFilter("spacestations__id")
    type__ids = IdsFilter("type__id")
    video_url = TextsFilter("vid_urls__url")

    class Meta:
        model = models.Event
        fields = {
            "date": COMPARED,
            "last_updated": ("gte", "lte"),
            **dict.fromkeys(("slug", "type"), EXACT),
        }


class UpcomingEventFilter(EventFilter):
    hide_recent_previous = ExcludeSubsetFilter(PREVIOUS, label="Exclude past events")


class SpacewalkFilter(ResourceFilter):
    ids = IdsFilter("id")
    astronaut__ids = IdsFilter("crew__astronaut__id")
    day = NumbersFilter("start__day")
    month = NumbersFilter("start__month")
    year = NumbersFilter("start__year")
    event__ids = IdsFilter("event__id")
    launch__ids = UuidsFilter("spacecraft_flight__launch__id")
    owner__ids = NumbersFilter("spacestation__owners__id")
    program__ids = IdsFilter("program__id")
    spacestation__ids = IdsFilter("spacestation__id")

    class Meta:
        model = models.Spacewalk
        fields = {
            "id": EXACT,
            **dict.fromkeys(("name", "program__name"), CONTAINED),
            "start": COMPARED,
            "end": BOUNDED,
        }


class UpdateFilter(ResourceFilter):
    class Meta:
        model = models.Update
        fields = {
            **dict.fromkeys(("launch", "launch__launch_service_provider", "program"), EXACT),
            "created_on": BOUNDED,
        }
