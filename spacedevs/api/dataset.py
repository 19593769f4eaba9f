"""What the data of this server are, told to whoever copies them. Launch Library has nothing of the kind."""

from django.http import JsonResponse

from . import pending, versioning
from .errors import only_read
from .statistics import origin


@only_read
def about(request):
    """The version, which is another after every change; where figures that follow from other rows come from; and how
    many notes there are of figures and search texts that still have to follow a change."""
    told = {"version": versioning.current(), "statistics": origin(), "pending": pending.count()}
    return JsonResponse(told, headers={"Cache-Control": "no-store"})
