"""The inverse of rendering: answers of Launch Library 2 into rows.

What can be shown can be taken in: a record is walked along the representation that describes it, each
object in it becomes a row under upstream's id, and all rows of one call are written in one transaction.
A record sets only what it carries. What an answer merely names becomes a row that is `KnownByName`."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import BaseValidator
from django.db import IntegrityError, connection, models, transaction
from django.urls import Resolver404, get_resolver, resolve
from rest_framework import serializers
from rest_framework.relations import HyperlinkedIdentityField

from .models import KnownByName
from .representations import NameOf, Representation, ResponseMode, components, name_of

MOST_PROBLEMS = 20  # of one call; more of them tell nothing new


class Problem(NamedTuple):
    """What is wrong with a record, and where in the answer that is (a JSON pointer)."""

    place: str
    text: str

    def __str__(self):
        return f"{self.place}: {self.text}"


class Refused(Exception):
    """Nothing was written, and why."""

    def __init__(self, problems: list[Problem]):
        super().__init__("\n".join(map(str, problems[:MOST_PROBLEMS])))
        self.problems = problems


class Outcome(NamedTuple):
    """What became of some answers: rows by ("Agency", "created"), and what nobody here knows by
    ("AgencyMini", "mascot")."""

    rows: Counter
    unknown: Counter


@dataclass
class Row:
    """What the answers say of one row, and the place that said it first."""

    place: str
    values: dict = field(default_factory=dict)


@dataclass
class Batch:
    """All that the answers of one call say, before any of it is written."""

    rows: dict = field(default_factory=lambda: defaultdict(dict))  # model: {key: Row}
    names: dict = field(default_factory=lambda: defaultdict(dict))  # model: {name: place}
    named: list = field(default_factory=list)  # (Row, column, model, name)
    sets: dict = field(default_factory=lambda: defaultdict(dict))  # many-to-many field: {owner: [key]}
    lists: dict = field(default_factory=lambda: defaultdict(dict))  # many-to-many field: {owner: [Row]}
    owned: dict = field(default_factory=lambda: defaultdict(dict))  # foreign key: {owner: [key]}
    unknown: Counter = field(default_factory=Counter)  # (component, field): how often it was left out
    problems: list = field(default_factory=list)

    def refuse(self, place, text):
        self.problems.append(Problem(place, text))

    def row(self, model, key, place) -> Row:
        return self.rows[model].setdefault(key, Row(place))


def ingest(answers: Iterable[tuple[str, object]], component: str | None = None) -> Outcome:
    """Writes what these answers say, all or nothing; answers are (name, parsed JSON).

    Fields that no component has are left out and counted. Raises Refused with a problem for each
    fault that was found."""
    get_resolver().url_patterns  # noqa: B018 - the router brings every representation there is
    batch = Batch()
    for name, answer in answers:
        for place, record in records(name, answer):
            representation = recognise(batch, place, record, component)
            if representation:
                take(batch, representation, record, place)
    if batch.problems:
        raise Refused(batch.problems)
    with transaction.atomic():
        return Outcome(write(batch), batch.unknown)


def records(name, answer) -> list[tuple[str, object]]:
    """The records of an answer with their places: of a page, an array, or the one that it is."""
    if isinstance(answer, dict) and isinstance(answer.get("results"), list):
        return [(f"{name}#/results/{i}", record) for i, record in enumerate(answer["results"])]
    if isinstance(answer, list):
        return [(f"{name}#/{i}", record) for i, record in enumerate(answer)]
    return [(f"{name}#", answer)]


# Which component a record is ---------------------------------------------------------------------


def recognise(batch, place, record, component) -> type[Representation] | None:
    """The component that a record is, by the path of its url, its mode and its fields."""
    if not isinstance(record, dict):
        batch.refuse(place, "Is no record of Launch Library 2: an object is wanted.")
        return None
    fits = components()
    if component:
        fits = [cls for cls in fits if name_of(cls) == component]
    elif model := model_by_url(record.get("url")):
        fits = [cls for cls in fits if cls.Meta.model is model]
    if "response_mode" in record:
        fits = [cls for cls in fits if getattr(cls.Meta, "mode", None) == record["response_mode"]] or fits
    best = max((likeness(cls, record) for cls in fits), default=0)
    if best < 0.5:
        batch.refuse(place, "Is no record of Launch Library 2 that this server knows.")
        return None
    fits = [cls for cls in fits if likeness(cls, record) == best]
    if len({(cls.Meta.model, tuple(cls.Meta.fields)) for cls in fits}) > 1:
        names = ", ".join(sorted(map(name_of, fits)))
        batch.refuse(place, f"Can be any of {names}: say which with --component.")
        return None
    return fits[0]


def model_by_url(url) -> type[models.Model] | None:
    """The model of the endpoint that a record's own url leads to."""
    path = urlsplit(url).path if isinstance(url, str) else ""
    try:
        return resolve(path).func.cls.queryset.model
    except (Resolver404, AttributeError):
        return None


def likeness(cls, record) -> float:
    """The part of the fields of a component and a record that they share."""
    shown = set(cls.Meta.fields)
    return len(shown & set(record)) / len(shown | set(record))


# Walking a record --------------------------------------------------------------------------------

Step = Callable[[Batch, Row, object, object, str], None]  # batch, row, its key, the value, its place


@cache
def steps(representation) -> dict[str, tuple[bool, Step]]:
    """For each field that a component shows: whether it must be there, and how its value is taken in."""
    model = representation.Meta.model
    return {
        name: (shown.required or shown.read_only, step(model, shown))
        for name, shown in representation().fields.items()
    }


def step(model, shown) -> Step:
    """How the value of one shown field is taken in."""
    if isinstance(shown, HyperlinkedIdentityField):
        return skip
    if isinstance(shown, ResponseMode):
        return mode(shown.mode)
    column = model._meta.get_field(shown.source)
    if isinstance(shown, NameOf):
        return name(column)
    if isinstance(shown, Representation):
        return one(column, type(shown))
    if isinstance(shown, serializers.ListSerializer):
        return many(column, type(shown.child))
    return plain(column, shown)


def take(batch, representation, record, place):
    """Notes what an object says; returns the key of its row, or the row where the contract shows no key."""
    if not isinstance(record, dict):
        batch.refuse(place, "Must be an object.")
        return None
    wanted = steps(representation)
    for missing in [name for name, (required, _) in wanted.items() if required and name not in record]:
        batch.refuse(f"{place}/{missing}", "Is missing.")
    batch.unknown.update((name_of(representation), unknown) for unknown in record.keys() - wanted.keys())
    row, key = Row(place), None
    if "id" in wanted:
        key = identity(batch, representation.Meta.model, record.get("id"), f"{place}/id")
        if key is None:
            return None
        row = batch.row(representation.Meta.model, key, place)
    for name, (_, step) in wanted.items():
        if name in record and name != "id":
            step(batch, row, key, record[name], f"{place}/{name}")
    return row if key is None else key


def identity(batch, model, value, place):
    """The primary key that an answer shows."""
    try:
        return converter(model._meta.pk)(value)
    except DjangoValidationError as error:
        batch.refuse(place, reason(error))
        return None


def skip(batch, row, key, value, place):
    """An address of ours: it follows from the id."""


def mode(expected) -> Step:
    def check(batch, row, key, value, place):
        if value != expected:
            batch.refuse(place, f"Must be {expected!r}, not {value!r}.")

    return check


def plain(column, shown) -> Step:
    convert = converter(column)

    def note(batch, row, key, value, place):
        try:
            row.values[column.attname] = convert(value)
        except DjangoValidationError as error:
            batch.refuse(place, reason(error))

    return note


def one(column, representation) -> Step:
    def note(batch, row, key, value, place):
        if value is None and not column.null:
            batch.refuse(place, "May not be null.")
        else:
            row.values[column.attname] = None if value is None else take(batch, representation, value, place)

    return note


def name(column) -> Step:
    model = column.related_model
    convert = converter(model._meta.get_field("name"))

    def note(batch, row, key, value, place):
        row.values[column.attname] = None
        if value is None:
            if not column.null:
                batch.refuse(place, "May not be null.")
            return
        try:
            batch.named.append((row, column.attname, model, convert(value)))
            batch.names[model].setdefault(value, place)
        except DjangoValidationError as error:
            batch.refuse(place, reason(error))

    return note


def many(column, representation) -> Step:
    def note(batch, row, key, value, place):
        if value is None:  # upstream answers null for an empty set here and there
            value = []
        if not isinstance(value, list):
            batch.refuse(place, "Must be an array.")
            return
        shown = [take(batch, representation, item, f"{place}/{i}") for i, item in enumerate(value)]
        if column.one_to_many:
            for child in filter(None, shown):
                batch.rows[column.related_model][child].values[column.field.attname] = key
            batch.owned[column.field][key] = shown
        elif "id" in representation.Meta.fields:
            batch.sets[column][key] = shown
        else:
            batch.lists[column][key] = shown

    return note


# Single values -----------------------------------------------------------------------------------


def reason(error) -> str:
    return " ".join(error.messages)


def text(value) -> str:
    if not isinstance(value, str):
        raise DjangoValidationError("Must be a string.")
    if "\x00" in value or re.search("[\ud800-\udfff]", value):
        raise DjangoValidationError("Holds a character that no database keeps.")
    return value


def whole(value) -> int:
    if type(value) is not int:
        raise DjangoValidationError("Must be a whole number.")
    return value


def flag(value) -> bool:
    if not isinstance(value, bool):
        raise DjangoValidationError("Must be true or false.")
    return value


def number(value) -> float:
    if type(value) not in (int, float) or abs(value) > 1.7e308:
        raise DjangoValidationError("Must be a number.")
    return float(value)


def parsed(serializer_field, kind) -> Callable:
    def parse(value):
        try:
            return serializer_field.to_internal_value(text(value))
        except (serializers.ValidationError, OverflowError):
            raise DjangoValidationError(f"Must be {kind}.") from None

    return parse


CONVERTERS = (
    (models.CharField, text),
    (models.TextField, text),
    (models.IntegerField, whole),
    (models.BooleanField, flag),
    (models.FloatField, number),
    (models.DateTimeField, parsed(serializers.DateTimeField(), "a date and time in ISO 8601")),
    (models.DateField, parsed(serializers.DateField(), "a date in ISO 8601")),
    (models.DurationField, parsed(serializers.DurationField(), "a length of time in ISO 8601")),
    (models.UUIDField, parsed(serializers.UUIDField(), "a UUID")),
)


@cache
def converter(column) -> Callable:
    """From JSON to what a column keeps: right kind, not too long, not too large; else a ValidationError.

    Texts are kept to the letter; whether an address or a slug is well formed is upstream's affair."""
    convert = next(function for kind, function in CONVERTERS if isinstance(column, kind))
    bounds = [check for check in column.validators if isinstance(check, BaseValidator)]

    def checked(value):
        if value is None:
            if not column.null:
                raise DjangoValidationError("May not be null.")
            return None
        value = convert(value)
        for check in bounds:
            check(value)
        return value

    return checked


# Writing -----------------------------------------------------------------------------------------


def write(batch) -> Counter:
    """Writes a batch; foreign keys are checked at the end, so that no order need be kept."""
    counts = Counter()
    resolve_names(batch)
    pair_lists(batch, counts)
    for model, rows in batch.rows.items():
        if rows:
            write_rows(model, rows, counts)
    for column, owners in batch.sets.items():
        write_sets(column, owners)
    for column, owners in batch.owned.items():
        drop_orphans(column, owners)
    advance_sequences(batch.rows)
    return counts


def resolve_names(batch):
    """Puts keys for names: of a row in this batch or in the database, else of a new one."""
    keys = {}
    for model, rows in list(batch.rows.items()):
        if issubclass(model, KnownByName):
            adopt(model, {row.values.get("name"): key for key, row in rows.items()})
    for model, names in batch.names.items():
        here = {row.values.get("name"): key for key, row in batch.rows[model].items()}
        # In falling order, so that of several rows with one name the lowest known key is left standing.
        found = model._default_manager.filter(name__in=names).order_by("-pk").values_list("name", "pk")
        there = dict(sorted(found, key=lambda pair: pair[1] >= 0))
        lowest = min(0, model._default_manager.aggregate(lowest=models.Min("pk"))["lowest"] or 0)
        for name, place in names.items():
            key = here.get(name, there.get(name))
            if key is None:
                key = lowest = lowest - 1
                batch.row(model, key, place).values["name"] = name
            keys[model, name] = key
    for row, column, model, name in batch.named:
        row.values[column] = keys[model, name]


def adopt(model, known):
    """Gives rows that were known by their names the keys that this batch brings for them."""
    for row in model._default_manager.filter(pk__lt=0, name__in=list(known)):
        key = known[row.name]
        if not model._default_manager.filter(pk=key).exists():
            stub = model._default_manager.get(pk=row.pk)
            stub.pk, stub._state.adding = key, True
            stub.save(force_insert=True)
        for relation in model._meta.related_objects:
            column = relation.field
            if column.many_to_many:
                column = column.remote_field.through._meta.get_field(column.m2m_reverse_field_name())
            column.model._default_manager.filter(**{column.attname: row.pk}).update(**{column.attname: key})
        row.delete()


def pair_lists(batch, counts):
    """Gives rows that answers show without a key the keys of those that stand in the same place."""
    for column, owners in batch.lists.items():
        through, model = column.remote_field.through, column.related_model
        owner, target = column.m2m_field_name(), column.m2m_reverse_field_name()
        links = through._default_manager.filter(**{f"{owner}__in": list(owners)}).order_by(f"{target}_id")
        standing = defaultdict(list)
        for of, key in links.values_list(f"{owner}_id", f"{target}_id"):
            standing[of].append(key)
        for of, rows in owners.items():
            keys, missing = standing[of], rows[len(standing[of]) :]
            new = model._default_manager.bulk_create(model(**row.values) for row in missing)
            counts[model.__name__, "created"] += len(new)
            for key, row in zip(keys, rows, strict=False):
                batch.rows[model][key] = row
            model._default_manager.filter(pk__in=keys[len(rows) :]).delete()
            batch.sets[column][of] = [*keys[: len(rows)], *(row.pk for row in new)]


def write_rows(model, rows, counts):
    """Creates and changes rows of one table; a row that stays as it is is not written."""
    standing = model._default_manager.in_bulk(list(rows))
    created, changed = [], []
    for key, row in rows.items():
        instance = standing.get(key) or model(pk=key)
        before = {name: getattr(instance, name) for name in row.values}
        for name, value in row.values.items():
            setattr(instance, name, value)
        if key not in standing:
            created.append(instance)
        elif before != row.values:
            changed.append(instance)
    counts[model.__name__, "created"] += len(created)
    counts[model.__name__, "changed"] += len(changed)
    counts[model.__name__, "unchanged"] += len(rows) - len(created) - len(changed)
    require_all(model, created, rows)
    release(model, created + changed)
    carried = set().union(*(row.values for row in rows.values()))
    columns = [column.name for column in model._meta.concrete_fields if column.attname in carried]
    try:
        with transaction.atomic():
            model._default_manager.bulk_create(created)
            if changed:
                model._default_manager.bulk_create(
                    changed, update_conflicts=True, update_fields=columns, unique_fields=["pk"]
                )
    except IntegrityError as error:
        raise Refused(faults(created + changed, rows) or [Problem(model.__name__, str(error))]) from error


def release(model, instances):
    """Takes what can belong to one row alone, as a landing to a flight, from the rows that had it before."""
    for column in model._meta.concrete_fields:
        if column.one_to_one and column.null:
            owners = {getattr(instance, column.attname): instance.pk for instance in instances}
            owners.pop(None, None)
            held = model._default_manager.filter(**{f"{column.attname}__in": list(owners)})
            wrong = [pk for pk, value in held.values_list("pk", column.attname) if owners[value] != pk]
            model._default_manager.filter(pk__in=wrong).update(**{column.attname: None})


def require_all(model, created, rows):
    """Refuses new rows that lack what their table cannot do without."""
    needed = [column for column in model._meta.concrete_fields if not column.null]
    problems = [
        Problem(rows[instance.pk].place, f"Needs {column.name}, which no record here carries.")
        for instance in created
        for column in needed
        if getattr(instance, column.attname) is None
    ]
    if problems:
        raise Refused(problems)


def faults(instances, rows) -> list[Problem]:
    """The rows that break a constraint of their table."""
    found = []
    for instance in instances:
        try:
            instance.validate_constraints()
        except DjangoValidationError as error:
            found.append(Problem(rows[instance.pk].place, " ".join(error.messages)))
    return found


def write_sets(column, owners):
    """Makes many-to-many sets what the answers show."""
    through = column.remote_field.through
    owner, target = f"{column.m2m_field_name()}_id", f"{column.m2m_reverse_field_name()}_id"
    links = through._default_manager.filter(**{f"{owner}__in": list(owners)})
    wanted = {(of, key) for of, keys in owners.items() for key in keys}
    standing = {(of, key): pk for pk, of, key in links.values_list("pk", owner, target)}
    through._default_manager.filter(pk__in=[standing[pair] for pair in standing.keys() - wanted]).delete()
    new = sorted(wanted - standing.keys())
    through._default_manager.bulk_create(through(**{owner: of, target: key}) for of, key in new)


def drop_orphans(column, owners):
    """Deletes owned rows that their owners no longer show."""
    kept = [key for keys in owners.values() for key in keys]
    rows = column.model._default_manager.filter(**{f"{column.name}__in": list(owners)})
    rows.exclude(pk__in=kept).delete()


def advance_sequences(tables):
    """Lets rows made later by hand begin behind the keys that were given here."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for model in tables:
            if isinstance(model._meta.pk, models.AutoField):
                table, key = connection.ops.quote_name(model._meta.db_table), model._meta.pk.column
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence(%s, %s), greatest(max({key}), 1)) FROM {table}",  # noqa: S608
                    [table, key],
                )
