"""Serializer fields that the contract needs and Django REST framework lacks."""

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from spacedevs.wording import duration


class Duration(serializers.DurationField):
    """A duration in ISO 8601."""

    # Always shown, also where the model can do without.
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
    """Always the same, and of this kind: what an answer has to show though no row holds it."""

    def __init__(self, value=None, kind=str, *, allow_null=False):
        super().__init__(source="*", read_only=True, allow_null=allow_null or value is None)
        self.value = value
        extend_schema_field(kind)(self)

    def to_representation(self, value):
        return self.value


class Converted(serializers.Field):
    """A field that shows one column in its own way, also one at the end of several relations: `pad.location.name`.

    Where the column or a row on the way to it is empty, it shows `otherwise`."""

    def __init__(self, source=None, *, otherwise=None, allow_null=None):
        is_null = otherwise is None if allow_null is None else allow_null
        super().__init__(source=source, read_only=True, allow_null=is_null)
        self.otherwise = otherwise

    def get_attribute(self, instance):
        for name in self.source_attrs:
            instance = getattr(instance, name, None)
        return self.otherwise if instance is None else instance


class Text(Converted, serializers.CharField):
    """A text: of a related row, as its name, or of a number."""


class Whole(Converted, serializers.IntegerField):
    """A whole number, of a column that may hold any."""

    def to_representation(self, value) -> int:
        return int(value)


class Days(Converted, serializers.IntegerField):
    """A length of time in whole days."""

    def to_representation(self, value: timedelta) -> int:
        return value.days


class Address(Converted, serializers.URLField):
    """An address, as that of a picture."""
