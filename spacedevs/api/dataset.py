"""What the data of this server are, told to whoever copies them. Launch Library has nothing of the kind."""

from django.http import JsonResponse

from . import versioning
from .errors import only_read
from .statistics import origin


@only_read
def about(request):
    """The version, which is another after every change, and where figures that follow from other rows come from."""
    told = {"version": versioning.current(), "statistics": origin()}
    return JsonResponse(told, headers={"Cache-Control": "no-store"})
