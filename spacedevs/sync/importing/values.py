"""Converts and validates imported values for their columns."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import BaseValidator
from django.db import models
from rest_framework import serializers

if TYPE_CHECKING:
    from rest_framework.fields import Field

    from spacedevs.db.paths import Column

Convert: TypeAlias = Callable[[Any], Any]  # raises Django's ValidationError where a value is none of its kind


def reason(error: DjangoValidationError) -> str:
    return " ".join(error.messages)


UNKEPT = re.compile("[\ud800-\udfff]")


def text(value: object) -> str:
    if not isinstance(value, str):
        raise DjangoValidationError("Must be a string.")
    if "\x00" in value or (not value.isascii() and UNKEPT.search(value)):
        raise DjangoValidationError("Contains an invalid character.")
    return value


def whole(value: Any) -> int:
    if type(value) is not int:
        raise DjangoValidationError("Must be a whole number.")
    return value


def flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise DjangoValidationError("Must be true or false.")
    return value


def number(value: Any) -> float:
    if type(value) not in (int, float) or abs(value) > 1.7e308:
        raise DjangoValidationError("Must be a number.")
    return float(value)


# The format of durations in LL2 2.3.0; only the day of a celestial body has Django's format.
LENGTH = r"-?P(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?|(\d+ )?\d\d:\d\d:\d\d"


def parsed(serializer_field: Field[Any, Any, Any, Any], kind: str, pattern: str = ".*") -> Convert:
    @lru_cache(maxsize=8192)  # cached, because a launch has the same time in several places
    def parse(value: str) -> Any:
        try:
            if not re.fullmatch(pattern, value):
                raise ValueError
            return serializer_field.to_internal_value(value)
        except (serializers.ValidationError, OverflowError, ValueError):
            raise DjangoValidationError(f"Must be {kind}.") from None

    return lambda value: parse(text(value))


CONVERTERS: tuple[tuple[type[Column], Convert], ...] = (
    (models.CharField, text),
    (models.TextField, text),
    (models.IntegerField, whole),
    (models.BooleanField, flag),
    (models.FloatField, number),
    (models.DateTimeField, parsed(serializers.DateTimeField(), "a date and time in ISO 8601", r"[\d-]+[T ][\d:]+.*")),
    (models.DateField, parsed(serializers.DateField(), "a date in ISO 8601")),
    (models.DurationField, parsed(serializers.DurationField(), "a length of time in ISO 8601", LENGTH)),
    (models.UUIDField, parsed(serializers.UUIDField(), "a UUID")),
)


@cache
def converter(column: Column) -> Convert:
    """Converts a JSON value for a column; raises ValidationError for a wrong type, length or range.

    Texts stay unchanged; URLs and slugs are not validated, because upstream's may be invalid."""
    convert = next(function for kind, function in CONVERTERS if isinstance(column, kind))
    bounds = [check for check in column.validators if isinstance(check, BaseValidator)]
    longest = column.max_length if isinstance(column, models.CharField) else None

    def checked(value: Any) -> Any:
        if value is None:
            if not column.null:
                raise DjangoValidationError("May not be null.")
            return None
        value = convert(value)
        if longest is None or len(value) > longest:  # the common case: a short text
            for check in bounds:
                check(value)
        return value

    return checked
