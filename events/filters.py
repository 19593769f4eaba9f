from spacedevs.api.filters.filters import (
    BOUNDED,
    COMPARED,
    CONTAINED,
    EXACT,
    DateTimeFilter,
    Hide,
    Ids,
    Numbers,
    ResourceFilter,
    Uuids,
    Words,
)

from . import models
from .querysets import PREVIOUS


class EventFilter(ResourceFilter):
    id = Ids("id")
    agency__ids = Ids("agencies__id")
    # LL2 2.3.0 first had date__lt by this name.
    date__gt__lt = DateTimeFilter("date", "lt")
    day = Numbers("date__day")
    expedition__ids = Ids("expeditions__id")
    launch__ids = Uuids("launches__id")
    month = Numbers("date__month")
    year = Numbers("date__year")
    program = Ids("program__id")
    program__ids = Ids("program__id")
    spacestation__ids = Ids("spacestations__id")
    type__ids = Ids("type__id")
    video_url = Words("vid_urls__url")

    class Meta:
        model = models.Event
        fields = {
            "date": COMPARED,
            "last_updated": ("gte", "lte"),
            **dict.fromkeys(("slug", "type"), EXACT),
        }


class UpcomingEventFilter(EventFilter):
    hide_recent_previous = Hide(PREVIOUS, label="Events whose time is past are left out")


class SpacewalkFilter(ResourceFilter):
    ids = Ids("id")
    astronaut__ids = Ids("crew__astronaut__id")
    day = Numbers("start__day")
    month = Numbers("start__month")
    year = Numbers("start__year")
    event__ids = Ids("event__id")
    launch__ids = Uuids("spacecraft_flight__launch__id")
    owner__ids = Numbers("spacestation__owners__id")
    program__ids = Ids("program__id")
    spacestation__ids = Ids("spacestation__id")

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
