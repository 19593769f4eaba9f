"""What answers say of rows, gathered first and then written at once, all or nothing."""

from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, models, transaction

from .database import insert, next_keys
from .models import KnownByName
from .pictures import keep_ours
from .triggers import link_columns

EMPTY = MappingProxyType({})
MOST_PROBLEMS = 20  # of one call; more of them tell nothing new


class Problem(NamedTuple):
    """What is wrong with a record, and where in the answer that is (a JSON pointer)."""

    place: str
    text: str

    def __str__(self):
        return f"{self.place}: {self.text}"


class Refused(Exception):
    """Nothing was written, and why; what each record was taken for, by its place."""

    def __init__(self, problems: list[Problem], kinds=EMPTY):
        super().__init__("\n".join(map(str, problems[:MOST_PROBLEMS])))
        self.problems, self.kinds = problems, kinds


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
    sets: dict = field(default_factory=lambda: defaultdict(dict))  # many-to-many relation: {owner: [key]}
    lists: dict = field(default_factory=lambda: defaultdict(dict))  # relation to many: {owner: [Row]}
    owned: dict = field(default_factory=lambda: defaultdict(dict))  # foreign key: {owner: [key]}
    alone: dict = field(default_factory=lambda: defaultdict(dict))  # one-to-one field: {owner: key or None}
    heard: dict = field(default_factory=lambda: defaultdict(dict))  # (model, key): {component: what was taken last}
    kinds: dict = field(default_factory=dict)  # the place of a record: what it was taken for
    unknown: Counter = field(default_factory=Counter)  # (component, field): how often it was left out
    problems: list = field(default_factory=list)

    def refuse(self, place, text):
        self.problems.append(Problem(place, text))

    def row(self, model, key, place) -> Row:
        return self.rows[model].setdefault(key, Row(place))


def write(batch) -> Counter:
    """Writes a batch; foreign keys are checked at the end, so that no order need be kept."""
    counts = Counter()
    resolve_names(batch)
    for model, rows in batch.rows.items():
        keep_ours(model, [row.values for row in rows.values()])
    pair_lists(batch, counts)
    for column, owners in batch.alone.items():
        leave(column, owners)
    for model, rows in batch.rows.items():
        if rows:
            write_rows(model, rows, counts)
    for column, owners in batch.sets.items():
        write_sets(column, owners)
    for column, owners in batch.owned.items():
        drop_orphans(column, owners)
    advance_sequences([model for model in batch.rows if counts[model.__name__, "created"]])
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
    for relation, owners in batch.lists.items():
        model, standing = relation.related_model, links_of(relation, owners)
        new, gone = [], []
        for of, rows in owners.items():
            if relation.one_to_many:
                for row in rows:
                    row.values[relation.field.attname] = of
            keys = standing[of]
            new += [(of, row) for row in rows[len(keys) :]]
            gone += keys[len(rows) :]
            batch.rows[model].update(zip(keys, rows, strict=False))
            standing[of] = keys[: len(rows)]
        for (of, row), key in zip(new, next_keys(model, len(new)), strict=True):
            batch.rows[model][key] = row
            standing[of].append(key)
        model._default_manager.filter(pk__in=gone).delete()
        if relation.many_to_many:
            batch.sets[relation].update(standing)


def links_of(relation, owners) -> dict[object, list]:
    """The keys of the rows that stand in a relation now, by owner, the oldest first."""
    links, owner, target = relation.related_model._default_manager, "", "pk"
    if relation.many_to_many:
        through, owner, target = link_columns(relation)
        links = through._default_manager
    else:
        owner = relation.field.attname
    standing = defaultdict(list)
    for of, key in links.filter(**{f"{owner}__in": list(owners)}).order_by(target).values_list(owner, target):
        standing[of].append(key)
    return standing


def leave(column, owners):
    """Parts rows from those that they belonged to alone, where answers show others or none in their place."""
    rows = column.model._default_manager.filter(**{f"{column.attname}__in": list(owners)})
    wrong = [pk for pk, owner in rows.values_list("pk", column.attname) if owners[owner] != pk]
    column.model._default_manager.filter(pk__in=wrong).update(**{column.attname: None})


def write_rows(model, rows, counts):
    """Creates and changes rows of one table; a row that stays as it is is not written."""
    standing = present(model, rows)
    created = {key: row.values for key, row in rows.items() if key not in standing}
    changed = {
        key: row.values
        for key, row in rows.items()
        if key in standing and any(standing[key][name] != value for name, value in row.values.items())
    }
    counts[model.__name__, "created"] += len(created)
    counts[model.__name__, "changed"] += len(changed)
    counts[model.__name__, "unchanged"] += len(rows) - len(created) - len(changed)
    require_all(model, created, rows)
    release(model, created | changed, rows)
    try:
        with transaction.atomic():
            if created:
                insert(model, [{model._meta.pk.attname: key, **values} for key, values in created.items()])
            if changed:
                change(model, changed)
    except (DataError, IntegrityError) as error:
        raise Refused(faults(model, created | changed, rows) or [Problem(model.__name__, str(error))]) from error


def columns_of(model, rows) -> list[str]:
    """The attributes of the columns that some of these rows carry."""
    carried = set().union(*(row.values for row in rows.values()))
    return [each.attname for each in model._meta.concrete_fields if each.attname in carried]


def present(model, rows) -> dict[object, dict]:
    """What the database has now of what these rows carry, by the keys of the rows that are there."""
    columns = columns_of(model, rows)
    found = model._base_manager.filter(pk__in=list(rows)).values_list("pk", *columns)
    return {key: dict(zip(columns, values, strict=True)) for key, *values in found}


def instances(model, values) -> list[models.Model]:
    """Rows as they would be with these values."""
    there = model._base_manager.in_bulk(list(values))
    found = [there.get(key) or model(pk=key) for key in values]
    for instance in found:
        for name, value in values[instance.pk].items():
            setattr(instance, name, value)
    return found


def change(model, values):
    """Changes rows that are there, all in one statement."""
    carried = set().union(*values.values())
    columns = [each.name for each in model._meta.concrete_fields if each.attname in carried]
    model._base_manager.bulk_create(
        instances(model, values), update_conflicts=True, update_fields=columns, unique_fields=["pk"]
    )


def release(model, written, rows):
    """Takes what can belong to one row alone, as a landing to a flight, from the rows that had it before."""
    for column in model._meta.concrete_fields:
        if column.one_to_one and column.null:
            owners = {}
            for key, values in written.items():
                value = values.get(column.attname)
                if value is not None and owners.setdefault(value, key) != key:
                    text = "belongs to another row here already."
                    raise Refused([Problem(f"{rows[key].place}/{column.name}", f"Row {value} {text}")])
            if not owners:
                continue
            held = model._default_manager.filter(**{f"{column.attname}__in": list(owners)})
            wrong = [pk for pk, value in held.values_list("pk", column.attname) if owners[value] != pk]
            model._default_manager.filter(pk__in=wrong).update(**{column.attname: None})


def require_all(model, created, rows):
    """Refuses new rows that lack what their table cannot do without."""
    needed = {each: each.get_default() for each in model._meta.concrete_fields if not (each.null or each.primary_key)}
    problems = [
        Problem(rows[key].place, f"Needs {column.name}, which no record here carries.")
        for key, values in created.items()
        for column, default in needed.items()
        if values.get(column.attname, default) is None
    ]
    if problems:
        raise Refused(problems)


def faults(model, written, rows) -> list[Problem]:
    """The rows that break a constraint of their table."""
    found = []
    for instance in instances(model, written):
        try:
            instance.validate_constraints()
        except ValidationError as error:
            found.append(Problem(rows[instance.pk].place, " ".join(error.messages)))
    return found


def write_sets(relation, owners):
    """Makes many-to-many sets what the answers show."""
    through, owner, target = link_columns(relation)
    links = through._base_manager.filter(**{f"{owner}__in": list(owners)})
    wanted = {(of, key) for of, keys in owners.items() for key in keys}
    standing = {(of, key): pk for pk, of, key in links.values_list("pk", owner, target)}
    through._base_manager.filter(pk__in=[standing[pair] for pair in standing.keys() - wanted]).delete()
    new = sorted(wanted - standing.keys())
    if new:
        keys = next_keys(through, len(new))
        insert(through, [{"id": key, owner: of, target: to} for key, (of, to) in zip(keys, new, strict=True)])


def drop_orphans(column, owners):
    """Deletes rows that their owners no longer show, or parts them; those that others need stay as they are."""
    kept = {key for keys in owners.values() for key in keys}
    rows = column.model._default_manager.filter(**{f"{column.attname}__in": list(owners)})
    orphans = rows.model._default_manager.filter(pk__in=set(rows.values_list("pk", flat=True)) - kept)
    if column.remote_field.on_delete is models.SET_NULL:
        orphans.update(**{column.attname: None})
    elif column.remote_field.on_delete is models.CASCADE:
        for row in orphans:
            with suppress(models.ProtectedError):
                row.delete()


def advance_sequences(tables):
    """Lets rows made later by hand begin behind the keys that were given here."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for model in tables:
            if isinstance(model._meta.pk, models.AutoField):
                table, key = connection.ops.quote_name(model._meta.db_table), model._meta.pk.column
                cursor.execute(
                    f"""SELECT setval(sequence, highest)
                    FROM (SELECT max({key}) highest, pg_get_serial_sequence(%s, %s) sequence FROM {table}) given
                    WHERE highest > coalesce(pg_sequence_last_value(sequence), 0)""",  # noqa: S608
                    [table, key],
                )
