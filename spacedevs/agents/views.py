"""The address /mcp/ at the web servers, which leads to the process that serves agents."""

from django.views.decorators.csrf import csrf_exempt

from spacedevs.changes.views import in_process_of_stream


@csrf_exempt  # it changes nothing
def elsewhere(request):
    return in_process_of_stream(
        request, "This server has no tools for agents: its operator has not started the process of the stream."
    )
