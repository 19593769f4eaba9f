"""Renders a response as JSON, or as an HTML page with a form for all filters."""

import orjson
from django.contrib.auth import get_user
from django.template import loader
from django.urls import NoReverseMatch, reverse
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer

from .field_tree import FieldTree
from .filter_form import NOT_FILTERS, Form, in_use, without
from .json_html import folding


class WrittenRenderer(JSONRenderer):
    """JSON, including responses that the render plan has already rendered."""

    def render(self, data, accepted_media_type=None, renderer_context=None):
        if isinstance(data, bytes):
            return data
        return super().render(data, accepted_media_type, renderer_context)


class PageRenderer(BrowsableAPIRenderer):
    """The response as an HTML page: help, a form for the query, and the JSON."""

    template = "api/page.html"

    def render(self, data, accepted_media_type=None, renderer_context=None):
        view, request, response = (renderer_context[name] for name in ("view", "request", "response"))
        written = WrittenRenderer().render(data, "application/json", renderer_context)
        answer = orjson.loads(written) if written else None
        context = {
            "view": view,
            "response": response,
            "headers": self.headers(response),
            "name": self.heading(view, answer),
            "about": getattr(view, "about", ""),
            "breadcrumbs": self.get_breadcrumbs(request),
            "description": self.get_description(view, response.status_code),
            "formats": self.formats(view, request),
            "modes": self.modes(view, request),
            "content": folding(answer, request.build_absolute_uri("/"), self.alone(view, request)) if written else "",
            "size": len(written),
            **self.asking(view, request),
            **self.for_staff(view, request),
        }
        template = getattr(view, "page_template", self.template)
        return loader.get_template(template).render(context, request=request._request)

    def heading(self, view, answer) -> str:
        """The title of the page: the name of its record, if it has one."""
        named = answer.get("name") if getattr(view, "detail", False) and isinstance(answer, dict) else None
        return named if named and isinstance(named, str) else self.get_name(view)

    def headers(self, response) -> dict:
        """The headers of the response, without the internal Expires."""
        said = {name: value for name, value in sorted(response.items()) if name != "Expires"}
        return {**said, "Content-Type": "application/json"}

    def formats(self, view, request) -> list:
        """The formats: name and query."""
        query, shown = request.query_params, view.renderer_classes
        paged = {each.format: ("limit", "offset") if getattr(each, "is_whole", False) else () for each in shown}
        return [(name, without(query, *page, format=name), name == self.format) for name, page in paged.items()]

    def modes(self, view, request) -> list:
        """The modes: name and query."""
        if getattr(view, "detail", False) or not getattr(view, "modes", None):
            return []
        shown = view.mode_class
        query = request.query_params
        return [(mode, without(query, mode=mode), shown is rung) for mode, rung in view.modes.items()]

    def alone(self, view, request):
        """For a list, the query of the page of one of its records, by the place of the record on this page."""
        offset = getattr(getattr(view, "paginator", None), "offset", None)
        if offset is None or view.detail:
            return None
        query = without(request.query_params, "offset", limit=1)
        return lambda number: f"{query}&offset={offset + number}"

    def asking(self, view, request) -> dict:
        """The form of a list."""
        if getattr(view, "paginator", None) is None or view.detail:
            return {}
        query = request.query_params
        return {
            "form": Form(view, query),
            "orders": sorted(view.ordering_fields),
            "used": list(in_use(query, view)),
            "plain": without(query, *view.filter_names, *NOT_FILTERS, "offset", "limit"),
            "fields": FieldTree(view, query),
            "paginator": view.paginator if hasattr(view.paginator, "count") else None,
        }

    def for_staff(self, view, request) -> dict:
        """Additions for logged-in staff: the cost of the response, and a link to edit its record.

        For others it does not read the user, because their responses must not vary by cookie."""
        cost = getattr(view, "cost", None)
        if cost is None:
            return {"edit": None}
        user = get_user(request._request)  # DRF has replaced it by an anonymous user
        return {"edit": edit_address(view, user), "cost": cost} if user.is_staff else {"edit": None}


def edit_address(view, user):
    """The URL of the admin page for the shown record."""
    if getattr(view, "queryset", None) is None:
        return None
    model = view.queryset.model
    if not user.has_perm(f"{model._meta.app_label}.change_{model._meta.model_name}"):
        return None
    page, args = ("change", [view.kwargs["pk"]]) if getattr(view, "detail", False) else ("changelist", [])
    try:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)
    except NoReverseMatch:
        return None
