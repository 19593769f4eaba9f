"""The format of a backup: a gzip-compressed tar file with digests that prove its integrity.

The first member, backup.json, describes the backup. Then follow the database and the media files. The last member,
digests.json, has the SHA-256 digest of each member before it, which reveals missing, added and damaged members. A gzip
comment at the end has a digest of the whole file, because decompression ignores some bits. Format 1 had no digests,
only gzip's own checksum."""

import gzip
import json
import os
import tarfile
import zlib
from collections.abc import Callable
from hashlib import file_digest, sha256
from io import BytesIO
from pathlib import Path

from spacedevs.files import written_aside

FORMAT = 2  # of new backups; older formats can be restored too
ABOUT, DATABASE, MEDIA, DIGESTS = "backup.json", "database", "media", "digests.json"
TOLD = {
    "format": int,
    "release": str,
    "made": str,
    "engine": str,
    "migrations": list,
}  # the required keys of backup.json
BLOCK = 2**20  # bytes
GZIP = b"\x1f\x8b"  # the first bytes of a gzip file


class Damaged(Exception):
    """The file is not a backup or is damaged; the message is one line."""


class Hashed:
    """A file wrapper that computes the digest of everything read."""

    def __init__(self, file):
        self.file, self.digest = file, sha256()

    def read(self, size=-1) -> bytes:
        found = self.file.read(size)
        self.digest.update(found)
        return found


def seal(digest: bytes) -> bytes:
    """An empty gzip member, which readers skip; its comment is the digest of everything before it."""
    return GZIP + b"\x08\x10" + bytes(5) + b"\xffsha256:" + digest.hex().encode() + b"\0\x03\0" + bytes(8)


def files_of(folder: Path) -> dict[str, Path]:
    """The files below a folder, following links, by relative names."""
    paths = (Path(top, name) for top, _, names in os.walk(folder, followlinks=True) for name in names)
    return {path.relative_to(folder).as_posix(): path for path in paths if path.is_file()}


# Writing -----------------------------------------------------------------------------------------


def pack(target: Path, about: dict, database: Path, media: Path):
    """Writes an archive atomically, readable only by its owner."""
    with written_aside(target) as aside, aside.open("x+b") as file:
        os.chmod(aside, 0o600)  # it contains the hashes of passwords and keys
        with (
            gzip.GzipFile("", "wb", compresslevel=4, fileobj=file, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w", dereference=True) as tar,
        ):
            put_in(tar, about, database, media)
        file.seek(0)
        file.write(seal(file_digest(file, sha256).digest()))
        file.flush()
        os.fsync(file.fileno())


def put_in(tar, about, database, media):
    digests = {}

    def add(info, file):
        file = Hashed(file)
        tar.addfile(info, file)
        digests[info.name] = file.digest.hexdigest()

    def add_json(name, value):
        text = json.dumps(value, indent=2).encode()
        info = tarfile.TarInfo(name)
        info.size = len(text)
        add(info, BytesIO(text))

    add_json(ABOUT, about)
    pictures = {f"{MEDIA}/{name}": path for name, path in sorted(files_of(media).items())}
    for name, path in {DATABASE: database, **pictures}.items():
        with path.open("rb") as file:
            add(tar.gettarinfo(arcname=name, fileobj=file), file)
    add_json(DIGESTS, digests)


# Reading -----------------------------------------------------------------------------------------


def unpack(source: Path, folder: Path, refuse: Callable[[dict], None]) -> dict:
    """Extracts the members into a folder and verifies them.

    Returns the content of backup.json. `refuse` gets it first and can raise, before anything else is extracted."""
    try:
        with tarfile.open(source) as tar:
            about, digests = take_out(tar, folder, refuse)
            while tar.fileobj.read(BLOCK):  # to the end, to verify gzip's checksum
                pass
        check(about, digests, folder)
        if about["format"] > 1 and not is_sealed(source):
            raise Damaged("its digest is wrong")
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, ValueError) as error:
        raise Damaged(" ".join(str(error).split())) from error
    return about


def is_sealed(source) -> bool:
    """Whether a file matches its digest; an uncompressed tar file has none, so it passes."""
    content, length = sha256(), len(seal(bytes(32)))
    with source.open("rb") as file:
        if file.read(2) != GZIP:
            return True
        file.seek(0)
        left = max(0, source.stat().st_size - length)
        while left and (block := file.read(min(left, BLOCK))):
            content.update(block)
            left -= len(block)
        return file.read() == seal(content.digest())


def take_out(tar, folder, refuse) -> tuple[dict, dict[str, str]]:
    """The content of backup.json, and the digests of all extracted members."""
    about, digests = {}, {}
    for member in tar:
        if member.isdir() and about and f"{member.name}/".startswith(f"{MEDIA}/"):  # exist in format 1
            continue
        if fault := fault_of(member, digests):
            raise Damaged(fault)
        target = folder / member.name
        target.parent.mkdir(parents=True, exist_ok=True)
        digests[member.name] = written(tar.extractfile(member), target)
        if member.name == ABOUT:
            about = told_by(target)
            refuse(about)
    return about, digests


def fault_of(member, before) -> str | None:
    """Why a member is invalid after the members before it."""
    name = member.name
    if ".." in name.split("/"):
        return f"{name} is a path outside of the archive"
    if not before and name != ABOUT:
        return f"it begins with {name} instead of {ABOUT}"
    if name in before:
        return f"it contains {name} twice"
    if not member.isreg():
        return f"{name} is not a regular file"
    if name not in (ABOUT, DATABASE, DIGESTS) and not name.startswith(f"{MEDIA}/"):
        return f"it contains {name}, which does not belong to a backup"
    return None


def written(file, target) -> str:
    """Copies a stream, and returns its digest."""
    file = Hashed(file)
    with target.open("wb") as copy:
        while block := file.read(BLOCK):
            copy.write(block)
    return file.digest.hexdigest()


def told_by(path) -> dict:
    about = json.loads(path.read_bytes())
    if not isinstance(about, dict) or not all(isinstance(about.get(name), kind) for name, kind in TOLD.items()):
        raise Damaged(f"{ABOUT} lacks required keys")
    return about


def check(about, digests, folder):
    """Compares the members with the stored digests."""
    wanted = (ABOUT, DATABASE) if about.get("format") == 1 else (ABOUT, DATABASE, DIGESTS)
    if missing := [name for name in wanted if name not in digests]:
        raise Damaged(f"it has no {missing[0]}")
    if not (folder / DATABASE).stat().st_size:
        raise Damaged(f"{DATABASE} is empty")
    if DIGESTS in wanted:
        del digests[DIGESTS]
        proven = json.loads((folder / DIGESTS).read_bytes())
        if missing := sorted(proven.keys() ^ digests.keys()):
            raise Damaged(f"{missing[0]} is {'missing' if missing[0] in proven else 'no part of it'}")
        if changed := [name for name, digest in digests.items() if digest != proven[name]]:
            raise Damaged(f"{changed[0]} is damaged: its digest is wrong")
