"""Ignored parameters: unknown names and invalid values are ignored as upstream does, and listed in a header;
`strict=true` makes them errors."""

from collections.abc import Collection
from difflib import get_close_matches
from itertools import islice
from math import inf
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import QueryDict
from rest_framework.exceptions import ValidationError

from .fields import FlagField

COMMON = {"changed_since", "csv", "format", "limit", "mode", "offset", "ordering", "search", "strict"}
HEADER, VALUES_HEADER = "X-Unknown-Parameters", "X-Ignored-Values"
MAX_NAMED, MAX_LETTERS = 10, 64  # names in a header or an error: a query may have hundreds


def unknown(query: QueryDict, known: Collection[str]) -> list[str]:
    """The unknown names in a query, as sent, up to a limit."""
    return list(islice((name for name in query if name not in known), MAX_NAMED))


def named(names) -> str:
    """Names, encoded for a header."""
    return ", ".join(quote(name[:MAX_LETTERS], safe="[]$.:") for name in names)


def is_strict(query) -> bool:
    """Whether unknown names are errors, by the query or else by the setting."""
    if "strict" not in query:  # a form field takes a fiftieth of a small response
        return settings.STRICT_PARAMETERS
    try:
        flag = FlagField(required=False).clean(query.get("strict"))
    except DjangoValidationError as error:
        raise ValidationError({"strict": error.messages}) from None
    return settings.STRICT_PARAMETERS if flag is None else flag


def ignored(view, query: QueryDict, largest_page: int) -> dict[str, str]:
    """The parameters of a list with invalid values, each with an error message."""
    modes = list(view.modes) or ["normal"]
    terms = [term.strip().removeprefix("-") for term in query.get("ordering", "").split(",")]
    complaints = {
        "mode": query.get("mode", "") not in ("", *modes) and f"Unknown mode. Choose from: {', '.join(modes)}.",
        "ordering": set(terms) - {"", *view.ordering_fields} and orders(view.ordering_fields),
        "limit": not is_number(query.get("limit"), 1, largest_page) and f"Must be a number from 1 to {largest_page}.",
        "offset": not is_number(query.get("offset"), 0, inf) and "Must be a number of at least 0.",
    }
    return {name: complaint for name, complaint in complaints.items() if complaint}


def orders(fields) -> str:
    return f"Choose from: {', '.join(sorted(fields))}." if fields else "This list has a fixed ordering."


def is_number(text: str | None, least, most) -> bool:
    """Whether a text is missing or a whole number within these bounds."""
    try:
        return not text or least <= int(text) <= most
    except ValueError:
        return False


def refuse(names, known, values):
    """Raises the error for unknown names and invalid values."""
    unknown = {name[:MAX_LETTERS]: complaint(name[:MAX_LETTERS], known) for name in names}
    raise ValidationError({name: [text] for name, text in {**unknown, **values}.items()})


def complaint(name, known) -> str:
    nearest = get_close_matches(name, known, n=1)
    return f"Unknown parameter. Did you mean {nearest[0]}?" if nearest else "Unknown parameter."
