"""The export of all data that the server offers for download.

It is made anew when somebody asks and the data have changed since: by a process of its own, so that nobody who
asks meanwhile waits for it. Until it is done the one before is offered, which says of which version it is."""

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

MAKING = "The files are being made; try again in a moment."
FAILED = "The files could not be made; the server tries again in a minute, and its log says why."
NO_FILE = "There is no such file."
MOMENT = "%Y-%m-%dT%H:%M:%SZ"

log = logging.getLogger(__name__)


def made_of(version) -> str:
    """What the folder of an export is called: by the data, and by the release that shows them."""
    return blake2b(f"{version} {release()}".encode(), digest_size=12).hexdigest()


def offered() -> Path | None:
    """The folder that is offered now."""
    try:
        folder = settings.DUMP_ROOT / (settings.DUMP_ROOT / "offered").read_text()
    except FileNotFoundError:
        return None
    return folder if folder.is_dir() else None


def make():
    """Makes the files, unless they are there or another process is about it; then offers them instead of the old."""
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
        shutil.rmtree(folder, ignore_errors=True)  # of a disk that is full, others need the room
        raise
    for old in settings.DUMP_ROOT.iterdir():
        if old.is_dir() and old not in (folder, before):  # who reads the index before this one finds its files
            shutil.rmtree(old, ignore_errors=True)


class Maker:
    """The process that makes the files, begun by this one when somebody asks; not at once after one has failed."""

    command = [sys.executable, settings.BASE_DIR / "manage.py", "export", "--offer"]
    pause = 60  # seconds

    def __init__(self):
        self.lock, self.process = Lock(), None
        self.succeed()

    def succeed(self):
        self.failed_at, self.failed = -inf, None

    def fail(self, how):
        log.error("The files of %s could not be made: %s. What it wrote stands above.", reverse("dump"), how)
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
        """Whether it runs; notes how it ended, if it has."""
        code = self.process and self.process.poll()
        if self.process is None or code is None:
            return self.process is not None
        self.process = None
        if code:
            self.fail(f"it was ended by signal {-code}" if code < 0 else f"it ended with {code}")
        else:
            self.succeed()
        return False


maker = Maker()


@only_read
def index(request):
    """What there is to download."""
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
    response._has_been_logged = True  # that somebody is the first to ask is no error; what failed is in the log
    return response


@only_read
def file(request, name):
    """One file of those in the index."""
    folder = offered()
    files = orjson.loads((folder / "index.json").read_bytes())["files"] if folder else []
    digest = next((each["sha256"] for each in files if each["file"] == name), None)
    if not digest:
        return JsonResponse({"detail": NO_FILE}, status=404)
    return tagged(FileResponse((folder / name).open("rb"), content_type="application/gzip"), digest)


def tagged(response, tag):
    """An answer that is sent only to those who do not have it."""
    for name, value in {"ETag": quote_etag(tag), **REVALIDATED}.items():
        response[name] = value
    return response
