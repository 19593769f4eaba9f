"""Recognises the serializer that wrote a record."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from rest_framework import serializers

from spacedevs.api.registry import endpoint_by_url, objects, whole_tables
from spacedevs.api.serializers import ResourceSerializer, components, name_of

if TYPE_CHECKING:
    from spacedevs.api.views import Resource

    from .batch import Batch
    from .outcome import Record

Component: TypeAlias = type[ResourceSerializer]

UNRECOGNISED = "(unrecognised)"


def recognise(batch: Batch, record: Record, component: str | None) -> Component | None:
    """The component of a record, by its endpoint, its mode and its fields."""
    value, mode = record.value, None
    if not isinstance(value, dict):
        batch.refuse(record.place, "Not a record of Launch Library 2: expected an object.")
        return None
    if isinstance(value.get("response_mode"), str):
        mode = value["response_mode"]
    by_url, names = endpoint_by_url(value.get("url"), is_record=True), frozenset(value)
    fits = likely(component, by_url or record.endpoint, mode, names)
    if not (fits or by_url or component):
        fits = likely(None, None, mode, names)
    if not fits:
        batch.refuse(record.place, "Not a known record of Launch Library 2.")
        return None
    if len({(cls.Meta.model, tuple(cls.Meta.fields)) for cls in fits}) > 1:
        kinds = ", ".join(sorted(map(name_of, fits)))
        batch.refuse(record.place, f"Can be any of {kinds}: choose one with --component.")
        return None
    return fits[0]


@lru_cache(maxsize=1024)
def likely(
    component: str | None, endpoint: type[Resource] | None, mode: str | None, names: frozenset[str]
) -> tuple[Component, ...]:
    """The components that match these field names, limited to those of the endpoint if any of them match."""
    fits: list[Component] = list(components())
    if component:
        fits = [cls for cls in fits if name_of(cls) == component]
    elif endpoint:
        model = endpoint.queryset.model  # type: ignore[union-attr]  # every Resource has one
        fits = [cls for cls in fits if cls.Meta.model is model]
    if mode is not None:
        fits = [cls for cls in fits if getattr(cls.Meta, "mode", None) == mode] or fits
    best = max((likeness(cls, names) for cls in fits), default=0)
    if best < 0.5:
        return ()
    fits = [cls for cls in fits if likeness(cls, names) == best]
    return tuple([cls for cls in fits if endpoint and cls in endpoint.ladder] or fits)


def likeness(cls: Component, names: frozenset[str]) -> float:
    """The share of common fields among the fields of a component and a record."""
    shown = set(cls.Meta.fields)
    return len(shown & names) / len(shown | names)


def object_of(record: Record, component: str | None) -> type[serializers.Serializer[Any]] | None:
    """The rows in an object that is not a row itself, such as a dashboard: it has no id, but whole tables."""
    if component or not isinstance(record.value, dict) or "id" in record.value:
        return None
    return next(
        (each.ladder[0] for each in objects().values() if whole_tables(each).keys() <= record.value.keys()), None
    )
