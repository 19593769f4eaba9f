"""Reads records from files incrementally, so that a file may be larger than memory.

A file contains one or more JSON values, as JSON lines do: records, arrays of records and pages of lists. It may be
gzipped. A file of JSON lines may be empty, such as the export of an empty table; any other file without a value is
incomplete."""

from __future__ import annotations

import gzip
import io
import json
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TextIO, cast

from spacedevs.api.registry import VERSION, endpoint_by_name, endpoint_by_url, version_by_url, version_of

from .outcome import Record

if TYPE_CHECKING:
    from spacedevs.api.views import Resource

PIECE = 2**18  # characters per read
MAX_CHARACTERS = 64 * 2**20  # the maximum length of a value, which is held in memory
WHITE = re.compile(r"[ \t\r\n]*")
GZIPPED = b"\x1f\x8b"
PACKED = "", ".gz"
LINES = tuple(kind + packed for kind in (".jsonl", ".ndjson") for packed in PACKED)
ENDINGS = (*LINES, *(f".json{packed}" for packed in PACKED))
STANDARD_INPUT = "-"


class Unreadable(Exception):
    """The file is unreadable from some point on; the message tells why."""


def files(path: str | Path) -> list[Path]:
    """The file at a path, or all JSON files of a folder by name."""
    if path != STANDARD_INPUT and Path(path).is_dir():
        return sorted(each for each in Path(path).rglob("*") if each.name.endswith(ENDINGS) and each.is_file())
    return [Path(path)]


class OtherVersion(Unreadable):
    """The file contains responses of another version of Launch Library, whose records have other fields and paths."""

    def __init__(self, version: str):
        super().__init__(version)
        self.version = version


def check_version(version: str | None) -> None:
    """Raises OtherVersion where a record says that it is of another version of Launch Library."""
    if version not in (None, VERSION):
        raise OtherVersion(version)


@contextmanager
def opened(path: Path) -> Iterator[tuple[IO[bytes], TextIO]]:
    """The raw bytes of a file, and its text."""
    raw = (
        io.BufferedReader(cast(io.BufferedReader, sys.stdin.buffer))
        if str(path) == STANDARD_INPUT
        else path.open("rb")
    )
    with raw:
        plain = gzip.GzipFile(fileobj=raw) if raw.peek(2)[:2] == GZIPPED else raw
        yield raw, io.TextIOWrapper(plain, "utf-8-sig")


def read(path: Path) -> Iterator[tuple[int, Record]]:
    """The records of a file, each with the number of bytes read so far."""
    try:
        with opened(path) as (raw, text):
            source = Source(text)
            if not (source.peek() or str(path).endswith(LINES)):
                raise Unreadable(f"{path}: is empty")
            for record in records_of(source, str(path), endpoint_by_name(path)):
                check_version(version_of(record.value))
                yield raw.tell() if raw.seekable() else 0, record
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror or error}") from error
    except (UnicodeDecodeError, EOFError, zlib.error) as error:
        raise Unreadable(f"{path}: cannot be read: {error}") from error
    except RecursionError as error:
        raise Unreadable(f"{path}: invalid JSON: it is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise Unreadable(f"{path}: invalid JSON: {error.msg} (character {error.pos})") from error


def not_a_number(constant: str) -> None:
    raise json.JSONDecodeError(f"{constant} is not a number", "", 0)


class Source:
    """A JSON text that holds only the current value in memory."""

    decoder = json.JSONDecoder(parse_constant=not_a_number)

    def __init__(self, text: TextIO):
        self.text, self.held, self.at = text, "", 0
        self.before = 0  # characters that were read and discarded
        self.is_over = False

    def read_on(self, amount: int = PIECE) -> None:
        piece = self.text.read(amount)
        self.is_over = not piece
        self.before += self.at
        self.held, self.at = self.held[self.at :] + piece, 0

    def peek(self) -> str:
        """The next character that is not white space; empty at the end."""
        while True:
            self.at = WHITE.match(self.held, self.at).end()  # type: ignore[union-attr]  # it matches no white, too
            if self.at < len(self.held) or self.is_over:
                return self.held[self.at : self.at + 1]
            self.read_on()

    def take(self, wanted: str) -> str:
        """Reads the next character, which must be one of these."""
        character = self.peek()
        if not character or character not in wanted:
            raise self.fault(f"Expecting {' or '.join(wanted)}")
        self.at += 1
        return character

    def value(self) -> Any:
        """The next value."""
        if not self.peek():
            raise self.fault("Expecting value")
        while True:
            try:
                value, end = self.decoder.raw_decode(self.held, self.at)
            except json.JSONDecodeError as error:
                if self.is_over or len(self.held) - self.at > MAX_CHARACTERS:
                    raise self.fault(error.msg, error.pos) from error
            except ValueError as error:  # Python refuses numbers with thousands of digits
                raise self.fault("A number in the value that begins here has too many digits") from error
            else:
                if end < len(self.held) or self.is_over:  # otherwise a number might continue
                    self.at = end
                    return value
            self.read_on(max(PIECE, len(self.held)))

    @property
    def position(self) -> int:
        return self.before + self.at

    def fault(self, message: str, position: int | None = None) -> json.JSONDecodeError:
        fault = json.JSONDecodeError(message, "", 0)
        fault.pos = self.position if position is None else self.before + position
        return fault


def records_of(source: Source, name: str, endpoint: type[Resource] | None) -> Iterator[Record]:
    """The records of all values."""
    number = 1
    while opening := source.peek():
        place = f"{name}#" if number == 1 else f"{name}:{number}#"
        if opening == "[":
            yield from elements(source, place, endpoint)
        elif opening == "{":
            yield from members(source, place, endpoint)
        else:
            yield Record(place, source.value(), endpoint)
        number += 1


def elements(source: Source, place: str, endpoint: type[Resource] | None) -> Iterator[Record]:
    """The records of an array."""
    source.take("[")
    number = 0
    while source.peek() != "]" or number:
        yield Record(f"{place}/{number}", source.value(), endpoint)
        number += 1
        if source.take(",]") == "]":
            return
    source.take("]")


def members(source: Source, place: str, endpoint: type[Resource] | None) -> Iterator[Record]:
    """The records of a page, whose links name the endpoint; or the object itself as a record."""
    source.take("{")
    record: dict[str, Any] = {}
    is_page, last = False, source.position + MAX_CHARACTERS
    while source.peek() != "}" or record or is_page:
        if source.peek() != '"':
            raise source.fault("Expecting property name enclosed in double quotes")
        name = source.value()
        source.take(":")
        if name == "results" and source.peek() == "[":
            links = record.get("next"), record.get("previous")
            for version in map(version_by_url, links):
                check_version(version)
            linked = next(filter(None, map(endpoint_by_url, links)), None)
            is_page = True
            yield from elements(source, f"{place}/results", linked or endpoint)
        else:
            record[name] = source.value()
            if source.position > last and not is_page:
                raise source.fault(f"An object is longer than {MAX_CHARACTERS} characters")
        if source.take(",}") == "}":
            break
    else:
        source.take("}")
    if not is_page:
        yield Record(place, record, endpoint)
