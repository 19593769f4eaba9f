"""What the data of this server are, told to whoever copies them. Launch Library has nothing of the kind."""

from django.http import JsonResponse

from spacedevs.db import dataset_version, pending
from spacedevs.http.errors import only_read
from spacedevs.statistics.origin import origin

from .as_of import as_of


@only_read
def about(request):
    """The version, which is another after every change; where the data come from, and as of when they are; where
    figures that follow from other rows come from; and how many notes there are of figures and search texts that still
    have to follow a change."""
    version, data = dataset_version.current(), as_of()
    told = {
        "version": version,
        "source": data.source,
        "as_of": data.moment,
        "statistics": origin(),
        "pending": pending.count(),
    }
    return JsonResponse(told, headers={"Cache-Control": "no-store"})
