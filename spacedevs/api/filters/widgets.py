"""Widgets of filters: the inputs of the form, and how they read values."""

import re
from datetime import UTC

from django import forms
from django.utils.dateparse import parse_datetime
from django_filters.widgets import BaseCSVWidget


class Choice(forms.Select):
    """A drop-down that accepts its value in any case."""

    def format_value(self, value):
        return [{"1": "true", "0": "false"}.get(part, part) for part in map(str.lower, super().format_value(value))]


class DayInput(forms.DateInput):
    """A date input."""

    input_type = "date"


class MomentInput(forms.DateTimeInput):
    """A date and time input in UTC."""

    input_type = "datetime-local"

    def __init__(self, attrs=None):
        super().__init__({"step": 1, **(attrs or {})})

    def format_value(self, value):
        """The value in the browser's format; a day means its first moment. An invalid value stays unchanged."""
        try:
            moment = parse_datetime(str(value or ""))
            if moment and moment.tzinfo:
                moment = moment.astimezone(UTC)
        except (OverflowError, ValueError):
            return value
        return moment.replace(tzinfo=None).isoformat(timespec="seconds") if moment else value


BRACKETED = re.compile(r"\s*\[(.*)\]\s*", re.DOTALL)
QUOTED = re.compile(r"""(["'])(.*)\1""", re.DOTALL)


def listed(text) -> list[str]:
    """The values in a parameter: 1,2 or, as some clients send it, [1, 2] or ['a', 'b']."""
    bracketed = BRACKETED.fullmatch(text)
    values = [part.strip() for part in (bracketed[1] if bracketed else text).split(",")]
    if bracketed:
        values = [quoted[2] if (quoted := QUOTED.fullmatch(value)) else value for value in values]
    return list(filter(None, values))


class SeveralWidget(BaseCSVWidget, forms.TextInput):
    """Comma-separated values, in one or several parameters of the same name."""

    def value_from_datadict(self, data, files, name):
        given = data.getlist(name) if hasattr(data, "getlist") else [data.get(name, "")]
        return [value for text in given for value in listed(text)]


class WordsWidget(SeveralWidget):
    """Texts may contain commas, so both the parts and the whole count as values."""

    def value_from_datadict(self, data, files, name):
        whole = [value.strip() for value in data.getlist(name)] if hasattr(data, "getlist") else []
        return [*super().value_from_datadict(data, files, name), *(value for value in whole if "," in value)]
