"""The endpoint /2.3.0/search/, which finds records of all kinds by their names."""

from functools import cache

from rest_framework.reverse import reverse

from spacedevs.api.filters.reading import limit_in, paths_in, wrong_limit
from spacedevs.api.registry import endpoints
from spacedevs.api.render_plan.composed import written
from spacedevs.api.views import OneObject, Resource

from . import ranking, serializers, statements
from .asked import Asked

DEFAULT_LIMIT, MAX_LIMIT = 20, 100
ADDITION = "An addition of this server to Launch Library 2.3.0."


@cache
def kinds() -> dict[str, type[Resource]]:
    """The endpoints whose records are found, by path."""
    return {path: endpoint for path, endpoint in endpoints().items() if endpoint.hit and not endpoint.part}


class Search(OneObject):
    """Records of all kinds by their names, for a search box"""

    ladder = (serializers.SearchHits,)
    selects_fields = False
    parameters = {
        "q": {"type": str, "required": True, "description": "The beginning of a name, or words in it."},
        "kinds": {"type": str, "description": "Only these kinds: paths of endpoints separated by commas."},
        "limit": {
            "type": int,
            "description": f"Number of hits, {DEFAULT_LIMIT} by default, at most {MAX_LIMIT}.",
        },
    }
    filter_names = ("kinds", "q")
    page_template = "search/page.html"
    hits = None  # for the page; None if the query is refused

    @property
    def help_text(self) -> str:
        return (
            "Finds records by their names, in any case: `q=sta` finds Starlink and Starliner. All words must occur. "
            f"The kinds are {', '.join(f'`{kind}`' for kind in kinds())}.\n\n"
            "Hits are ranked by `match`: the whole name or its initials (`exact`), its beginning (`prefix`), the "
            "beginning of a word in it (`word`), all words anywhere in it (`part`), then other texts, such as the "
            "mission of a launch (`text`). Of equal hits each kind shows one in turn, the most used or latest first. "
            f"If nothing has all words, names that are spelt alike are found (`similar`).\n\n{ADDITION}"
        )

    def list(self, request, *args, **kwargs):
        asked = Asked.of("q", request.query_params.get("q", ""))
        limit = limit_in(request.query_params.get("limit"), DEFAULT_LIMIT, MAX_LIMIT)
        self.hits = hits(chosen(request.query_params.get("kinds")), asked, limit, request)
        return written({"q": asked.text, "results": self.hits}, of_rows=request)

    def ignored_values(self):
        return wrong_limit(self.request.query_params.get("limit"), MAX_LIMIT)


def chosen(names) -> dict[str, type[Resource]]:
    """The kinds to search, by the parameter `kinds`."""
    wanted = paths_in("kinds", names, kinds(), f"Choose from: {', '.join(kinds())}.")
    return {path: endpoint for path, endpoint in kinds().items() if not wanted or path in wanted}


def hits(among, asked: Asked, limit: int, request=None) -> list[dict]:
    """The best hits of these kinds: one statement for each, and another one if nothing was found."""
    found = [row for kind, each in among.items() for row in statements.with_words(kind, each.rows(), each.hit, asked)]
    ranked = ranking.by_match(found, asked)
    if not ranked:
        found = [row for kind, each in among.items() for row in statements.first(kind, each.rows(), each.hit)]
        ranked = ranking.by_spelling(found, asked)
    return [told(match, row, among[row.kind], request) for match, row in ranked[:limit]]


def told(match, row, endpoint, request) -> dict:
    """A hit as it is shown."""
    return {
        "kind": row.kind,
        "id": str(row.key),
        "name": row.names[0],
        "url": reverse(f"{endpoint.queryset.model._meta.model_name}-detail", [row.key], request=request),
        "picture": row.picture,
        "line": row.line,
        "match": match,
    }
