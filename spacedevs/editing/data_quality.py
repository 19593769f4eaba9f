"""What needs attention: declared on the pages of a table, counted on the index, each a filter of a list."""

from collections.abc import Callable
from typing import NamedTuple

from django.contrib import admin
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.module_loading import import_string

PARAMETER = "attention"


class DataCheck(NamedTuple):
    """Rows that somebody should look at."""

    name: str  # in addresses
    about: str  # what is wrong with them, said after "3 launches" or "1 launch"
    among: Callable[[QuerySet], QuerySet] | str  # of a higher app by name: imports only go down

    def of(self, rows: QuerySet) -> QuerySet:
        """Those of these rows that it is about."""
        among = import_string(self.among) if isinstance(self.among, str) else self.among
        return among(rows)


class AttentionFilter(admin.SimpleListFilter):
    """The concerns of a table, to choose from beside its list."""

    title = "needs attention"
    parameter_name = PARAMETER

    def __init__(self, request, params, model, model_admin):
        self.concerns = {concern.name: concern for concern in model_admin.concerns}
        super().__init__(request, params, model, model_admin)

    def lookups(self, request, model_admin):
        return [(concern.name, concern.about) for concern in self.concerns.values()]

    def queryset(self, request, queryset):
        concern = self.concerns.get(self.value())
        return concern.of(queryset) if concern else queryset


def attention(site, request) -> list[dict]:
    """What needs the attention of this editor: how many rows, of which table, why, and where they are listed."""
    found = []
    for model, pages in site._registry.items():
        for concern in getattr(pages, "concerns", ()):
            if pages.has_view_or_change_permission(request) and (
                count := concern.of(model._default_manager.all()).count()
            ):
                listed = reverse(f"{site.name}:{model._meta.app_label}_{model._meta.model_name}_changelist")
                found.append(
                    {
                        "count": count,
                        "about": concern.about,
                        "of": model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural,
                        "address": f"{listed}?{PARAMETER}={concern.name}",
                    }
                )
    return found
