"""Serializer fields that the contract needs and Django REST framework lacks."""

from datetime import timedelta
from typing import Any

from rest_framework import serializers

from spacedevs.later import described_as
from spacedevs.wording import duration


class Duration(serializers.DurationField):
    """A duration in ISO 8601."""

    # Always shown, even if the column is nullable.
    def __init__(self, *, required: bool | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def to_representation(self, value: timedelta) -> str:
        return duration(value)


class Url(serializers.URLField):
    """A URL on another server. LL2 2.3.0 declares it as a URI although it may be empty."""

    def __init__(self, *, allow_blank=False, **kwargs):
        super().__init__(**kwargs)


class ResponseMode(serializers.ChoiceField):
    """The mode of an object, so that clients can distinguish the components of a noun."""

    def __init__(self, mode):
        super().__init__(choices=[mode], source="*", read_only=True)
        self.mode = mode

    def to_representation(self, value) -> str:
        return self.mode


class Constant(serializers.Field):
    """A constant of this type, for a value that no row stores."""

    def __init__(self, value=None, kind=str, *, allow_null=False):
        super().__init__(source="*", read_only=True, allow_null=allow_null or value is None)
        self.value = value
        described_as(kind)(self)

    def to_representation(self, value):
        return self.value


class Converted(serializers.Field):
    """A field that converts one column, also at the end of a path of relations: `pad.location.name`.

    If the column or a row on the path is null, its serializer shows `otherwise`."""

    def __init__(self, source=None, *, otherwise=None, allow_null=None):
        is_null = otherwise is None if allow_null is None else allow_null
        super().__init__(source=source, read_only=True, allow_null=is_null)
        self.otherwise = otherwise

    def get_attribute(self, instance):
        for name in self.source_attrs:
            instance = getattr(instance, name, None)
        return instance


class Text(Converted, serializers.CharField):
    """A column as text, for example the name of a related row or a number."""


class Whole(Converted, serializers.IntegerField):
    """A column as a whole number."""

    def to_representation(self, value) -> int:
        return int(value)


class Days(Converted, serializers.IntegerField):
    """A duration in whole days."""

    def to_representation(self, value: timedelta) -> int:
        return value.days


class Address(Converted, serializers.URLField):
    """A URL, for example of an image."""
