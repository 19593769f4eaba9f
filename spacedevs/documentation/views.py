"""The views at /docs/: pages from the folder docs, and a reference made from the OpenAPI document."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
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
def llms(request):
    """What a language model needs to know of this server, by the convention of llms.txt."""
    here = request.build_absolute_uri("/").rstrip("/")
    text = render_to_string("documentation/llms.txt", {"here": here, "pages": pages(), "product": settings.PRODUCT})
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


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
