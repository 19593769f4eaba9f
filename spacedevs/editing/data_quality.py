"""Data quality checks: declared on the pages of a table, counted on the first page, each a filter of the list."""

from collections.abc import Callable
from typing import NamedTuple

from django.contrib import admin
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.module_loading import import_string

PARAMETER = "attention"


class DataCheck(NamedTuple):
    """A check that finds rows with probably wrong data."""

    name: str  # its name in URLs
    about: str  # the problem, worded to follow "3 launches" or "1 launch"
    among: (
        Callable[[QuerySet], QuerySet] | str
    )  # a function; that of a higher app by name, because imports only go down

    def of(self, rows: QuerySet) -> QuerySet:
        """The rows with the problem."""
        among = import_string(self.among) if isinstance(self.among, str) else self.among
        return among(rows)


class AttentionFilter(admin.SimpleListFilter):
    """The checks of a table, as a filter of its list."""

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
    """The findings that this editor may see: the number of rows, their table, the problem, and the URL of the list."""
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
