"""Two editors at one row: a form carries the values that it was opened with, and tells what others changed since.

What the editor has not touched takes the newer value, what they typed stays, and nothing is saved until they have
seen it."""

import json
from datetime import UTC, datetime
from functools import cached_property

from django import forms
from django.core import signing
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from .versions import versions_of

OPENED = "_opened"  # the field of the page
SALT = "spacedevs.editing.meanwhile"


class Encoder(DjangoJSONEncoder):
    def default(self, value):
        return value.pk if isinstance(value, models.Model) else super().default(value)


def plain(value):
    """A value as it is after a way through JSON; of many related rows the order means nothing."""
    value = json.loads(json.dumps(value, cls=Encoder))
    return sorted(value, key=str) if isinstance(value, list) else value


def sealed(forms) -> str:
    """What the saved rows of these forms are now, for the page to carry."""
    saved = (form for form in forms if not form.instance._state.adding)
    states = {form.prefix or "": form.values_now for form in saved}
    return signing.dumps([datetime.now(UTC).timestamp(), states], salt=SALT, compress=True)


def unsealed(request) -> dict:
    """When a page was opened and what its forms held then; nothing where it does not say."""
    try:
        moment, states = signing.loads(request.POST.get(OPENED, ""), salt=SALT)
    except signing.BadSignature:
        return {}
    return {"opened_at": datetime.fromtimestamp(moment, UTC), "states": states}


class WatchedForm(forms.ModelForm):
    """A form that notices when its row has changed since it was opened."""

    opened = {}  # what the page says of itself, on a class made for the request

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.meanwhile = {}  # what others changed: the names of fields, and what they were before
        self.disputed = []  # those of them that this editor changed as well
        before = self.opened.get("states", {}).get(self.prefix or "")
        if self.is_bound and before:
            self.meanwhile = {
                name: before[name] for name, now in self.values_now.items() if before.get(name, now) != now
            }
            self.data = self.data.copy()
            for name in self.meanwhile:
                self.settle(name)

    @cached_property
    def values_now(self):
        """The values of the row's own fields as they are stored, in plain form."""
        return {
            name: plain(self.get_initial_for_field(field, name))
            for name, field in self.fields.items()
            if name in self.initial
        }

    def settle(self, name):
        """Takes the newer value of a field that this editor left alone."""
        field, html_name = self.fields[name], self.add_prefix(name)
        typed = field.widget.value_from_datadict(self.data, self.files, html_name)
        now = self.get_initial_for_field(field, name)
        if not field.has_changed(now, typed):
            return
        if field.has_changed(self.as_read(name, self.meanwhile[name]), typed):
            self.disputed.append(name)
        else:
            write(self.data, field, html_name, now)

    def as_read(self, name, value):
        """A plain value as the form had it."""
        column = self._meta.model._meta.get_field(name)
        return value if column.is_relation or value is None else column.to_python(value)

    def clean(self):
        cleaned = super().clean()
        if self.meanwhile:
            changes = "; ".join(f"{self[name].label}: {self.change(name)}" for name in self.meanwhile)
            self.add_error(
                None,
                f"{self.who} {changes}. What you typed is still here, what you left alone is what it is now: "
                "look at it, and save again.",
            )
        for name in self.disputed:
            self.add_error(name, f"Somebody else put “{self.shown(name, self.values_now[name])}” here meanwhile.")
        return cleaned

    @property
    def who(self):
        """Who changed the row since it was opened, and when."""
        versions = versions_of(self._meta.model, self.instance.pk)
        last = versions.filter(history_date__gte=self.opened["opened_at"]).first()
        by = last and last.history_user
        if by is None:
            return "This was changed after you opened it, though not on these pages."
        return f"{by} changed this {last.history_date:%H:%M:%S} UTC, after you opened it."

    def change(self, name):
        return f"“{self.shown(name, self.meanwhile[name])}” → “{self.shown(name, self.values_now[name])}”"

    def shown(self, name, value):
        """A plain value in words."""
        field = self.fields[name]
        if value in (None, "", []):
            return "nothing"
        if isinstance(field, forms.ModelChoiceField):
            keys = value if isinstance(value, list) else [value]
            return ", ".join(str(row) for row in field.queryset.filter(pk__in=keys)) or "what is gone"
        return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


def write(data, field, name, value):
    """Puts a value into the data of a form, as the widget of its field would have sent it."""
    widget = getattr(field.widget, "widget", field.widget)  # within the admin's links to add and to look up
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
