from spacedevs.api.representations import Representation

from . import models


class AstronautRole(Representation):
    class Meta:
        model = models.AstronautRole
        fields = ("id", "role", "priority")


class AstronautStatus(Representation):
    class Meta:
        model = models.AstronautStatus
        fields = ("id", "name")


class AstronautType(Representation):
    class Meta:
        model = models.AstronautType
        fields = ("id", "name")
