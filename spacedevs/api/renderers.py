from rest_framework.renderers import BrowsableAPIRenderer


class PageRenderer(BrowsableAPIRenderer):
    """The answer as a page for people: what the endpoint can do, a form to ask it, and the JSON."""

    template = "api/page.html"
    filter_template = "api/filters.html"
