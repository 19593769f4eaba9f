"""Content negotiation: media types and encodings (RFC 9110, section 12)."""

import gzip
import re
import sys
from functools import lru_cache

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ENCODERS = {  # cheapest level first; higher levels gain little for responses that change with each commit
    "zstd": lambda body: zstd.compress(body, 3),
    "br": lambda body: brotli.compress(body, quality=4),
    "gzip": lambda body: gzip.compress(body, 4, mtime=0),
}

WORTH_ENCODING = 500  # bytes
UNORDERED = "fields", "omit"  # parameters with lists of names in any order


def accepted_type(environ) -> str:
    """The Accept header; empty for all variants that mean plain JSON."""
    accept = environ.get("HTTP_ACCEPT", "")
    return "" if accept in ("*/*", "application/json") else accept


def canonical(query, accept) -> str:
    """The query with sorted parameters, and with sorted names in `fields` and `omit`, if the order does not matter:
    links in JSON are sorted alike.

    It matters for pages, which repeat the query as sent, and for parameters with the same name."""
    if accept or not query:
        return query
    pairs = [(pair.partition("=")[0], pair) for pair in query.split("&")]
    if any(name == "format" or "%" in name or "+" in name for name, _ in pairs):
        return query
    alike = [
        (name, f"{name}={in_order(pair[len(name) + 1 :])}" if name in UNORDERED else pair) for name, pair in pairs
    ]
    return "&".join(pair for _, pair in sorted(alike, key=lambda pair: pair[0]))


def in_order(names: str) -> str:
    """Names separated by commas, distinct and sorted."""
    distinct = set(names.replace("%2C", ",").replace("%2c", ",").split(","))
    return ",".join(sorted(distinct - {""}))


@lru_cache(maxsize=256)
def encoding(accepted) -> str:
    """The client's preferred encoding by Accept-Encoding, ours at a tie; empty for none."""
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
