"""Helpers to declare serializers of version 2.2.0, and its own kinds of fields."""

from rest_framework import serializers

from agencies.models import Agency, MissionPatch
from crew.models import AstronautFlight
from media_assets.models import InfoURL, VidURL
from spacedevs.api.fields import Address, Duration
from spacedevs.api.serializers import FirstOf, MadeOfRows, ResourceSerializer
from vehicles.models import LauncherConfig, SpacecraftConfig

COUNTS = " ".join(
    f"{of}_launch_attempt_count{span}" for span in ("", "_year") for of in ("orbital", "location", "pad", "agency")
)
ORBITAL = "orbital_launch_attempt_count orbital_launch_attempt_count_year"  # null where a launch is suborbital
LAUNCHED = "total_launch_count successful_launches consecutive_successful_launches failed_launches pending_launches"
LANDED = "successful_landings failed_landings attempted_landings consecutive_successful_landings"
OTHERS = "total_landing_count flights flights_count spacewalks_count last_updated name start founded pad_turnaround"
NEVER_NULL = f"{LAUNCHED} {LANDED} {COUNTS} {OTHERS} publisher".split()  # although our columns are nullable

# What a field shows instead of null, as recorded responses do, if the document says that it is never null.
FILLED = {serializers.CharField: "", serializers.IntegerField: 0, Duration: "P0D"}

# The recorded orders of lists. Of equal rows the newest comes first, where recordings tell.
ORDERS = {
    Agency: ("name__by_letters",),
    AstronautFlight: ("role__priority", "-id"),
    InfoURL: ("priority",),
    LauncherConfig: ("name__by_letters", "-id"),
    MissionPatch: ("priority", "-id"),
    SpacecraftConfig: ("name__by_letters", "-id"),
    VidURL: ("priority",),
}


class Shown(ResourceSerializer):
    """A component of version 2.2.0."""

    version = "2.2.0"
    orders = ORDERS

    def get_fields(self):
        fields = super().get_fields()
        for name in fields.keys() - {column.name for column in self.Meta.model._meta.fields if not column.null}:
            if type(fields[name]) in FILLED and not fields[name].allow_null:
                fields[name].otherwise = FILLED[type(fields[name])]
        return fields


class of:
    """The Meta of a representation: its model, its fields in their order, and the exceptions to NEVER_NULL."""

    def __init__(self, model, *, mode="normal", never_null="", nullable=""):
        self.model, self.mode, self.nullable = model, mode, nullable.split()
        self.never_null = {*NEVER_NULL, *never_null.split()}

    def shows(self, fields: str) -> type:
        fields = tuple(fields.split())
        sure = self.never_null.intersection(fields).difference(self.nullable)
        extra = {name: {"allow_null": False} for name in sure}
        return type("Meta", (), {"model": self.model, "fields": fields, "mode": self.mode, "extra_kwargs": extra})


def picture(relation="image", address="image_url", **kwargs) -> Address:
    """The URL of an image, where 2.3.0 shows the image as an object."""
    return Address(f"{relation}.{address}", **kwargs)


class Family(FirstOf):
    """The name of the first family of a rocket; "" without families."""

    def __init__(self):
        super().__init__("families", "name", otherwise="")


class Account(MadeOfRows):
    """The URL of an account in the first of these social networks that has one."""

    def __init__(self, *networks):
        super().__init__("social_media_links", "url", "social_media.name")
        self.networks = networks

    def made(self, rows):
        return next((url for network in self.networks for url, name in rows if (name or "").lower() == network), None)
