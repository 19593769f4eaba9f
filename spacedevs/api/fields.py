"""Fields of serializers that the contract needs and Django REST framework lacks."""

from rest_framework import serializers


class Duration(serializers.DurationField):
    """A length of time in ISO 8601 as LL2 2.3.0 writes it: days, hours, minutes and seconds, zero parts left out."""

    def __init__(self, *, required=None, **kwargs):  # always shown, also where the model can do without
        super().__init__(**kwargs)

    def to_representation(self, value) -> str:
        length = int(value.total_seconds())
        days, seconds = divmod(abs(length), 86400)
        hours, seconds = divmod(seconds, 3600)
        minutes, seconds = divmod(seconds, 60)
        sign, date = "-" if length < 0 else "", f"{days}D" if days else ""
        time = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
        return f"{sign}P{date}T{time}" if time else f"{sign}P{date or '0D'}"


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
