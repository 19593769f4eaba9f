"""The views at /docs/: pages from the folder docs, and a reference made from the OpenAPI document."""

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from . import reference
from .pages import PAGES, page, pages


def shown(request, template, **context):
    """A page with the list of all pages."""
    return render(request, f"documentation/{template}.html", {"pages": pages(), **context})


@require_safe
def document(request, slug=PAGES[0]):
    if slug not in PAGES:
        raise Http404
    return shown(request, "page", page=page(slug))


@require_safe
def index(request):
    return shown(request, "reference", tags=reference.tags().values(), components=reference.components())


@require_safe
def tag(request, slug):
    if not (found := reference.tags().get(slug)):
        raise Http404
    return shown(request, "tag", tag=found)


@require_safe
def component(request, name):
    if not (found := reference.components().get(name)):
        raise Http404
    return shown(request, "component", component=found)
