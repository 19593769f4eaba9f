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
