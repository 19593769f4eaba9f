from spacedevs.api.representations import Representation

from . import models


class EventType(Representation):
    class Meta:
        model = models.EventType
        fields = ("id", "name")


class RoadClosureStatus(Representation):
    class Meta:
        model = models.RoadClosureStatus
        fields = ("id", "name")


class NoticeType(Representation):
    class Meta:
        model = models.NoticeType
        fields = ("id", "name")
