"""The base classes of serializers, one class for each component of the contract."""

from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from typing import NamedTuple

from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db import models
from django.db.models import Prefetch
from django.urls import get_resolver
from django.utils.module_loading import import_string
from rest_framework import serializers

from spacedevs.db.ordering import place_of, total
from spacedevs.db.paths import is_column
from spacedevs.db.subsets import Subset
from spacedevs.declarations import refuse_unknown_options
from spacedevs.later import described_as

from .fields import Converted, Duration, ResponseMode, Url


class NameOf(serializers.SlugRelatedField):
    """Shows a related row by its name."""

    def __init__(self, **kwargs):
        super().__init__(slug_field="name", read_only=True, **kwargs)


class LazySerializer(serializers.Field):
    """A serializer of a higher app, by its dotted name, as ForeignKey names a model.

    A subset of its rows that the higher app declares is named likewise."""

    def __init__(self, name, *, part=None, **kwargs):
        super().__init__()
        self.name, self.part, self.kwargs = name, part, kwargs

    def resolve(self) -> serializers.BaseSerializer:
        part = {"part": import_string(self.part)} if self.part else {}
        return import_string(self.name)(**self.kwargs, **part)


def rows_of(field, instance) -> list[models.Model]:
    """The rows of a relation that a field shows, in order, limited to its subset if there is one."""
    if field.part:
        loaded = getattr(instance, as_loaded(field.field_name), None)
        return in_order(field.part.of(getattr(instance, field.source)) if loaded is None else loaded, field.parent)
    return in_order(rows_at(instance, field.source_attrs), field.parent)


def rows_at(instance, names) -> list[models.Model]:
    """The rows at the end of a path of relations."""
    found = {instance: None}
    for name in names:
        found = {row: None for each in found for row in related(each, name)}
    return list(found)


def in_order(rows, owner) -> list[models.Model]:
    """Rows of a table in the order that their owner, a serializer, has for them."""
    return sorted(rows, key=place_of(type(rows[0]), owner.orders.get(type(rows[0]), ()))) if rows else []


def related(instance, name) -> Iterable[models.Model]:
    try:
        shown = getattr(instance, name)
    except ObjectDoesNotExist:
        return ()
    if isinstance(shown, models.Manager):
        return shown.all()
    return () if shown is None else (shown,)


def as_loaded(name) -> str:
    """The attribute for the loaded rows of a subset of a relation."""
    return f"loaded_as_{name}"


class Rows(serializers.ListSerializer):
    """Related rows: all of a relation or a subset; the path may contain several relations."""

    child: "ResourceSerializer"

    def __init__(self, *args, part: Subset | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.part = part

    def get_attribute(self, instance):
        if isinstance(instance, Mapping):  # an object that is not a row, with its rows as querysets
            return loaded(instance[self.source], type(self.child))
        return rows_of(self, instance)


class MadeOfRows(serializers.Field):
    """A value that `made` computes from columns of related rows."""

    def __init__(self, source, *columns, allow_null=True, kind=str):
        super().__init__(source=source, read_only=True, allow_null=allow_null)
        self.columns = columns  # at the end of to-one relations: `social_media.name`
        described_as(kind)(self)

    def bind(self, field_name, parent):
        self.source = None if self.source == field_name else self.source
        super().bind(field_name, parent)

    def get_attribute(self, instance):
        rows = in_order(rows_at(instance, self.source_attrs), self.parent)
        return [tuple(attribute(row, column) for column in self.columns) for row in rows]

    def to_representation(self, value):
        return self.made(value)

    def made(self, rows: list[tuple]):
        """The value from these columns of the rows, in their order."""
        raise NotImplementedError


def attribute(row, path):
    for name in path.split("."):
        row = getattr(row, name, None)
    return row


class Joined(MadeOfRows):
    """The texts of several rows, joined by commas."""

    def __init__(self, source, column):
        super().__init__(source, column, allow_null=False)

    def made(self, rows):
        return ",".join(text for (text,) in rows)


class FirstOf(MadeOfRows):
    """A column of the first of several rows, or `otherwise` without rows."""

    def __init__(self, source, column, *, otherwise=None, **kwargs):
        super().__init__(source, column, allow_null=otherwise is None, **kwargs)
        self.otherwise = otherwise

    def made(self, rows):
        return rows[0][0] if rows else self.otherwise


class Options:
    """The options of a serializer's Meta besides its model; others are refused."""

    model = None
    fields = ()  # all fields, in the order of the contract
    mode = ""  # the value of its `response_mode`
    ref_name = ""  # the name of the component in the contract, if it differs from the class: see `component`
    always = ()  # fields that every response has, although their columns are nullable
    implied = {}  # column values that no record shows, because all rows of the component have them; imports set them
    extra_kwargs = {}  # of Django REST framework


OPTIONS = frozenset(name for name in vars(Options) if not name.startswith("_"))


class ResourceSerializer(serializers.ModelSerializer):
    """A component of the contract: the fields of a model in order.

    In a ladder of modes, each serializer inherits the one below and lists what it adds; `Meta.mode` is the value of
    its `response_mode`."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DurationField: Duration,
        models.URLField: Url,
    }
    version = ""  # of the API, if it is not the current one
    orders: Mapping[type[models.Model], tuple[str, ...]] = {}  # of rows in lists, if not those of their tables

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        refuse_unknown_options(cls, OPTIONS)

    def __init__(self, *args, part: Subset | None = None, first=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.part, self.first = part, first

    @classmethod
    def many_init(cls, *args, **kwargs):
        return Rows(*args, **kwargs, child=cls())

    def get_attribute(self, instance):
        """The row that a field shows: the last one of a subset of a relation, or the first one if declared so."""
        if self.part or self.first:
            rows = rows_of(self, instance)
            return next(iter(rows) if self.first else reversed(rows), None)
        return super().get_attribute(instance)

    def get_fields(self):
        return {
            name: field.resolve() if isinstance(field, LazySerializer) else field
            for name, field in super().get_fields().items()
        }

    @cached_property
    def shown_for_null(self) -> dict:
        """What fields show instead of null."""
        declared = {name: getattr(field, "otherwise", None) for name, field in self.fields.items()}
        return {name: value for name, value in declared.items() if value is not None}

    def to_representation(self, instance):
        shown = super().to_representation(instance)
        return shown | {name: value for name, value in self.shown_for_null.items() if shown[name] is None}

    def get_extra_kwargs(self):
        """Makes the fields in `Meta.always` required, although their columns are nullable."""
        required = {name: {"required": True} for name in getattr(self.Meta, "always", ())}
        return {**super().get_extra_kwargs(), **required}

    def get_default_field_names(self, declared_fields, model_info):
        raise AssertionError(f"{type(self).__name__} must list its fields in the order of the contract.")

    def build_field(self, field_name, info, model_class, nested_depth):
        if field_name == "response_mode":
            return ResponseMode, {"mode": self.Meta.mode}
        return super().build_field(field_name, info, model_class, nested_depth)

    def include_extra_kwargs(self, kwargs, extra_kwargs):
        return kwargs if "mode" in kwargs else super().include_extra_kwargs(kwargs, extra_kwargs)


def without(fields, *names) -> tuple[str, ...]:
    """These fields without those with the given names."""
    return tuple(field for field in fields if field not in names)


def component(name):
    """Sets the contract's name of a component whose class has a clearer name."""

    def named(cls):
        cls.Meta.ref_name = name
        return cls

    return named


@cache
def components() -> tuple[type[ResourceSerializer], ...]:
    """Every component of the current version, which also defines how records are imported.

    Serializers of other versions do not belong to them."""
    get_resolver().url_patterns  # noqa: B018 - it loads the router, which loads every serializer
    found, left = {}, [ResourceSerializer]
    while left:
        classes = left.pop().__subclasses__()
        found.update(dict.fromkeys(cls for cls in classes if hasattr(cls, "Meta") and not cls.version))
        left.extend(classes)
    return tuple(found)


def name_of(cls) -> str:
    """The name of a component in the contract."""
    return getattr(cls.Meta, "ref_name", cls.__name__)


def column_of(field) -> models.Field | None:
    """The column of a field, if it shows one."""
    try:
        column = field.parent.Meta.model._meta.get_field(field.source)
    except (AttributeError, FieldDoesNotExist):
        return None
    return column if is_column(column) else None


def never_null_column(field) -> models.Field | None:
    """The column of a field that is never null in the contract."""
    return None if field.allow_null else column_of(field)


@cache
def never_null(model) -> frozenset[str]:
    """The columns of a model that are never null in some component of the contract.

    The result is cached, so the caller must have loaded the router, which imports every component."""
    shown = [field for each in components() if each.Meta.model is model for field in each().fields.values()]
    return frozenset(column.name for field in shown if (column := never_null_column(field)))


class Relation(NamedTuple):
    """A field that shows rows of another table: the path to them, and their serializer."""

    name: str
    path: str
    representation: type[ResourceSerializer] | None  # None if only columns are shown
    many: bool
    part: Subset | None

    @property
    def is_join(self) -> bool:
        """Whether it shows a single row without further rows, so that a join is cheapest."""
        return not (self.many or self.part) and not (self.representation and relations(self.representation))


@cache
def relations(representation) -> tuple[Relation, ...]:
    """The relations that a serializer shows, in order."""
    found = []
    for name, field in representation().fields.items():
        many = isinstance(field, serializers.ListSerializer)
        shown = field.child if many else field
        path = field.source.replace(".", "__")
        if isinstance(shown, ResourceSerializer):
            found.append(Relation(name, path, type(shown), many, field.part))
        elif isinstance(shown, NameOf):
            found.append(Relation(name, path, None, False, None))
        elif isinstance(shown, MadeOfRows):
            found.append(Relation(name, path, None, True, None))
            ends = {column.rpartition(".")[0].replace(".", "__") for column in shown.columns} - {""}
            found.extend(Relation(name, f"{path}__{end}", None, True, None) for end in sorted(ends))
        elif isinstance(shown, Converted) and len(shown.source_attrs) > 1:
            found.append(Relation(name, path.rpartition("__")[0], None, False, None))
    return tuple(found)


def loaded(queryset: models.QuerySet, representation: type[ResourceSerializer]) -> models.QuerySet:
    """The queryset with everything that a serializer shows, in a number of statements that does not depend on rows."""
    columns, whole = [], set()  # complete rows are loaded, so no column may be loaded separately
    for relation in relations(representation):
        if relation.representation is None:
            columns.append(relation)
        elif relation.is_join:
            queryset = queryset.select_related(relation.path)
        else:
            model = relation.representation.Meta.model
            rows = model._default_manager.order_by(*total(model, model._meta.ordering))
            kept = {}
            if relation.part:
                rows, kept = relation.part.of(rows), {"to_attr": as_loaded(relation.name)}
            rows = loaded(rows, relation.representation)
            queryset = queryset.prefetch_related(Prefetch(relation.path, rows, **kept))
            whole |= set() if relation.part else {relation.path}
    for path, many in {each.path: each.many for each in columns}.items():
        if many or any(path.startswith(f"{each}__") for each in whole):
            queryset = queryset if path in whole else queryset.prefetch_related(path)
        else:
            queryset = queryset.select_related(path)
    return queryset
