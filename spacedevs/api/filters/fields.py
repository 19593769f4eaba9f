"""Form fields that parse and validate the values of filters."""

import re
from datetime import UTC

from django import forms
from django_filters.fields import BaseCSVField, IsoDateTimeField

from .widgets import Choice, DayInput, MomentInput, SeveralWidget, WordsWidget

INT64 = 2**63 - 1


class IntegerField(forms.IntegerField):
    """A whole number in ASCII digits, within the range of every database."""

    def __init__(self, **kwargs):
        super().__init__(**{"min_value": -INT64, "max_value": INT64, **kwargs})

    def to_python(self, value):
        if value not in self.empty_values and not re.fullmatch(r"\s*-?[0-9]{1,20}\s*", str(value)):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class UtcDateTimeField(IsoDateTimeField):
    """A moment with an optional time zone (default UTC), converted to UTC."""

    widget = MomentInput

    def to_python(self, value):
        if isinstance(value, str):
            value = value.strip().upper()  # RFC 3339 allows lower-case t and z
            # An unescaped plus sign in a query string arrives as a space.
            value = re.sub(r"(T[\d:.]+) (\d\d:?\d\d)$", r"\1+\2", value)
        try:
            moment = super().to_python(value)
            return moment and moment.astimezone(UTC)
        except OverflowError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


class FlagField(forms.NullBooleanField):
    """true or false in any case, or 1 or 0."""

    widget = Choice(choices=[("", "Any"), ("true", "Yes"), ("false", "No")])
    values = {"": None, "true": True, "1": True, "false": False, "0": False}

    def to_python(self, value):
        try:
            return self.values[str(value or "").strip().lower()]
        except KeyError:
            raise forms.ValidationError("Must be true or false.", code="invalid") from None


class DateField(forms.DateField):
    """A day in ISO 8601."""

    widget = DayInput

    def __init__(self, **kwargs):
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)


class SeveralField(BaseCSVField):
    """Distinct values of one kind, optionally limited in number."""

    base_widget_class = SeveralWidget

    def __init__(self, *, most=None, **kwargs):
        super().__init__(**kwargs)
        self.most = most

    def _get_widget_class(self, widget):
        return SeveralWidget

    def clean(self, value):
        found = super().clean(value)
        values = found and list(dict.fromkeys(found))
        if self.most and values and len(values) > self.most:
            raise forms.ValidationError(f"Use at most {self.most} values.", code="invalid")
        return values


class WordsField(SeveralField):
    def _get_widget_class(self, widget):
        return WordsWidget
