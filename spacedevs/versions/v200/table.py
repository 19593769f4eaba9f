"""The table of version 2.0.0: that of 2.2.0, with additional keys of launches and the roles of crews as texts."""

from functools import cache

from rest_framework import serializers

from crew.models import AstronautFlight
from launches import models as launch
from spacedevs.api.fields import Constant, Converted, Text
from spacedevs.versions.v220 import table, things
from spacedevs.versions.v220.declaring import ORDERS, Shown, of

ON_HOLD = {5}  # of the launch statuses
NO_TIME = set(range(2, 17))  # the precisions of an hour and more: recorded launches that are Go can have tbdtime
NO_DATE = set(range(6, 17))  # of weeks and more
ORDERS_OF_200 = {model: order for model, order in ORDERS.items() if model is not AstronautFlight}  # crews are by id


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


class Numbered(Shown):
    launch_library_id = Constant(kind=int)


def variant(shown, *bases, after, **others) -> type:
    """A serializer with additional keys, named by the key that they come after, and with other fields."""
    names = [added for name in shown.Meta.fields for added in (name, *after.get(name, ()))]
    Meta = type("Meta", (shown.Meta,), {"fields": tuple(names)})
    name = f"{shown.__name__.removesuffix('Of200')}Of200"
    return type(name, (*bases, shown), {**others, "Meta": Meta, "__module__": __name__})


@cache
def numbered(shown) -> type:
    """A serializer with the id that its rows had in Launch Library 1."""
    return variant(shown, Numbered, after={"id": ["launch_library_id"]})


def of_200(rung) -> type:
    """A serializer of launches with the additional keys of 2.0.0."""
    fields = rung().fields
    after = {"url": ["launch_library_id"], "window_start": ["inhold", "tbdtime", "tbddate"]}
    if rung.Meta.mode == "list":  # it shows texts alone
        return variant(rung, Of200, after=after)
    rocket, mission = type(fields["rocket"]), type(fields["mission"])
    configuration = numbered(type(rocket().fields["configuration"]))
    rocket = variant(rocket, after={}, configuration=configuration())
    return variant(rung, Of200, after=after, rocket=rocket(), mission=numbered(mission)(allow_null=True))


@cache
def with_roles(shown) -> type:
    """A serializer that shows, at every depth, the roles of crews as texts; the same one if it shows no crew."""
    if not issubclass(shown, Shown):
        return shown
    if issubclass(shown, things.AstronautFlight):
        return variant(shown, after={}, role=Text("role.role"))
    changed = {}
    for name, field in shown().fields.items():
        inner = type(getattr(field, "child", field))
        if (other := with_roles(inner)) is not inner:
            options = {key: value for key, value in field._kwargs.items() if key != "child"}
            changed[name] = other(**options, many=True) if hasattr(field, "child") else other(**options)
    return variant(shown, after={}, orders=ORDERS_OF_200, **changed) if changed else shown


def of_version(endpoint) -> type:
    ladder = getattr(endpoint, "ladder", ())
    shown = tuple(map(with_roles, ladder))
    return endpoint if shown == ladder else endpoint.showing(*shown)


ALL = {**table.ENDPOINTS, **table.of_launches(*map(of_200, table.LAUNCHES))}
ENDPOINTS = {path: of_version(endpoint) for path, endpoint in ALL.items()}
