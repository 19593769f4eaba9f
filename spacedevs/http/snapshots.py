"""Middleware that makes a view and its rendering read one snapshot of the database."""

from contextlib import ExitStack

from django.db import DEFAULT_DB_ALIAS
from django.http import FileResponse

from spacedevs.db import dataset_version
from spacedevs.db.connections import reading
from spacedevs.db.snapshots import snapshot

from .headers import may_be_staff

# Views, of any version, that read no rows and work without a database; and the throttle endpoint, which may write.
APART = {
    *("ships", "favicon", "media", "schema", "docs", "dump-file", "api-throttle-list", "changes-stream"),
    *("documentation", "documentation-page", "reference", "reference-component", "reference-tag"),
}


class OneSnapshot:
    """The innermost middleware: a view and its rendering read one snapshot.

    The snapshot begins after authentication and ends before the session is saved, because both may write. A response
    that is read from a replica has a snapshot there."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        with ExitStack() as request.snapshot:
            response = self.get_response(request)
            if is_read_later(response):
                response.streaming_content = Lasting(response.streaming_content, request.snapshot.pop_all())
        return response

    def process_view(self, request, view, args, kwargs):
        if request.method not in ("GET", "HEAD"):
            return
        version = request.META.get(dataset_version.ASKED)
        if reading.alias == DEFAULT_DB_ALIAS and request.resolver_match.url_name not in APART:
            if may_be_staff(request):
                log_out_who_must_be(request)
            version = request.snapshot.enter_context(snapshot())
        request.META[dataset_version.READ] = version


def log_out_who_must_be(request):
    """Ends the session if the password was changed elsewhere. Django does this when it reads the user, and writes.

    A response that does not use the session afterwards does not vary by it."""
    accessed = request.session.accessed
    request.user.is_authenticated  # noqa: B018 - which reads it
    request.session.accessed = accessed


def is_read_later(response) -> bool:
    """Whether the parts of a response are read from the database while they are sent."""
    return getattr(response, "streaming", False) and not isinstance(response, FileResponse)


class Lasting:
    """The parts of a streamed response; its snapshot ends when the response is closed."""

    def __init__(self, content, snapshot):
        self.content, self.close = content, snapshot.close

    def __iter__(self):
        return iter(self.content)
