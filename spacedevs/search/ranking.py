"""How well a name matches a text: exactly, by its beginning, by words, or by trigrams if it is spelt otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher

from .asked import WORD, Asked, folded, initials, padded
from .statements import Row

MATCHES = "exact", "prefix", "word", "part", "text", "similar"  # best first
SHARED = 0.25  # part of the trigrams of a text that a similar name must have, before they are compared by letters
IS_SIMILAR = 0.75  # part of the letters that are the same


def by_match(rows: Iterable[Row], asked: Asked) -> list[tuple[str, Row]]:
    """The rows that have all words, each with its match, best first.

    Of equal matches each kind has one in turn, in its declared order, and the shortest name is first."""
    before: Counter[tuple[int, str]] = Counter()
    found = []
    for row in rows:
        rank = match(row.names, asked)
        found.append((rank, before[rank, row.kind], len(row.names[0]), row.kind, row))
        before[rank, row.kind] += 1
    return [(MATCHES[rank], row) for rank, *_, row in sorted(found, key=lambda each: each[:4])]


def match(names: Iterable[str], asked: Asked) -> int:
    """The place in MATCHES of the best of these names."""
    return min(match_of(folded(name), asked) for name in names)


def match_of(name: str, asked: Asked) -> int:
    if name == asked.folded:
        return 0
    if asked.as_initials and name[:1] == asked.folded[:1] and initials(name) == asked.folded:
        return 0
    if name.startswith(asked.folded):
        return 1
    if asked.at_word.search(name):
        return 2
    return 3 if all(word in name for word in asked.folded_words) else 4


def by_spelling(rows: Iterable[Row], asked: Asked) -> list[tuple[str, Row]]:
    """The rows with words that are spelt like the text, most alike first, then the shortest name."""
    found = []
    for row in rows:
        score = max(similarity(name, asked) for name in row.names)
        if score >= IS_SIMILAR:
            found.append((-score, len(row.names[0]), row.place, row.kind, row))
    return [(MATCHES[-1], row) for *_, row in sorted(found, key=lambda each: each[:4])]


def similarity(name: str, asked: Asked) -> float:
    """How alike the text and as many words of a name are spelt, from 0 to 1; 0 if they share too few trigrams."""
    whole = padded(name)
    if sum(each in whole for each in asked.trigrams) < SHARED * len(asked.trigrams):
        return 0.0
    words, number = WORD.findall(folded(name)), len(asked.words)
    parts = (" ".join(words[start : start + number]) for start in range(max(1, len(words) - number + 1)))
    alike = SequenceMatcher(b=asked.folded, autojunk=False)
    best = 0.0
    for part in parts:
        alike.set_seq1(part)
        best = max(best, alike.ratio())
    return best
