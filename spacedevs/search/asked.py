"""The text that a search looks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from rest_framework.exceptions import ValidationError

LEAST, MOST, WORDS = 2, 100, 8  # characters of a text, and words in it
WORD = re.compile(r"\w+")
INITIALS = re.compile("[A-Za-z]{3,8}")


def folded(text: str) -> str:
    """A text in one case."""
    return text.upper()


def padded(text: str) -> str:
    """The words of a text, each after two spaces and before one, as pg_trgm has them."""
    return "".join(f"  {word} " for word in WORD.findall(folded(text)))


def initials(name: str) -> str:
    """The first characters of the words of a name."""
    return "".join(word[0] for word in WORD.findall(name))


@dataclass(frozen=True)
class Asked:
    """A text with single spaces."""

    text: str

    @classmethod
    def of(cls, parameter: str, value: str) -> Asked:
        """The text in a parameter; raises ValidationError if nothing can be found by it."""
        text = " ".join(value.split())
        if "\x00" in text:
            complaint = "Null characters are not allowed."
        elif not LEAST <= len(text) <= MOST or len(text.split()) > WORDS:
            complaint = f"Search for {LEAST} to {MOST} characters and at most {WORDS} words."
        else:
            return cls(text)
        raise ValidationError({parameter: [complaint]})

    @cached_property
    def words(self) -> list[str]:
        return list(dict.fromkeys(self.text.split()))

    @cached_property
    def folded(self) -> str:
        return folded(self.text)

    @cached_property
    def folded_words(self) -> list[str]:
        return [folded(word) for word in self.words]

    @cached_property
    def as_initials(self) -> str:
        """A regular expression of both databases for names with these initials; empty if the text can be none."""
        if not INITIALS.fullmatch(self.text):
            return ""
        return r"^\W*" + r"\W+".join(rf"{letter}\w*" for letter in self.text) + r"\W*$"

    @cached_property
    def at_word(self) -> re.Pattern[str]:
        """The text at the beginning of a word."""
        return re.compile(rf"(?<!\w){re.escape(self.folded)}")

    @cached_property
    def trigrams(self) -> set[str]:
        """Each three characters that follow one another in a word with its padding."""
        whole = padded(self.text)
        return {whole[start : start + 3] for start in range(len(whole) - 2)} - {"   "}
