from django.db.models.functions import Coalesce

from spacedevs.api.feeds.feeds import Feed, past
from spacedevs.api.feeds.net_precision import kind
from spacedevs.api.feeds.renderers import Entry

from .querysets import PREVIOUS

UNCERTAIN = {"TBD", "TBC", "Hold"}  # abbreviations of the statuses of launches with uncertain times


class Launches(Feed):
    """Launches, from `net` to the end of the window."""

    title = "Launches"
    time = "net"
    changed, clock = Coalesce("last_updated", past("net")), PREVIOUS
    related = "net_precision", "status", "mission", "pad__location", "launch_service_provider"

    @staticmethod
    def entry(launch):
        precision, status, pad, mission = launch.net_precision, launch.status, launch.pad, launch.mission
        lines = (
            status and status.name,
            launch.launch_service_provider and f"Launched by {launch.launch_service_provider.name}.",
            mission and mission.description,
            launch.failreason,
        )
        return Entry(
            title=launch.name,
            start=launch.net,
            end=launch.window_end,
            precision=kind(precision),
            is_tentative=bool(status and status.abbrev in UNCERTAIN),
            category="Launch",
            place=", ".join(filter(None, (pad.name, pad.location and pad.location.name))) if pad else "",
            position=position(pad) if pad else None,
            text="\n".join(filter(None, lines)),
        )


def position(pad):
    """The position of a pad, if both coordinates are known."""
    where = pad.latitude, pad.longitude
    return None if None in where else where
