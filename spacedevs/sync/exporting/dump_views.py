"""The dump: an export of all data for download.

A request after a change of the data starts a new export in a separate process, so that no request waits for it. Until
it is done the previous dump is served; its index names its version."""

import logging
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from hashlib import blake2b
from math import inf
from pathlib import Path
from threading import Lock
from time import monotonic

import orjson
from django.conf import settings
from django.http import FileResponse, JsonResponse
from django.urls import reverse
from django.utils.http import quote_etag

from spacedevs.db import dataset_version
from spacedevs.db.locks import Taken, file_lock
from spacedevs.db.snapshots import snapshot
from spacedevs.files import written_aside
from spacedevs.http.errors import only_read
from spacedevs.http.response_cache import REVALIDATED, release

from .jsonl import export

MAKING = "The dump is being created; try again in a moment."
FAILED = "The dump could not be created; the server retries in a minute, and its log has the cause."
NO_FILE = "There is no such file."
MOMENT = "%Y-%m-%dT%H:%M:%SZ"

log = logging.getLogger(__name__)


def made_of(version) -> str:
    """The folder name of a dump, from the dataset version and the release."""
    return blake2b(f"{version} {release()}".encode(), digest_size=12).hexdigest()


def offered() -> Path | None:
    """The folder that is served now."""
    try:
        folder = settings.DUMP_ROOT / (settings.DUMP_ROOT / "offered").read_text()
    except FileNotFoundError:
        return None
    return folder if folder.is_dir() else None


def make():
    """Creates the dump, unless it exists or another process is creating it, and replaces the previous one."""
    settings.DUMP_ROOT.mkdir(parents=True, exist_ok=True)
    try:
        with file_lock(settings.DUMP_ROOT / "lock"), snapshot() as version:
            folder = settings.DUMP_ROOT / made_of(version)
            if offered() != folder:
                write(folder, version)
    except Taken:
        return


def write(folder, version):
    before = offered()
    shutil.rmtree(folder, ignore_errors=True)
    try:
        files = [each._asdict() for each in export(folder, packed=True)]
        made = f"{datetime.now(UTC):{MOMENT}}"
        (folder / "index.json").write_bytes(orjson.dumps({"version": version, "made": made, "files": files}))
        with written_aside(settings.DUMP_ROOT / "offered") as aside:
            aside.write_text(folder.name)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)  # on a full disk, others need the space
        raise
    for old in settings.DUMP_ROOT.iterdir():
        if old.is_dir() and old not in (
            folder,
            before,
        ):  # clients that have read the previous index still find its files
            shutil.rmtree(old, ignore_errors=True)


class Maker:
    """The process that creates the dump, started by a request; after a failure only after a pause."""

    command = [sys.executable, settings.BASE_DIR / "manage.py", "export", "--offer"]
    pause = 60  # seconds

    def __init__(self):
        self.lock, self.process = Lock(), None
        self.succeed()

    def succeed(self):
        self.failed_at, self.failed = -inf, None

    def fail(self, how):
        log.error("Creating the dump in %s failed: %s. See its output above.", reverse("dump"), how)
        self.failed_at, self.failed = monotonic(), datetime.now(UTC)

    def begin(self):
        with self.lock:
            if self.is_at_it() or monotonic() < self.failed_at + self.pause:
                return
            try:
                self.process = subprocess.Popen(
                    self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
                )
            except OSError as error:
                self.fail(error)

    def is_at_it(self) -> bool:
        """Whether it runs; records how it ended."""
        code = self.process and self.process.poll()
        if self.process is None or code is None:
            return self.process is not None
        self.process = None
        if code:
            self.fail(f"killed by signal {-code}" if code < 0 else f"exit code {code}")
        else:
            self.succeed()
        return False


maker = Maker()


@only_read
def index(request):
    """The index of the dump."""
    folder = offered()
    is_current = folder is not None and folder.name == made_of(dataset_version.current())
    if not is_current:
        maker.begin()
    if folder is None:
        return not_yet(*((FAILED, maker.pause) if maker.failed else (MAKING, 10)))
    about = orjson.loads((folder / "index.json").read_bytes())
    files = [
        {**each, "url": request.build_absolute_uri(reverse("dump-file", args=[each["file"]]))}
        for each in about["files"]
    ]
    failed = maker.failed and f"{maker.failed:{MOMENT}}"
    state = {"version": about["version"], "made": about["made"], "is_current": is_current, "failed": failed}
    return tagged(JsonResponse({**state, "files": files}), f"{folder.name}-{about['made']}-{is_current}-{failed}")


def not_yet(detail, seconds):
    response = JsonResponse(
        {"detail": detail}, status=503, headers={"Retry-After": str(seconds), "Cache-Control": "no-store"}
    )
    response._has_been_logged = True  # the first request after a change is no error; failures are logged elsewhere
    return response


@only_read
def file(request, name):
    """A file of the index."""
    folder = offered()
    files = orjson.loads((folder / "index.json").read_bytes())["files"] if folder else []
    digest = next((each["sha256"] for each in files if each["file"] == name), None)
    if not digest:
        return JsonResponse({"detail": NO_FILE}, status=404)
    return tagged(FileResponse((folder / name).open("rb"), content_type="application/gzip"), digest)


def tagged(response, tag):
    """A response with support for conditional requests."""
    for name, value in {"ETag": quote_etag(tag), **REVALIDATED}.items():
        response[name] = value
    return response
