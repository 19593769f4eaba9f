"""Converts and validates imported values for their columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import BaseValidator, MaxValueValidator, MinValueValidator
from django.db import models
from rest_framework import serializers

from spacedevs.api.models import key_pattern

if TYPE_CHECKING:
    from rest_framework.fields import Field

    from spacedevs.db.paths import Column, Key

    from .batch import Model

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
        text(value)
        try:
            if not re.fullmatch(pattern, value):
                raise ValueError
            return serializer_field.to_internal_value(value)
        except (serializers.ValidationError, OverflowError, ValueError):
            raise DjangoValidationError(f"Must be {kind}.") from None

    return lambda value: parse(value if type(value) is str else text(value))


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

    if convert is text:
        return quick_text(checked, longest)
    if convert is whole and all(type(check) in (MinValueValidator, MaxValueValidator) for check in bounds):
        return quick_whole(checked, bounds)
    return checked


def quick_text(checked: Convert, longest: int | None) -> Convert:
    """Lets plain texts pass at once; all other values are checked. Most values of a record are texts and numbers."""
    most = inf if longest is None else longest

    def quick(value: Any) -> Any:
        if type(value) is str and len(value) <= most and value.isascii() and "\x00" not in value:
            return value
        return checked(value)

    return quick


def quick_whole(checked: Convert, bounds: Sequence[BaseValidator]) -> Convert:
    """Lets numbers within the bounds pass at once; all other values are checked."""
    least = max((check.limit_value for check in bounds if isinstance(check, MinValueValidator)), default=-inf)
    most = min((check.limit_value for check in bounds if isinstance(check, MaxValueValidator)), default=inf)

    def quick(value: Any) -> Any:
        return value if type(value) is int and least <= value <= most else checked(value)

    return quick


def key_from(model: Model, value: object) -> Key:
    """A JSON value as a primary key; raises ValidationError."""
    key: Key = converter(model._meta.pk)(value)
    if not re.fullmatch(key_pattern(model), str(key)):
        raise DjangoValidationError("Is not a valid id.")
    return key


key_from_text = lru_cache(maxsize=8192)(key_from)  # a key occurs in many places
