"""The page that finds records of all kinds by their names."""

from typing import NamedTuple

from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe
from rest_framework.exceptions import ValidationError

from spacedevs.dataset.as_of import as_of
from spacedevs.dataset.expiring import expiring
from spacedevs.search.asked import Asked
from spacedevs.search.views import DEFAULT_LIMIT, hits, kinds

from .values import page_of

EXACT = "exact"


class Found(NamedTuple):
    """A hit: its kind in words, its name and page, and a line about it."""

    kind: str
    name: str
    url: str
    line: str
    is_exact: bool


def found(hit) -> Found:
    model = kinds()[hit["kind"]].queryset.model
    url = page_of(model, hit["id"]) or hit["url"]
    return Found(model._meta.verbose_name, hit["name"], url, hit["line"] or "", hit["match"] == EXACT)


@require_safe
def search(request):
    """Hits, best first; a name that one record alone has leads to its page at once."""
    text, complaint, shown = request.GET.get("q", ""), "", []
    if text.strip():
        try:
            shown = [found(hit) for hit in hits(kinds(), Asked.of("q", text), DEFAULT_LIMIT)]
        except ValidationError as error:
            complaint = " ".join(error.detail["q"])
    exact = [each for each in shown if each.is_exact]
    if len(exact) == 1:
        return redirect(exact[0].url)
    told = as_of()
    context = {"as_of": told, "text": text, "complaint": complaint, "shown": shown}
    return expiring(render(request, "pages/search.html", context, status=400 if complaint else 200), told)
