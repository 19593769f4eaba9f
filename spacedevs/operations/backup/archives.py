"""The file of a backup: a tar, compressed by gzip, that proves by itself that it is whole.

Its first member, backup.json, says what the file is. Then come the database and the media files. The last member,
digests.json, has the SHA-256 of every member before it, so a member that is missing, added or damaged is noticed
whatever became of the compression around it. A comment at the end has a digest of the whole file: some bits of a gzip
file, as those between its blocks, no program reads. Format 1 had no digests: gzip's own checksum is all its proof."""

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

FORMAT = 2  # of what is written; the formats before it are read as well
ABOUT, DATABASE, MEDIA, DIGESTS = "backup.json", "database", "media", "digests.json"
TOLD = {"format": int, "release": str, "made": str, "engine": str, "migrations": list}  # what backup.json must tell
BLOCK = 2**20  # bytes
GZIP = b"\x1f\x8b"  # how its files begin


class Damaged(Exception):
    """A file that is no backup, or no longer the one that was written; says why in a line."""


class Hashed:
    """A file that is read through, and the digest of what was read."""

    def __init__(self, file):
        self.file, self.digest = file, sha256()

    def read(self, size=-1) -> bytes:
        found = self.file.read(size)
        self.digest.update(found)
        return found


def seal(digest: bytes) -> bytes:
    """An empty part of a gzip file, which every reader passes over; its comment is the digest of all before it."""
    return GZIP + b"\x08\x10" + bytes(5) + b"\xffsha256:" + digest.hex().encode() + b"\0\x03\0" + bytes(8)


def files_of(folder: Path) -> dict[str, Path]:
    """The files in a folder and below it, also where links lead, by their names relative to it."""
    paths = (Path(top, name) for top, _, names in os.walk(folder, followlinks=True) for name in names)
    return {path.relative_to(folder).as_posix(): path for path in paths if path.is_file()}


# Writing -----------------------------------------------------------------------------------------


def pack(target: Path, about: dict, database: Path, media: Path):
    """Writes an archive, whole or not at all, readable by its owner alone."""
    with written_aside(target) as aside, aside.open("x+b") as file:
        os.chmod(aside, 0o600)  # it holds the digests of passwords and keys
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
    """Takes the members out into a folder and proves that they are what was written.

    Returns what backup.json tells; `refuse` raises if that does not suit, before more is taken out."""
    try:
        with tarfile.open(source) as tar:
            about, digests = take_out(tar, folder, refuse)
            while tar.fileobj.read(BLOCK):  # to the end, where gzip's checksum stands
                pass
        check(about, digests, folder)
        if about["format"] > 1 and not is_sealed(source):
            raise Damaged("it is not what was written: its digest is another")
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, ValueError) as error:
        raise Damaged(" ".join(str(error).split())) from error
    return about


def is_sealed(source) -> bool:
    """Whether a file is as it was written; one that somebody has unpacked to a mere tar has nothing to tell it by."""
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
    """What backup.json tells, and the digests of all members as they are."""
    about, digests = {}, {}
    for member in tar:
        if member.isdir() and about and f"{member.name}/".startswith(f"{MEDIA}/"):  # format 1 has them
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
    """Why a member cannot be one of a backup that begins with the members before it."""
    name = member.name
    if ".." in name.split("/"):
        return f"{name} leads out of it"
    if not before and name != ABOUT:
        return f"it begins with {name} and not with {ABOUT}"
    if name in before:
        return f"it holds {name} twice"
    if not member.isreg():
        return f"{name} is no plain file"
    if name not in (ABOUT, DATABASE, DIGESTS) and not name.startswith(f"{MEDIA}/"):
        return f"it holds {name}, which is part of no backup"
    return None


def written(file, target) -> str:
    """Writes what is read, and returns its digest."""
    file = Hashed(file)
    with target.open("wb") as copy:
        while block := file.read(BLOCK):
            copy.write(block)
    return file.digest.hexdigest()


def told_by(path) -> dict:
    about = json.loads(path.read_bytes())
    if not isinstance(about, dict) or not all(isinstance(about.get(name), kind) for name, kind in TOLD.items()):
        raise Damaged(f"{ABOUT} does not tell what a backup tells of itself")
    return about


def check(about, digests, folder):
    """Compares the members with those that were written."""
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
            raise Damaged(f"{changed[0]} is not what was written: its digest is another")
