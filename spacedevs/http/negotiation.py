"""What a client accepts: media types and encodings (RFC 9110, section 12)."""

import gzip
import re
import sys
from functools import lru_cache

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ENCODERS = {  # from the cheapest; dearer levels gain little on answers that are made anew after each commit
    "zstd": lambda body: zstd.compress(body, 3),
    "br": lambda body: brotli.compress(body, quality=4),
    "gzip": lambda body: gzip.compress(body, 4, mtime=0),
}

WORTH_ENCODING = 500  # bytes


def accepted_type(environ) -> str:
    """The Accept header; empty for all that ask for plain JSON in so many words."""
    accept = environ.get("HTTP_ACCEPT", "")
    return "" if accept in ("*/*", "application/json") else accept


def canonical(query, accept) -> str:
    """The query with its parameters in order, where the order changes nothing: JSON has links sorted by name.

    A page repeats the query as it was sent, and of parameters with one name the order matters."""
    if accept or "&" not in query:
        return query
    pairs = [(pair.partition("=")[0], pair) for pair in query.split("&")]
    if any(name == "format" or "%" in name or "+" in name for name, _ in pairs):
        return query
    return "&".join(pair for _, pair in sorted(pairs, key=lambda pair: pair[0]))


@lru_cache(maxsize=256)
def encoding(accepted) -> str:
    """The encoding that a client likes best by its Accept-Encoding, and we at a tie; empty for none."""
    likes = dict(map(liking, accepted.lower().split(",")))
    weights = {name: likes.get(name, likes.get("*", 0)) for name in ENCODERS}
    best = max(weights, key=weights.get)
    return best if weights[best] > 0 and weights[best] >= likes.get("identity", 0) else ""


WEIGHTED = re.compile(r"\s*([^\s;]+)(?:\s*;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?\s*")


def liking(part) -> tuple[str, float]:
    """An encoding and its weight, from 'br;q=0.5'; the weight is 0 where RFC 9110 knows no such part."""
    if not (found := WEIGHTED.fullmatch(part)):
        return part.partition(";")[0].strip(), 0
    return found[1], float(found[2] or 1)
