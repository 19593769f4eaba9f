"""Fields of serializers that the contract needs and Django REST framework lacks."""

from datetime import timedelta
from typing import Any

from rest_framework import serializers

from spacedevs.wording import duration


class Duration(serializers.DurationField):
    """A length of time in ISO 8601, as `duration` writes it."""

    # Always shown, also where the model can do without.
    def __init__(self, *, required: bool | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def to_representation(self, value: timedelta) -> str:
        return duration(value)


class Url(serializers.URLField):
    """An address elsewhere. LL2 2.3.0 declares it a URI also where an answer may leave it empty."""

    def __init__(self, *, allow_blank=False, **kwargs):
        super().__init__(**kwargs)


class ResponseMode(serializers.ChoiceField):
    """Names the shape that an object is shown in, so that clients can tell the shapes of one noun apart."""

    def __init__(self, mode):
        super().__init__(choices=[mode], source="*", read_only=True)
        self.mode = mode

    def to_representation(self, value) -> str:
        return self.mode
