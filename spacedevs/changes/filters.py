"""The parameter `changed_since` of every list: only records that changed since a cursor."""

from rest_framework.filters import BaseFilterBackend

NAME = "changed_since"


class ChangedSince(BaseFilterBackend):
    """Selects the records of a list that changed since a cursor of `changes/`; deleted ones are in `changes/` only."""

    def filter_queryset(self, request, queryset, view):
        # Django REST framework imports this module while it loads the classes that these depend on.
        from .owners import graph  # noqa: PLC0415
        from .records import changes_after  # noqa: PLC0415
        from .views import log_and_position  # noqa: PLC0415

        cursor = request.query_params.get(NAME)
        path = graph().endpoints.get(queryset.model)
        if not cursor or path is None or view.detail:
            return queryset
        log, position = log_and_position(NAME, cursor)
        view.is_passing = not log.is_whole
        keys: set = set()
        has_more = True
        while has_more:
            page = changes_after(log, position, {path})
            keys.update(change.ref.key for change in page.changes)
            position, has_more = page.until, page.has_more
        return queryset.filter(pk__in=keys)

    def get_schema_operation_parameters(self, view):
        about = "A cursor of `changes/`: only records that were created or updated since."
        return [{"name": NAME, "required": False, "in": "query", "description": about, "schema": {"type": "string"}}]
