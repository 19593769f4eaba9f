"""What is shown: one class per component of the contract, nested plainly, shallow rung before deep."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db import models
from django.db.models import Prefetch
from django.urls import get_resolver
from django.utils.module_loading import import_string
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from spacedevs.db.ordering import place_of, total
from spacedevs.db.paths import is_column
from spacedevs.db.subsets import Subset
from spacedevs.declarations import refuse_unknown_options

from .fields import Converted, Duration, ResponseMode, Url


class NameOf(serializers.SlugRelatedField):
    """A related row of which an answer shows the name alone."""

    def __init__(self, **kwargs):
        super().__init__(slug_field="name", read_only=True, **kwargs)


class LazySerializer(serializers.Field):
    """A representation that a higher app owns, by its dotted name, as ForeignKey names a model.

    A part of its rows that the higher app knows is named likewise."""

    def __init__(self, name, *, part=None, **kwargs):
        super().__init__()
        self.name, self.part, self.kwargs = name, part, kwargs

    def resolve(self) -> serializers.BaseSerializer:
        part = {"part": import_string(self.part)} if self.part else {}
        return import_string(self.name)(**self.kwargs, **part)


def rows_of(field, instance) -> list[models.Model]:
    """The rows of a relation that a field shows, in order: those of the part of it, if it names one."""
    if field.part:
        loaded = getattr(instance, as_loaded(field.field_name), None)
        return list(field.part.of(getattr(instance, field.source))) if loaded is None else loaded
    found = rows_at(instance, field.source_attrs)
    return in_order(found) if len(field.source_attrs) > 1 else found


def rows_at(instance, names) -> list[models.Model]:
    """The rows that one relation or several lead to."""
    found = {instance: None}
    for name in names:
        found = {row: None for each in found for row in related(each, name)}
    return list(found)


def in_order(rows) -> list[models.Model]:
    """Rows of one table in the order of its own lists."""
    return sorted(rows, key=place_of(type(rows[0]))) if rows else []


def related(instance, name) -> Iterable[models.Model]:
    try:
        shown = getattr(instance, name)
    except ObjectDoesNotExist:
        return ()
    if isinstance(shown, models.Manager):
        return shown.all()
    return () if shown is None else (shown,)


def as_loaded(name) -> str:
    """Where the loaded rows of a part of a relation are kept."""
    return f"loaded_as_{name}"


class Rows(serializers.ListSerializer):
    """Related rows: all of a relation, or a part of it; the path to them may lead over several relations."""

    child: "ResourceSerializer"

    def __init__(self, *args, part: Subset | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.part = part

    def get_attribute(self, instance):
        if isinstance(instance, Mapping):  # one object that is no row, and gives its rows as querysets
            return loaded(instance[self.source], type(self.child))
        return rows_of(self, instance)


class MadeOfRows(serializers.Field):
    """A value of a kind that is made of some columns of related rows, as `made` tells."""

    def __init__(self, source, *columns, allow_null=True, kind=str):
        super().__init__(source=source, read_only=True, allow_null=allow_null)
        self.columns = columns  # at the end of relations to one row: `social_media.name`
        extend_schema_field(kind)(self)

    def bind(self, field_name, parent):
        self.source = None if self.source == field_name else self.source
        super().bind(field_name, parent)

    def get_attribute(self, instance):
        rows = in_order(rows_at(instance, self.source_attrs))
        return [tuple(attribute(row, column) for column in self.columns) for row in rows]

    def to_representation(self, value):
        return self.made(value)

    def made(self, rows: list[tuple]):
        """What is shown of these columns of the rows, which stand in their order."""
        raise NotImplementedError


def attribute(row, path):
    for name in path.split("."):
        row = getattr(row, name, None)
    return row


class Joined(MadeOfRows):
    """The texts of several rows in one, separated by commas."""

    def __init__(self, source, column):
        super().__init__(source, column, allow_null=False)

    def made(self, rows):
        return ",".join(text for (text,) in rows)


class FirstOf(MadeOfRows):
    """A column of the first of several rows, or `otherwise` where there is none."""

    def __init__(self, source, column, *, otherwise=None, **kwargs):
        super().__init__(source, column, allow_null=otherwise is None, **kwargs)
        self.otherwise = otherwise

    def made(self, rows):
        return rows[0][0] if rows else self.otherwise


class Options:
    """What the Meta of a serializer may say, besides its model: the only options that are read."""

    model = None
    fields = ()  # all that is shown, in the order of the contract
    mode = ""  # what its `response_mode` says
    ref_name = ""  # the name of the component in the contract, where that of the class is another: see `component`
    always = ()  # fields that every answer shows, though the model can do without them
    implied = {}  # columns of the model that no answer tells, for every row of it has this value: set by an import
    extra_kwargs = {}  # of Django REST framework


OPTIONS = frozenset(name for name in vars(Options) if not name.startswith("_"))


class ResourceSerializer(serializers.ModelSerializer):
    """A component of the contract: which fields of a model are shown, and in which order.

    A rung of a ladder of modes inherits the rung below and lists what it adds; `Meta.mode` is what
    its `response_mode` says."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DurationField: Duration,
        models.URLField: Url,
    }
    version = ""  # of the API, where it is another than that of the nouns

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
        """The row that a field shows: of a part of a relation the last there is, or the first if that is asked for."""
        if self.part or self.first:
            rows = rows_of(self, instance)
            return next(iter(rows) if self.first else reversed(rows), None)
        return super().get_attribute(instance)

    def get_fields(self):
        return {
            name: field.resolve() if isinstance(field, LazySerializer) else field
            for name, field in super().get_fields().items()
        }

    def get_extra_kwargs(self):
        """`Meta.always` names fields that every answer shows, though the model can do without them."""
        required = {name: {"required": True} for name in getattr(self.Meta, "always", ())}
        return {**super().get_extra_kwargs(), **required}

    def get_default_field_names(self, declared_fields, model_info):
        raise AssertionError(f"{type(self).__name__} must list its fields: their order is the contract's.")

    def build_field(self, field_name, info, model_class, nested_depth):
        if field_name == "response_mode":
            return ResponseMode, {"mode": self.Meta.mode}
        return super().build_field(field_name, info, model_class, nested_depth)

    def include_extra_kwargs(self, kwargs, extra_kwargs):
        return kwargs if "mode" in kwargs else super().include_extra_kwargs(kwargs, extra_kwargs)


def without(fields, *names) -> tuple[str, ...]:
    """These fields, but for those of these names."""
    return tuple(field for field in fields if field not in names)


def component(name):
    """Gives a well-named class the name that the contract has for it."""

    def named(cls):
        cls.Meta.ref_name = name
        return cls

    return named


@cache
def components() -> tuple[type[ResourceSerializer], ...]:
    """Every representation of the nouns: what is shown of them today, and what a record is taken in by.

    Those of other versions are none of these."""
    get_resolver().url_patterns  # noqa: B018 - it loads the router, which loads every serializer
    found, left = {}, [ResourceSerializer]
    while left:
        classes = left.pop().__subclasses__()
        found.update(dict.fromkeys(cls for cls in classes if hasattr(cls, "Meta") and not cls.version))
        left.extend(classes)
    return tuple(found)


def name_of(cls) -> str:
    """What the contract calls a representation."""
    return getattr(cls.Meta, "ref_name", cls.__name__)


def column_of(field) -> models.Field | None:
    """The column of a table that a field shows, if it shows one."""
    try:
        column = field.parent.Meta.model._meta.get_field(field.source)
    except (AttributeError, FieldDoesNotExist):
        return None
    return column if is_column(column) else None


def never_null_column(field) -> models.Field | None:
    """The column that a field shows and, by the contract, never as null."""
    return None if field.allow_null else column_of(field)


@cache
def never_null(model) -> frozenset[str]:
    """The columns of a model that some component shows and, by the contract, never as null.

    Whoever calls it has loaded the router, which brings every component: the answer is kept."""
    shown = [field for each in components() if each.Meta.model is model for field in each().fields.values()]
    return frozenset(column.name for field in shown if (column := never_null_column(field)))


class Relation(NamedTuple):
    """A field that shows rows of another table: the path to them, and what of them is shown."""

    name: str
    path: str
    representation: type[ResourceSerializer] | None  # none where columns alone are shown
    many: bool
    part: Subset | None

    @property
    def is_join(self) -> bool:
        """Whether one row is shown that shows no further row, so that a join costs least."""
        return not (self.many or self.part) and not (self.representation and relations(self.representation))


@cache
def relations(representation) -> tuple[Relation, ...]:
    """The relations that a representation shows, in its order."""
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
    """The queryset with all that a representation shows, in as many statements for a hundred rows as for ten."""
    columns, whole = [], set()  # where rows are loaded as a whole, nothing may load columns of them beside that
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
