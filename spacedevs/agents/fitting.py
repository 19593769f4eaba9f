"""Makes an answer small enough for a model to read.

Images become their addresses and repeated records their names; if that is not enough, lists are cut between records,
and the answer says so."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any

import orjson

MOST = 20_000  # bytes of an answer
NOTE = 1_000  # bytes of it for what was left out
TEXTS = 400, 100  # characters to which long texts are cut, if cutting lists is not enough
ADVICE = "Ask for less: a smaller `limit`, a mode such as `list`, more filters, or the rest with `offset`."


def fitted(answer: Any, most: int = MOST) -> str:
    """An answer as JSON of at most this number of bytes; `cut` names the lists that are not whole."""
    whole = written(answer)
    if len(whole) > most:
        answer = once(pictured(orjson.loads(whole)), set())
        whole = written(answer)
    if len(whole) <= most:
        return whole.decode()
    numbers: dict[str, int] = {}
    while len(written(answer)) > most - NOTE:
        excess = len(written(answer)) - (most - NOTE)
        if not (
            cut_list(answer, excess, numbers, least=1)
            or cut_text(answer, TEXTS[0])
            or cut_list(answer, excess, numbers)
            or cut_text(answer, TEXTS[1])
        ):
            return written({"cut": ["everything"], "advice": ADVICE}).decode()
    lists = dict(lists_in(answer))
    cut = [
        f"{path or 'the list'}: {len(lists[path])} of {number}" for path, number in numbers.items() if path in lists
    ]
    said = {"cut": cut[:10], "advice": ADVICE}
    return written({**said, **answer} if isinstance(answer, dict) else {**said, "results": answer}).decode()


def written(answer: Any) -> bytes:
    return orjson.dumps(answer, default=str)


def pictured(value: Any) -> Any:
    """The same with the address of each image in place of its credit, licence and variants."""
    if isinstance(value, dict):
        if "image_url" in value and "thumbnail_url" in value:
            return value["image_url"]
        return {key: pictured(each) for key, each in value.items()}
    return [pictured(each) for each in value] if isinstance(value, list) else value


def once(value: Any, seen: set[str]) -> Any:
    """The same with each record written out once, where it comes first; again it is only named."""
    if isinstance(value, list):
        return [once(each, seen) for each in value]
    if not isinstance(value, dict):
        return value
    url = value.get("url")
    if isinstance(url, str) and "name" in value:
        if url in seen:
            return {name: value[name] for name in ("id", "url", "name") if name in value}
        seen.add(url)
    return {key: once(each, seen) for key, each in value.items()}


def cut_list(answer: Any, excess: int, numbers: dict[str, int], least: int = 0) -> bool:
    """Cuts the largest list with more than `least` entries; returns whether there was one."""
    found = [(len(written(entries)), path, entries) for path, entries in lists_in(answer) if len(entries) > least]
    # The list of records itself is emptied last.
    inner = found if least else [each for each in found if "." in each[1]] or found
    if not inner:
        return False
    size, path, entries = max(inner, key=lambda each: each[:2])
    numbers.setdefault(path, len(entries))
    fewer = max(1, ceil(len(entries) * min(1, excess / size)))
    del entries[max(least, len(entries) - fewer) :]
    return True


def cut_text(answer: Any, length: int) -> bool:
    """Cuts the longest text to a number of characters; returns whether there was a longer one."""
    found = max(texts_in(answer), key=lambda each: len(each[0][each[1]]), default=None)
    if found is None or len(found[0][found[1]]) <= length:
        return False
    holder, key = found
    holder[key] = f"{holder[key][: length - 1]}…"
    return True


def lists_in(value: Any, path: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Each list, by its path from the top; an entry of a list has its number."""
    if isinstance(value, list):
        yield path, value
    for key, each in pairs(value):
        yield from lists_in(each, f"{path}.{key}".lstrip("."))


def texts_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each text, by what holds it and its key there."""
    for key, each in pairs(value):
        if isinstance(each, str):
            yield value, key
        else:
            yield from texts_in(each)


def pairs(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []
