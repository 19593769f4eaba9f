"""Common parts of the pages for data editors, derived from the models and the registered pages."""

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.module_loading import import_string
from django.utils.text import capfirst

from spacedevs.api.registry import endpoints
from spacedevs.api.serializers import never_null
from spacedevs.declarations import refuse_unknown_attributes
from spacedevs.editing.accounts.users import Groups, Users

from .conflicts import ConflictAwareForm, WatchedFormSet, read_opened_state, sign_opened_state
from .data_quality import AttentionFilter
from .history_admin import Versioned
from .import_export import Exchange
from .undelete import bring_back, returned_by

PICTURE = '<img class="picture" src="{}" alt="" loading="lazy">'

MAX_SHOWN = 20  # rows of a table in the list of references; more would not help


class Related:
    """Form fields of relations, for pages and inlines."""

    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    named_by = ()  # the relations that `__str__` reads
    prose = ("description",)  # texts with more than one line
    names = ("name",)  # the columns of a row's name, which may not be empty texts

    def get_autocomplete_fields(self, request):
        """A search box for each relation; a plain choice for short tables."""
        relations = (*self.opts.fields, *self.opts.many_to_many)
        return [
            field.name for field in relations if field.is_relation and self.admin_of(field.related_model).search_fields
        ]

    def get_queryset(self, request):
        """The rows and, in the same query, the related rows that a list or `__str__` shows."""
        return self.with_names(super().get_queryset(request), self.related_columns(request))

    def with_names(self, rows, shown=()):
        """Rows and, in the same query, the related rows that `__str__` or the list shows."""
        model = rows.model
        names = (*shown, *self.admin_of(model).named_by)
        paths = [path for name in names for path in self.paths(model._meta, name)]
        return rows.select_related(*paths) if paths else rows

    def related_columns(self, request):
        """The columns of a list that may be relations."""
        return ()

    def get_field_queryset(self, db, db_field, request):
        """The rows to choose from, with the queryset of their own page."""
        return self.admin_of(db_field.related_model).get_queryset(request).using(db)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name in self.prose:
            kwargs["widget"] = AdminTextareaWidget
        if self.is_required(db_field):
            kwargs["required"] = True
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def is_required(self, column) -> bool:
        """Whether an editor must fill a column because LL2 2.3.0 never answers null. Imported rows may lack it."""
        endpoints()  # the router imports every component
        return column.name in self.names or (column.null and column.name in never_null(column.model))

    def admin_of(self, model):
        return self.admin_site.get_model_admin(model)

    def paths(self, opts, name):
        """This relation, if it is one, and those that the `__str__` of its row reads."""
        field = next((field for field in opts.fields if field.name == name), None)
        if field is None or not field.is_relation:
            return []
        further = self.admin_of(field.related_model).named_by
        below = field.related_model._meta
        return [name] + [f"{name}__{path}" for part in further for path in self.paths(below, part)]


def truth(name):
    """A column for a computed boolean."""

    @admin.display(boolean=True, ordering=name, description=name.replace("_", " "))
    def column(self, row):
        return getattr(row, name)

    return column


class YesOrNo(admin.SimpleListFilter):
    """A filter by a condition: the rows that meet it, or all others."""

    condition = models.Q()

    def lookups(self, request, model_admin):
        return (("yes", "Yes"), ("no", "No"))

    def queryset(self, request, queryset):
        if self.value() is None:
            return queryset
        return queryset.filter(self.condition if self.value() == "yes" else ~self.condition)


def watched(form, request):
    """A form class with the state in which the page was opened, and the rows to restore."""
    if request.method != "POST":
        return form
    return type(form.__name__, (form,), {"opened": read_opened_state(request), "returned": returned_by(request)})


class RowInline(Related, admin.TabularInline):
    """Rows that belong to the row of a page."""

    extra = 0
    form = ConflictAwareForm
    formset = WatchedFormSet
    show_change_link = True

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        """The choices of a short table, read once for all rows."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name not in self.get_autocomplete_fields(request):
            field.choices = [*field.choices]
        return field

    def get_formset(self, request, obj=None, **kwargs):
        formset = super().get_formset(request, obj, **kwargs)
        formset.form = watched(formset.form, request)
        formset.opened = formset.form.opened
        formset.returned = formset.form.returned if self.has_add_permission(request, obj) else None
        return formset


class RowAdmin(Versioned, Related, admin.ModelAdmin):
    """The pages of a table."""

    concerns = ()  # the data quality checks of its rows
    form = ConflictAwareForm
    inlines_above = ()  # inlines of higher apps, by name, because imports only go down
    save_on_top = True
    totals = ()  # stored totals, read-only

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        refuse_unknown_attributes(cls)

    @property
    def is_pictured(self):
        return any(field.name == "image" for field in self.opts.fields)

    def get_list_display(self, request):
        """The declared columns, with an image as the third if rows have one."""
        first, second, *others = self.list_display
        return [first, second, "picture", *others] if self.is_pictured else self.list_display

    def get_list_filter(self, request):
        return (AttentionFilter, *self.list_filter) if self.concerns else self.list_filter

    def related_columns(self, request):
        return [{"picture": "image"}.get(name, name) for name in self.get_list_display(request)]

    @admin.display(empty_value="")
    def picture(self, row):
        """The source of a row's image in a list: a relation to an image, or a URL."""
        address = getattr(row.image, "thumbnail_url", row.image)
        return format_html(PICTURE, address) if address else None

    def referring(self, row, fates=(models.CASCADE, models.PROTECT, models.SET_NULL)):
        """The rows that refer to this one by a foreign key with one of these `on_delete` actions, with those keys."""
        relations = self.opts.get_fields(include_hidden=True)
        keys = [each.field for each in relations if each.one_to_many or (each.one_to_one and each.auto_created)]
        for key in keys:
            if self.admin_site.is_registered(key.model) and key.remote_field.on_delete in fates:
                rows = self.with_names(key.model._base_manager.filter(**{key.name: row}))
                yield from ((key, each) for each in rows[:MAX_SHOWN])

    def links(self, referring):
        """A line with a link for each of these rows."""
        rows = [(self.address(row), capfirst(row._meta.verbose_name), row, key.name) for key, row in referring]
        return format_html_join("", '<div><a href="{}">{}: {}</a> ({})</div>', rows) or None

    def address(self, row, name="change"):
        """The URL of the page of a row."""
        return reverse(f"{self.admin_site.name}:{row._meta.app_label}_{row._meta.model_name}_{name}", args=[row.pk])

    def get_object(self, request, object_id, from_field=None):
        """The row of a page, locked if it will be written."""
        if request.method != "POST" or self.get_queryset(request).query.distinct:
            return super().get_object(request, object_id, from_field)
        rows = self.get_queryset(request).select_for_update(of=("self",))
        try:
            return rows.get(**{from_field or "pk": self.opts.pk.to_python(object_id)})
        except (self.model.DoesNotExist, ValidationError, ValueError):
            return getattr(request, "unsaved", None)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """The page of a row. A submitted page restores rows that others have deleted since, and keeps them if it
        saves."""
        if request.method != "POST" or object_id is None:
            return super().changeform_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            if self.has_add_permission(request):
                state = read_opened_state(request).get("states", {}).get("")
                request.unsaved = bring_back(self.model, unquote(object_id), state, returned_by(request))
            answer = super().changeform_view(request, object_id, form_url, extra_context)
            if returned_by(request) and "adminform" in (getattr(answer, "context_data", None) or {}):
                answer.render()
                transaction.set_rollback(True)
        return answer

    def get_form(self, request, obj=None, change=False, **kwargs):
        return watched(super().get_form(request, obj, change=change, **kwargs), request)

    def render_change_form(self, request, context, *args, **kwargs):
        """The page of a row, with the state in which it was opened."""
        formsets = [each.formset for each in context["inline_admin_formsets"]]
        context["opened"] = sign_opened_state(context["adminform"].form, formsets)
        return super().render_change_form(request, context, *args, **kwargs)

    def delete_view(self, request, object_id, extra_context=None):
        """The rows that a deletion also deletes, and those that stay and lose their reference."""
        row = self.get_object(request, unquote(object_id)) if request.method == "GET" else None
        losing = self.links(self.referring(row, (models.SET_NULL,))) if row else None
        return super().delete_view(request, object_id, {"losing": losing, **(extra_context or {})})

    def view_on_site(self, row):
        """The URL of this row in the API, if it has one."""
        try:
            return reverse(f"{self.opts.model_name}-detail", args=[row.pk])
        except NoReverseMatch:
            return None

    def get_inlines(self, request, obj):
        return [*self.inlines, *map(import_string, self.inlines_above)]

    def get_list_display_links(self, request, list_display):
        """The first two columns link to the row."""
        return list_display[:2]

    def get_search_fields(self, request):
        """The search also finds a row by its id."""
        return ("=id", *self.search_fields) if self.search_fields else ()

    @property
    def search_help_text(self):
        """Describes the search box; a noun with many search fields overrides it."""
        fields = ("id", *self.search_fields)
        names = (field.strip("=").replace("__", " ").replace("_", " ") for field in fields)
        return f"Searches {', '.join(names)}." if self.search_fields else ""

    def get_readonly_fields(self, request, obj=None):
        return ("id", *self.readonly_fields, *self.totals)

    def get_fieldsets(self, request, obj=None):
        """The declared fieldsets, or all fields in the model's order; for a saved row also its totals."""
        own = self.fieldsets or [(None, {"fields": self.own_fields()})]
        if obj is None:
            return own
        (title, first), *others = own
        about = "Computed from other rows; read-only."
        totals = ("Totals", {"fields": self.totals, "description": about})
        return [
            (title, {**first, "fields": ("id", *first["fields"])}),
            *others,
            *([totals] if self.totals else []),
        ]

    def own_fields(self):
        fields = sorted((*self.opts.fields, *self.opts.many_to_many))
        return [
            field.name
            for field in fields
            if field.editable and not field.primary_key and field.name not in self.totals
        ]


class ExchangedAdmin(Exchange, RowAdmin):
    """The pages of a table with import and export of files."""


class LookupAdmin(ExchangedAdmin):
    """A lookup table: the list shows every column and has no search."""

    def get_list_display(self, request):
        return [field.name for field in self.opts.fields]


admin.site.unregister([Group, User])  # which Django registers when its own admin modules are imported
admin.site.register(Group, Groups)
admin.site.register(User, Users)
