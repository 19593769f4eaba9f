"""The table of version 2.0.0: that of 2.2.0, with the additional keys of launches."""

from rest_framework import serializers

from launches import models as launch
from spacedevs.api.fields import Constant, Converted, Text
from spacedevs.versions.v220 import table
from spacedevs.versions.v220.declaring import Shown, of

ON_HOLD = {5}  # of the launch statuses
NO_TIME = set(range(2, 17))  # the precisions of hours and more
NO_DATE = set(range(6, 17))  # of weeks and more


class Among(Converted, serializers.BooleanField):
    """Whether a value is among these."""

    def __init__(self, source, values):
        super().__init__(source, otherwise=False)
        self.values = values

    def to_representation(self, value) -> bool:
        return value in self.values


class LaunchStatusOf200(Shown):
    Meta = of(launch.LaunchStatus).shows("id name")
    name = Text("abbrev")


class Of200(Shown):
    launch_library_id = Constant(kind=int)
    status = LaunchStatusOf200()
    inhold = Among("status.id", ON_HOLD)
    tbdtime = Among("net_precision.id", NO_TIME)
    tbddate = Among("net_precision.id", NO_DATE)


def of_200(rung) -> type:
    """A serializer of launches with the additional keys of 2.0.0."""
    shown = " ".join(rung.Meta.fields).replace(" url ", " url launch_library_id ")
    shown = shown.replace(" window_start ", " window_start inhold tbdtime tbddate ")
    options = {"fields": tuple(shown.split()), "mode": rung.Meta.mode, "extra_kwargs": rung.Meta.extra_kwargs}
    Meta = type("Meta", (rung.Meta,), options)
    return type(f"{rung.__name__}Of200", (Of200, rung), {"Meta": Meta, "__module__": __name__})


ENDPOINTS = {**table.ENDPOINTS, **table.of_launches(*map(of_200, table.LAUNCHES))}
