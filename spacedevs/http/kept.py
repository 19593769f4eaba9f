"""The responses that a process keeps, each until a commit touches what it shows."""

from collections import OrderedDict
from threading import Lock
from typing import NamedTuple

from spacedevs.db.footprints.lineage import Lineage
from spacedevs.db.footprints.recording import Footprint

OVERHEAD = 2048  # bytes of a cached response besides its key, body and rows
NEVER = float("inf")


class Answer(NamedTuple):
    """A cached response, ready to be sent."""

    etag: str
    headers: list
    body: bytes
    until: float  # seconds since 1970
    modified: int | None  # likewise: when this process first saw the version that it was made of
    version: str  # of which it is known to be the response
    footprint: Footprint | None


def weight(key, answer) -> int:
    statements, rows = answer.footprint or ((), b"")
    return len(answer.body) + sum(map(len, key)) + 8 * len(statements) + memoryview(rows).nbytes + OVERHEAD


class Answers:
    """The cached responses, up to a number of bytes; least recently used ones are removed first.

    A response is kept as long as the lineage of versions tells that no commit touched it. One without a footprint is
    kept until the next commit."""

    def __init__(self, limit, lineage: Lineage):
        self.limit, self.lineage = limit, lineage
        self.lock = Lock()
        self.begin()

    def begin(self):
        self.kept, self.size, self.beginnings = OrderedDict(), 0, self.lineage.beginnings

    def get(self, version, key, now) -> Answer | None:
        """The response of a version, which the lineage has named, at a time in seconds since 1970."""
        with self.lock:
            if self.beginnings != self.lineage.beginnings:
                self.begin()
            answer = self.kept.get(key)
            if answer is None:
                return None
            if answer.until <= now or not self.lineage.holds(answer.footprint, answer.version, version):
                self.size -= weight(key, self.kept.pop(key))
                return None
            if answer.version != version:
                answer = self.kept[key] = answer._replace(version=version)
            self.kept.move_to_end(key)
            return answer

    def put(self, key, answer):
        size = weight(key, answer)
        with self.lock:
            if not self.lineage.knows(answer.version) or key in self.kept or size > self.limit:
                return
            self.kept[key] = answer
            self.size += size
            while self.size > self.limit:
                self.size -= weight(*self.kept.popitem(last=False))
