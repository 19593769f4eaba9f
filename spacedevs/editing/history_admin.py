"""The pages of a row's history, for every table with a history."""

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import PAGE_VAR
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from .history import DELETED, changes, deleted, revert, versions_of


class Versioned:
    """Pages that show former versions of a row and restore them."""

    versions_per_page = 50

    def get_urls(self):
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap, revert_view = self.admin_site.admin_view, require_POST(self.revert_view)
        return [
            path("deleted/", wrap(self.deleted_view), name=f"{name}_deleted"),
            path("<path:object_id>/history/<int:number>/", wrap(revert_view), name=f"{name}_revert"),
            *super().get_urls(),
        ]

    def versions(self, object_id):
        """The versions of the row that a URL names; 404 if its key is invalid."""
        try:
            return versions_of(self.model, self.opts.pk.to_python(unquote(object_id)))
        except ValidationError:
            raise Http404 from None

    def history_view(self, request, object_id, extra_context=None):
        """Every version of a row: who made it, when, and its changes."""
        versions = self.versions(object_id)
        row = self.get_object(request, unquote(object_id)) or getattr(versions.first(), "instance", None)
        if row is None:
            raise Http404
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        paginator = Paginator(versions, self.versions_per_page)
        page = paginator.get_page(request.GET.get(PAGE_VAR))
        context = {
            **self.admin_site.each_context(request),
            "title": f"History: {row}",
            "opts": self.opts,
            "object": row,
            "versions": self.with_changes(page, versions),
            "page": page,
            "page_var": PAGE_VAR,
            "may_revert": self.has_change_permission(request, row),
            **(extra_context or {}),
        }
        return render(request, "editing/history.html", context)

    def with_changes(self, page, versions):
        """The versions of a page, each with its changes."""
        shown = list(page)
        before = [*shown[1:], *versions[page.end_index() : page.end_index() + 1]]
        for version, older in zip(shown, before, strict=False):
            if DELETED not in (version.history_type, older.history_type):
                version.changes = list(changes(version, older))
        return shown

    def revert_view(self, request, object_id, number):
        """Restores a version of a row, also of a deleted one."""
        version = get_object_or_404(self.versions(object_id), pk=number)
        row = version.instance
        is_there = self.model._base_manager.filter(pk=row.pk).exists()
        if not (self.has_change_permission(request, row) if is_there else self.has_add_permission(request)):
            raise PermissionDenied
        try:
            row = revert(version, apart=self.totals)
        except ValidationError as error:
            self.message_user(request, f"{row} was not changed: {' '.join(error.messages)}", messages.ERROR)
            return redirect(self.address(row, "history"))
        self.log_change(request, row, f"{row._change_reason}.")
        self.message_user(request, f"{row} was restored.", messages.SUCCESS)
        return redirect(self.address(row))

    def changelist_view(self, request, extra_context=None):
        deleted_url = reverse(f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_deleted")
        return super().changelist_view(request, {"deleted_url": deleted_url, **(extra_context or {})})

    def deleted_view(self, request):
        """The rows that editors have deleted, each with a button to restore it."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        page = Paginator(deleted(self.model), self.versions_per_page).get_page(request.GET.get(PAGE_VAR))
        gone = list(page)
        kept = self.model.versions.in_bulk([version.kept_id for version in gone])
        users = get_user_model()._base_manager.in_bulk({version.history_user_id for version in gone})
        for version in gone:
            version.kept = kept.get(version.kept_id, version)
            version.user = users.get(version.history_user_id)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Deleted {self.opts.verbose_name_plural}",
            "opts": self.opts,
            "gone": gone,
            "page": page,
            "page_var": PAGE_VAR,
            "may_restore": self.has_add_permission(request),
        }
        return render(request, "editing/deleted.html", context)
