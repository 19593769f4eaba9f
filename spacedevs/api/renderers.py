from django.conf import settings
from django.contrib.auth import get_user
from django.urls import NoReverseMatch, reverse
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer


class WrittenRenderer(JSONRenderer):
    """JSON, also of an answer that the render plan has written already."""

    def render(self, data, accepted_media_type=None, renderer_context=None):
        if isinstance(data, bytes):
            return data
        return super().render(data, accepted_media_type, renderer_context)


class PageRenderer(BrowsableAPIRenderer):
    """The answer as a page for people: what the endpoint can do, a form to ask it, and the JSON."""

    template = "api/page.html"
    filter_template = "api/filters.html"

    def get_context(self, data, accepted_media_type, renderer_context):
        context = super().get_context(data, accepted_media_type, renderer_context)
        return {**context, "edit": edit_address(renderer_context["view"], renderer_context["request"])}


def edit_address(view, request):
    """Where an editor who is logged in edits what a page shows.

    Of others nothing is asked, not even who they are: their answers must vary by no cookie."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or getattr(view, "queryset", None) is None:
        return None
    model, user = view.queryset.model, get_user(request._request)  # DRF has put nobody in its place
    if not (user.is_staff and user.has_perm(f"{model._meta.app_label}.change_{model._meta.model_name}")):
        return None
    page, args = ("change", [view.kwargs["pk"]]) if getattr(view, "detail", False) else ("changelist", [])
    try:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)
    except NoReverseMatch:
        return None
