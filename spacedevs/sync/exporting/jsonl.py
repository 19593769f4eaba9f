"""Exports the data as JSON lines: one file for each endpoint, one line for each row, in the most detailed mode.

Rows come in the order of their keys, a hundred at a time, so memory use is that of a page. All files of an export show
the data of one snapshot, and two exports of the same data are identical."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import file_digest, sha256
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

from spacedevs.api.models import KnownByName
from spacedevs.api.registry import endpoints, objects, whole_tables
from spacedevs.api.render_plan.compiled import as_json
from spacedevs.api.render_plan.plan import plan
from spacedevs.files import written_aside

ROWS = 100


class FromNowhere(HttpRequest):
    """A request without client, for the public URL of this server."""

    def _get_scheme(self):
        return urlsplit(settings.PUBLIC_URL).scheme

    def get_host(self):
        return urlsplit(settings.PUBLIC_URL).netloc


class Exported(NamedTuple):
    """A written file."""

    endpoint: str
    file: str
    records: int
    bytes: int
    sha256: str


def lines(endpoint) -> Iterator[bytes]:
    """A line of JSON for every row of an endpoint."""
    model, request = endpoint.queryset.model, FromNowhere()
    keys = model._default_manager.order_by("pk").values_list("pk", flat=True)
    if issubclass(model, KnownByName):
        keys = keys.filter(pk__gte=0)
    page = list(keys[:ROWS])
    while page:
        for record in plan(endpoint.ladder[-1]).render(page, request):
            yield as_json(record) + b"\n"
        page = list(keys.filter(pk__gt=page[-1])[:ROWS])


def lines_of_object(endpoint) -> Iterator[bytes]:
    """A line of JSON with those rows of an object that no other endpoint shows."""
    shown = {
        name: cls(cls.Meta.model._default_manager.all(), many=True).data
        for name, cls in whole_tables(endpoint).items()
    }
    yield as_json(shown) + b"\n"


def files() -> dict[str, Callable[[], Iterator[bytes]]]:
    """The lines of each file, by path."""
    rows = {path: partial(lines, endpoint) for path, endpoint in endpoints().items() if not endpoint.part}
    return rows | {path: partial(lines_of_object, endpoint) for path, endpoint in objects().items()}


def export(folder: Path, chosen=None, packed=False) -> Iterator[Exported]:
    """Writes a file for each endpoint; replaces existing files atomically.

    Within a `snapshot`, all files show the same state."""
    for path, found in files().items():
        if not chosen or path in chosen:
            name = f"{path}.jsonl{'.gz' if packed else ''}"
            yield write(path, found(), folder / name, name, packed)


def write(path, found, target, name, packed) -> Exported:
    target.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with written_aside(target) as aside:
        with aside.open("wb") as raw, written_to(raw, packed) as file:
            for count, line in enumerate(found, 1):  # noqa: B007 - it is used below
                file.write(line)
        with aside.open("rb") as raw:
            digest = file_digest(raw, sha256)
    return Exported(path, name, count, target.stat().st_size, digest.hexdigest())


@contextmanager
def written_to(raw, packed):
    if packed:  # without a time, so that the same rows give the same bytes
        with gzip.GzipFile("", "wb", 6, raw, mtime=0) as file:
            yield file
    else:
        yield raw
