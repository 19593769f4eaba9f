"""Names of parameters: those that nobody knows are ignored, as upstream does, but not without a word."""

from collections.abc import Collection
from difflib import get_close_matches
from itertools import islice
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import QueryDict
from rest_framework.exceptions import ValidationError

from .filters import FlagField

COMMON = {"format", "limit", "mode", "offset", "ordering", "search", "strict"}
HEADER = "X-Unknown-Parameters"
MOST, LONGEST = 10, 64  # of what is said about them: a query may hold hundreds


def unknown(query: QueryDict, known: Collection[str]) -> list[str]:
    """The names in a query that nobody knows, as they were sent, up to so many."""
    return list(islice((name for name in query if name not in known), MOST))


def named(names) -> str:
    """Names as a header can hold them."""
    return ", ".join(quote(name[:LONGEST], safe="[]$.:") for name in names)


def is_strict(query) -> bool:
    """Whether a name that nobody knows is an error, by the query or else by the setting."""
    try:
        asked = FlagField(required=False).clean(query.get("strict"))
    except DjangoValidationError as error:
        raise ValidationError({"strict": error.messages}) from None
    return settings.STRICT_PARAMETERS if asked is None else asked


def refuse(names, known):
    raise ValidationError({name[:LONGEST]: [complaint(name[:LONGEST], known)] for name in names})


def complaint(name, known) -> str:
    nearest = get_close_matches(name, known, n=1)
    return f"There is no such parameter. Did you mean {nearest[0]}?" if nearest else "There is no such parameter."
