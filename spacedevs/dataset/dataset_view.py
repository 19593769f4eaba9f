"""Information about the data of this server, for programs that copy them; an addition to Launch Library."""

from django.http import JsonResponse

from spacedevs.db import dataset_version, pending
from spacedevs.http.errors import only_read
from spacedevs.statistics.origin import origin

from .as_of import as_of


@only_read
def about(request):
    """The version, which every change replaces; the source and the time of the data; the source of statistics; and the
    number of pending updates of statistics and search texts."""
    version, data = dataset_version.current(), as_of()
    content = {
        "version": version,
        "source": data.source,
        "as_of": data.moment,
        "statistics": origin(),
        "pending": pending.count(),
    }
    return JsonResponse(content, headers={"Cache-Control": "no-store"})
