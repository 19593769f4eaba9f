"""Edit conflicts: a page carries the values that it was opened with, and shows what others changed since.

Fields that the editor left alone take the newer values, typed values stay, and nothing is saved until the editor has
seen the changes. The same holds for rows that others deleted: see `undelete`."""

import json
from datetime import UTC, datetime
from functools import cached_property

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.forms.formsets import DELETION_FIELD_NAME

from .history import ADDED, CHANGED, key_of, versions_of
from .undelete import bring_back

OPENED = "_opened"  # the hidden field of the page
SALT = "spacedevs.editing.conflicts"
NO_ROW = "This row no longer exists or belongs to another record. Remove it to continue."


class Encoder(DjangoJSONEncoder):
    def default(self, value):
        return value.pk if isinstance(value, models.Model) else super().default(value)


def plain(value):
    """A value after a round trip through JSON; lists of related rows are sorted, because their order does not
    matter."""
    value = json.loads(json.dumps(value, cls=Encoder))
    return sorted(value, key=str) if isinstance(value, list) else value


def sign_opened_state(form, formsets) -> str:
    """The present state of the saved rows of a page, signed, for its hidden field."""
    forms = [form, *(each for formset in formsets for each in formset.initial_forms)]
    page = {
        "states": {each.prefix or "": each.values_now for each in forms if not each.instance._state.adding},
        "rows": {formset.prefix: keys(formset.get_queryset()) for formset in formsets},
        "gone": [each.prefix or "" for each in forms if each.gone],
    }
    return signing.dumps([datetime.now(UTC).timestamp(), page], salt=SALT, compress=True)


def read_opened_state(request) -> dict:
    """When a page was opened, and its state then; empty without a valid hidden field."""
    try:
        moment, page = signing.loads(request.POST.get(OPENED, ""), salt=SALT)
    except signing.BadSignature:
        return {}
    return {"opened_at": datetime.fromtimestamp(moment, UTC), **page}


def keys(rows) -> list:
    return [plain(row.pk) for row in rows]


def doing(verb, version) -> str:
    """Who did something, and when, as far as the history knows."""
    if version is None or version.history_user is None:
        return f"This was {verb} after you opened it, but not in the admin."
    return f"{version.history_user} {verb} this {version.history_date:%H:%M:%S} UTC, after you opened it."


class ConflictAwareForm(forms.ModelForm):
    """A form that detects changes of its row since the page was opened."""

    opened = {}  # the state from the hidden field; set on a subclass for the request
    returned = {}  # the rows to restore, by key, each with its deletion; set likewise

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.meanwhile = {}  # the fields that others changed, with their former values
        self.disputed = []  # those that this editor changed too
        self.gone = self.returned.get(key_of(self.instance))
        self.is_unwanted = f"{self.prefix}-{DELETION_FIELD_NAME}" in self.data  # by this editor too
        before = self.opened.get("states", {}).get(self.prefix or "")
        if self.is_bound and before and not self.instance._state.adding:
            self.meanwhile = {
                name: before[name] for name, now in self.values_now.items() if before.get(name, now) != now
            }
            self.data = self.data.copy()
            for name in self.meanwhile:
                self.settle(name)
        if self.is_gone_alone:
            self.is_touched = self.differs()  # now, before a formset adds its own fields
            if not self.is_touched:
                self.data = self.data.copy()
                self.data[f"{self.prefix}-{DELETION_FIELD_NAME}"] = "on"

    @property
    def is_news(self):
        """Whether the editor has not yet seen that the row was deleted."""
        is_told = self.is_unwanted or (self.prefix or "") in self.opened.get("gone", ())
        return self.gone is not None and not is_told

    @property
    def is_gone_alone(self):
        """Whether this is a deleted row of an inline whose page was not deleted itself."""
        return self.is_news and bool(self.prefix) and not self.gone.is_with_page

    @property
    def is_disturbed(self):
        """Whether the editor must review the row before it is saved."""
        return bool(self.meanwhile) or self.is_news

    def differs(self):
        """Whether the editor entered anything that differs from the row."""
        return any(
            field.has_changed(self.get_initial_for_field(field, name), self.typed(name))
            for name, field in self.fields.items()
        )

    def typed(self, name):
        return self.fields[name].widget.value_from_datadict(self.data, self.files, self.add_prefix(name))

    @cached_property
    def values_now(self):
        """The stored values of the row's own fields, in plain form."""
        return {
            name: plain(self.get_initial_for_field(field, name))
            for name, field in self.fields.items()
            if name in self.initial
        }

    def settle(self, name):
        """Takes over the newer value of a field that this editor did not change."""
        field, html_name = self.fields[name], self.add_prefix(name)
        typed = self.typed(name)
        now = self.get_initial_for_field(field, name)
        if not field.has_changed(now, typed):
            return
        if field.has_changed(self.as_read(name, self.meanwhile[name]), typed):
            self.disputed.append(name)
        else:
            write(self.data, field, html_name, now)

    def as_read(self, name, value):
        """A plain value as the form sends it."""
        column = self._meta.model._meta.get_field(name)
        return value if column.is_relation or value is None else column.to_python(value)

    def clean(self):
        cleaned = super().clean()
        if self.is_bound and self.prefix and self.instance.pk is None and self.data.get(self.add_prefix("id")):
            self.add_error(None, NO_ROW)
        if self.is_news and not (self.prefix and self.gone.is_with_page):
            self.add_error(None, f"{doing('deleted', self.gone.version)} {self.way_back}")
        if self.meanwhile:
            changes = "; ".join(f"{self[name].label}: {self.change(name)}" for name in self.meanwhile)
            self.add_error(
                None,
                f"{self.who} {changes}. Your changes are kept; all other fields show the current values: "
                "check the page and save again.",
            )
        for name in self.disputed:
            self.add_error(
                name, f"Another user set this to “{self.shown(name, self.values_now[name])}” in the meantime."
            )
        return cleaned

    @property
    def who(self):
        """Who changed the row since it was opened, and when."""
        kinds = [CHANGED] if self.gone else [ADDED, CHANGED]  # a restored row was added just now
        since = {"history_date__gte": self.opened["opened_at"], "history_type__in": kinds}
        return doing("changed", versions_of(self._meta.model, self.instance.pk).filter(**since).first())

    @property
    def way_back(self):
        """Tells how to restore a deleted row."""
        if not self.prefix:
            return "Your values are kept: save again to restore the record with them."
        if self.is_touched:
            return "Your values are kept: save again to restore it, or mark it for deletion."
        return "It is marked for deletion: clear the mark and save to restore it."

    def change(self, name):
        return f"“{self.shown(name, self.meanwhile[name])}” → “{self.shown(name, self.values_now[name])}”"

    def shown(self, name, value):
        """A plain value as text."""
        field = self.fields[name]
        if value in (None, "", []):
            return "nothing"
        if isinstance(field, forms.ModelChoiceField):
            keys = value if isinstance(value, list) else [value]
            return ", ".join(str(row) for row in field.queryset.filter(pk__in=keys)) or "a deleted row"
        return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


class WatchedFormSet(forms.BaseInlineFormSet):
    """The rows of an inline; also detects rows that others added or deleted."""

    opened = {}
    returned = None  # collects the restored rows; without it none is restored

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.is_bound and self.returned is not None:
            self.bring_back()

    @cached_property
    def sent(self) -> dict:
        """The prefixes of the submitted rows, by their keys as text."""
        prefixes = [self.add_prefix(number) for number in range(self.initial_form_count())]
        return {self.data.get(f"{prefix}-{self.model._meta.pk.name}"): prefix for prefix in prefixes}

    def bring_back(self):
        """Restores rows that others deleted."""
        states = self.opened.get("states", {})
        there = {str(pk) for pk in self.queryset.values_list("pk", flat=True)}
        for pk, prefix in self.sent.items():
            if pk not in there:
                is_with_page = key_of(self.instance) in self.returned
                bring_back(self.model, pk, states.get(prefix), self.returned, is_with_page)

    def get_queryset(self):
        """The rows in the order in which they were submitted, as the admin pairs forms and rows; then all others."""
        rows = super().get_queryset()
        if not self.is_bound:
            return rows
        places = {pk: place for place, pk in enumerate(self.sent)}
        return sorted(rows, key=lambda row: places.get(str(row.pk), len(places)))

    @property
    def initial_forms(self):
        return [form for form in super().initial_forms if not form.instance._state.adding]

    @property
    def extra_forms(self):
        """The forms of new rows, and of rows that cannot be restored."""
        return [*(form for form in super().initial_forms if form.instance._state.adding), *super().extra_forms]

    @property
    def hasty(self):
        """Rows that are marked for deletion although the editor must review them first."""
        return [form for form in self.initial_forms if form.is_disturbed and self._should_delete_form(form)]

    def full_clean(self):
        super().full_clean()
        self._errors += [form.errors for form in self.hasty] if self.is_bound else []

    def is_valid(self):
        return super().is_valid() and not self.hasty

    def clean(self):
        super().clean()
        known = self.opened.get("rows", {}).get(self.prefix)
        if known is not None:
            added = [row for row in self.get_queryset() if plain(row.pk) not in known]
            if added:
                raise ValidationError([self.addition(row) for row in added])

    def addition(self, row):
        version = versions_of(self.model, row.pk).filter(history_type=ADDED).first()
        return f"“{row}”: {doing('added', version)} It appears here after you save."


def write(data, field, name, value):
    """Writes a value into the data of a form, as the widget of its field would send it."""
    widget = getattr(field.widget, "widget", field.widget)  # the admin wraps it with links to add and to look up
    if isinstance(widget, forms.MultiWidget):
        for suffix, part, each in zip(widget.widgets_names, widget.decompress(value), widget.widgets, strict=True):
            data[f"{name}{suffix}"] = each.format_value(part) or ""
    elif isinstance(widget, forms.CheckboxInput):
        data.pop(name, None)
        if value:
            data[name] = "on"
    else:
        value = widget.format_value(field.prepare_value(value))
        data.setlist(name, value if isinstance(value, list) else [value or ""])
