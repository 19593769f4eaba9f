"""Tables as files: CSV for spreadsheets, JSON for programs. What comes in is shown as a change before it is one."""

import tablib
from django.utils.html import format_html
from import_export.admin import ImportExportMixin
from import_export.formats import base_formats
from import_export.forms import ExportForm
from import_export.resources import Diff, ModelResource, modelresource_factory

FORMULAS = "=+-@\t\r"  # what a cell begins with that a spreadsheet would compute
QUOTE = "'"


def is_number(text) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def escaped(cell):
    """A text that no spreadsheet computes; the quote says that it is one, and is taken away when it comes back."""
    if isinstance(cell, str) and cell[:1] and cell[0] in FORMULAS + QUOTE and not is_number(cell):
        return QUOTE + cell
    return cell


def unescaped(cell):
    if isinstance(cell, str) and cell[:1] == QUOTE and cell[1:2] and cell[1] in FORMULAS + QUOTE:
        return cell[1:]
    return cell


def with_cells(change, dataset):
    """The same table with each cell changed."""
    return tablib.Dataset(*([change(cell) for cell in row] for row in dataset), headers=dataset.headers)


class CSV(base_formats.CSV):
    def export_data(self, dataset, **kwargs):
        return super().export_data(with_cells(escaped, dataset), **kwargs)

    def create_dataset(self, in_stream, **kwargs):
        return with_cells(unescaped, super().create_dataset(in_stream, **kwargs))


class Change(Diff):
    """What a row is and what it would be, in elements that need no style of their own."""

    def as_html(self):
        return [
            format_html("{}", now)
            if was == now
            else format_html('<del class="diff">{}</del> <ins class="diff">{}</ins>', "" if self.new else was, now)
            for was, now in zip(map(str, self.left), map(str, self.right), strict=True)
        ]


class RowResource(ModelResource):
    """The rows of a table as a file has them: by id, and as strict as the form."""

    class Meta:
        skip_unchanged = True
        report_skipped = False
        clean_model_instances = True
        use_transactions = True

    @classmethod
    def get_diff_class(cls):
        return Change

    def import_field(self, field, instance, row, is_m2m=False, **kwargs):
        """An empty cell says of a text that may be unknown that it is, unless it was known to be empty."""
        was = vars(instance).get(field.attribute)
        super().import_field(field, instance, row, is_m2m, **kwargs)
        if vars(instance).get(field.attribute) == "" != was and instance._meta.get_field(field.attribute).null:
            setattr(instance, field.attribute, None)


class Exchange(ImportExportMixin):
    """Pages of a table that can be taken out as a file, and taken in from one."""

    formats = (CSV, base_formats.JSON)
    export_form_class = ExportForm  # the one to choose fields with has scripts in its page
    import_error_display = ("message", "row")

    def get_resource_classes(self, request):
        options = {"exclude": [*self.totals, "search_text"], **vars(RowResource.Meta)}
        options = {name: value for name, value in options.items() if not name.startswith("__")}
        return [modelresource_factory(self.model, RowResource, meta_options=options)]

    def has_import_permission(self, request):
        return self.has_add_permission(request) and self.has_change_permission(request)

    def has_export_permission(self, request):
        return self.has_view_permission(request)
