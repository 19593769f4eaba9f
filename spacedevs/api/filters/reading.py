"""Reads parameters that no filter declares: numbers up to a limit, and names separated by commas."""

from collections.abc import Collection

from rest_framework.exceptions import ValidationError

from .unknown_parameters import is_number

MAX_LETTERS = 64  # of a wrong name in an error


def limit_in(text: str | None, default: int, most: int) -> int:
    """The number of results that a text asks for; as in lists, what is no number is ignored."""
    try:
        return min(max(int(text), 1), most) if text else default
    except ValueError:
        return default


def wrong_limit(text: str | None, most: int) -> dict[str, str]:
    """What to say of an invalid limit, by the name of the parameter."""
    is_valid = (text or "").isascii() and is_number(text, 1, most)
    return {} if is_valid else {"limit": f"Must be a number from 1 to {most}."}


def paths_in(parameter: str, text: str | None, known: Collection[str], advice: str = "") -> set[str]:
    """The paths of endpoints in a parameter; raises ValidationError, with this advice, for one that is not known."""
    names = {name.strip().strip("/") for name in (text or "").split(",")} - {""}
    if unknown := sorted(names - set(known)):
        said = f"Unknown endpoint: {unknown[0][:MAX_LETTERS]}. {advice}".strip()
        raise ValidationError({parameter: [said]})
    return names
