"""The list and the page of each noun, as `nouns` declares them."""

from django.db.models import F
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe
from rest_framework.exceptions import ValidationError

from launches.models import Launch
from launches.querysets import PREVIOUS, UPCOMING
from spacedevs.dataset.as_of import as_of
from spacedevs.dataset.expiring import expiring

from .launches import SHOWN, rows_of
from .lists import Listing, refused
from .nouns import NOUNS
from .values import address, at, facts, is_web, name_of

AHEAD, BEHIND = 5, 10  # launches on the page of a record
LARGEST = 2**31 - 1  # of a key


def order(terms):
    """An order in which what is not known comes last."""
    named = [(F(term.lstrip("-")), term.startswith("-")) for term in (*terms, "id")]
    return [field.desc(nulls_last=True) if is_down else field.asc(nulls_last=True) for field, is_down in named]


@require_safe
def listed(request, name):
    """All rows of a noun, filtered as its endpoint is."""
    noun, told = NOUNS[name], as_of()
    try:
        listing = Listing(request, noun.resource, order(noun.order))
    except ValidationError as error:
        return refused(request, noun.title, error)
    context = {
        **listing.context(),
        "as_of": told,
        "noun": noun,
        "shown": [
            (name_of(row), address(row), [at(row, path) for path in noun.columns.values()])
            for row in listing.on_page(noun.rows)
        ],
        "address": reverse(f"{noun.model._meta.model_name}-list"),
    }
    return expiring(render(request, "pages/nouns.html", context), told, *listing.changes())


@require_safe
def record(request, name, pk):
    """One row of a noun."""
    noun, told = NOUNS[name], as_of()
    if not -LARGEST <= (key := int(pk)) <= LARGEST:
        raise Http404
    # Without names, Django would follow every relation.
    row = get_object_or_404(noun.model.objects.select_related(*(noun.named_by or [None])), pk=key)
    ahead, behind, moments = [], [], []
    if noun.launches:
        launches = Launch.objects.filter(**{noun.launches.relation: row}).select_related(*SHOWN)
        ahead = rows_of(UPCOMING.of(launches).order_by("net", "id")[:AHEAD], told.now)
        behind = rows_of(PREVIOUS.of(launches).order_by("-net", "-id")[:BEHIND], told.now)
        moments = [part.changes_at(launches) for part in (UPCOMING, PREVIOUS)]
    context = {
        "as_of": told,
        "name": name,
        "noun": noun,
        "row": row,
        "title": name_of(row),
        "lead": getattr(row, noun.lead, "") if noun.lead else "",
        "image": getattr(row, "image", None),
        "figures": [(values[0].text, label) for label, path in noun.figures.items() if (values := at(row, path))],
        "facts": facts(row, noun.facts),
        "ahead": ahead,
        "behind": behind,
        "launch_query": f"{noun.launches.filter}={row.pk}" if noun.launches else "",
        "sections": [section for section in noun.sections(row) if section.lines],
        "links": [link for attribute in noun.links if is_web(link := getattr(row, attribute, None))],
        "record": reverse(f"{noun.model._meta.model_name}-detail", args=[row.pk]),
    }
    nearest = ahead[0].launch.net if ahead else None
    return expiring(render(request, "pages/noun.html", context), told, *moments, near=nearest)
