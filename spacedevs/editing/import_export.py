"""Export and import of tables: CSV for spreadsheets, JSON for programs. An import shows its changes before it
saves."""

from contextlib import suppress

import tablib
from django.contrib import messages
from django.core.signing import Signer
from django.shortcuts import redirect
from django.utils.html import format_html
from import_export.admin import ImportExportMixin
from import_export.formats import base_formats
from import_export.forms import ExportForm
from import_export.resources import Diff, ModelResource, modelresource_factory

from .staged_imports import GONE, Confirmation, DatabaseStorage, Gone

FORMULAS = "=+-@\t\r"  # first characters of cells that a spreadsheet would execute
QUOTE = "'"


def is_number(text) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def escaped(cell):
    """A text that no spreadsheet executes: a leading quote marks it, which the import removes."""
    if isinstance(cell, str) and cell[:1] and cell[0] in FORMULAS + QUOTE and not is_number(cell):
        return QUOTE + cell
    return cell


def unescaped(cell):
    if isinstance(cell, str) and cell[:1] == QUOTE and cell[1:2] and cell[1] in FORMULAS + QUOTE:
        return cell[1:]
    return cell


def with_cells(change, dataset):
    """The same table with a function applied to each cell."""
    return tablib.Dataset(*([change(cell) for cell in row] for row in dataset), headers=dataset.headers)


class CSV(base_formats.CSV):
    def export_data(self, dataset, **kwargs):
        return super().export_data(with_cells(escaped, dataset), **kwargs)

    def create_dataset(self, in_stream, **kwargs):
        return with_cells(unescaped, super().create_dataset(in_stream, **kwargs))


class Change(Diff):
    """The changes of a row as HTML without inline styles."""

    def as_html(self):
        return [
            format_html("{}", now)
            if was == now
            else format_html('<del class="diff">{}</del> <ins class="diff">{}</ins>', "" if self.new else was, now)
            for was, now in zip(map(str, self.left), map(str, self.right), strict=True)
        ]


class RowResource(ModelResource):
    """Import and export of the rows of a table: by id, with the validation of the form."""

    class Meta:
        skip_unchanged = True
        report_skipped = False
        clean_model_instances = True
        use_transactions = True

    @classmethod
    def get_diff_class(cls):
        return Change

    def import_field(self, field, instance, row, is_m2m=False, **kwargs):
        """An empty cell means null for a nullable text, unless the stored text is empty."""
        was = vars(instance).get(field.attribute)
        super().import_field(field, instance, row, is_m2m, **kwargs)
        if vars(instance).get(field.attribute) == "" != was and instance._meta.get_field(field.attribute).null:
            setattr(instance, field.attribute, None)


class Exchange(ImportExportMixin):
    """Pages of a table with import and export."""

    formats = (CSV, base_formats.JSON)
    export_form_class = ExportForm  # the form that chooses fields needs inline scripts
    confirm_form_class = Confirmation
    tmp_storage_class = DatabaseStorage
    import_error_display = ("message", "row")

    def get_resource_classes(self, request):
        options = {"exclude": [*self.totals, "search_text"], **vars(RowResource.Meta)}
        options = {name: value for name, value in options.items() if not name.startswith("__")}
        return [modelresource_factory(self.model, RowResource, meta_options=options)]

    def choose_import_resource_class(self, form, request):
        return self.get_import_resource_classes(request)[0]  # the only one, whatever the form sends

    def get_confirm_form_kwargs(self, request, import_form=None):
        signer = Signer(salt=f"import of {self.opts.label} by {request.user.pk}")
        return super().get_confirm_form_kwargs(request, import_form) | {"signer": signer}

    def create_confirm_form(self, request, import_form=None):
        form = super().create_confirm_form(request, import_form)
        if import_form:
            names = form.initial["import_file_name"], form.initial["format"]
            form.initial["import_file_name"] = form.signer.sign_object(names)
        return form

    def process_import(self, request, **kwargs):
        """The second step; without an upload of this user it redirects to the first step."""
        is_refused = request.method != "POST" or not self.has_import_permission(request)
        with suppress(Gone):
            if is_refused or self.create_confirm_form(request).is_valid():
                return super().process_import(request, **kwargs)
        messages.error(request, GONE)
        return redirect("admin:{}_{}_import".format(*self.get_model_info()))

    def has_import_permission(self, request):
        return self.has_add_permission(request) and self.has_change_permission(request)

    def has_export_permission(self, request):
        return self.has_view_permission(request)
