"""Writes a batch of imported rows in one transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, models, transaction

from spacedevs.api.models import KnownByName
from spacedevs.db.bulk import Lookup, insert, next_keys, read_columns, update
from spacedevs.db.paths import column_of, link_columns, target_of
from spacedevs.sync.images import keep_ours

from .batch import Problem, Refused
from .ownership import settle

if TYPE_CHECKING:
    from spacedevs.db.paths import AnyField, Column, Key
    from spacedevs.statistics.imports import Affected

    from .batch import Batch, Model, Row, RowsByKey, Values

Counts: TypeAlias = Counter[tuple[str, str]]  # of rows by ("Agency", "created")
Of = TypeVar("Of")  # the key of an owner, or None for those of a whole table


def write(batch: Batch, affected: Affected) -> Counts:
    """Writes a batch; foreign keys are checked at the end, so the order does not matter."""
    counts: Counts = Counter()
    resolve_names(batch, affected)
    keep_ours({model: [row.values for row in rows.values()] for model, rows in batch.rows.items()})
    pair_lists(batch)
    for column, owners in batch.one_to_one.items():
        leave(column, owners, affected)
    # Referenced rows come first, so that search texts are computed only once.
    tables = {model: batch.rows[model] for model in in_order(batch.rows) if batch.rows[model]}
    there = dict(zip(tables, present(tables), strict=True))
    if contested := list(settle(batch.claims, batch.rows, there, affected)):
        raise Refused([Problem(each.place, str(each), each) for each in contested])
    for model, rows in tables.items():
        write_rows(model, rows, there[model], counts, affected)
    for relation, sets in batch.many_to_many.items():
        write_sets(relation, sets, affected)
    drop_orphans(batch.children, affected)
    advance_sequences([model for model in batch.rows if counts[model.__name__, "created"]])
    return counts


def resolve_names(batch: Batch, affected: Affected) -> None:
    """Replaces names by keys: of a row in the batch or the database, otherwise of a new row."""
    keys: dict[tuple[Model, str], Key] = {}
    for model, rows in list(batch.rows.items()):
        if issubclass(model, KnownByName):
            names = {key: row.values.get("name") for key, row in rows.items()}
            make_room(model, names, affected)
            adopt(model, {name: key for key, name in names.items()}, affected)
    for model, places in batch.names.items():
        here = {row.values.get("name"): key for key, row in batch.rows[model].items()}
        # In descending order, so that the lowest known key remains if several rows have the same name.
        known = model._default_manager.filter(name__in=places).order_by("-pk").values_list("name", "pk")
        there: dict[str, int] = dict(sorted(known, key=lambda pair: pair[1] >= 0))
        lowest = lowest_key(model, batch.rows[model])
        for name, place in places.items():
            key = here.get(name, there.get(name))
            if key is None and model in batch.complete:
                raise Refused([Problem(place, f"Names a {model.__name__} that is not here: {name}")])
            if key is None:
                key = lowest = lowest - 1
                batch.row(model, key, place).values["name"] = name
            keys[model, name] = key
    for row, column, model, name in batch.named:
        row.values[column] = keys[model, name]


def lowest_key(model: Model, keys: Iterable[Key]) -> int:
    """The lowest key in the database or the batch; at most 0."""
    numbers = cast("Iterable[int]", keys)  # what is known by its name has no other keys
    lowest: int | None = model._default_manager.aggregate(lowest=models.Min("pk"))["lowest"]
    return min(0, *numbers, lowest or 0)


def make_room(model: Model, names: Mapping[Key, str | None], affected: Affected) -> None:
    """Gives local rows with provisional keys new ones, if another Softdock uses the same keys for other rows."""
    here = model._default_manager.filter(pk__in=[key for key in names if cast(int, key) < 0])
    lowest = lowest_key(model, names)
    for key, name in here.values_list("pk", "name"):
        if names[key] not in (None, name):
            lowest -= 1
            move(model, key, lowest, affected)


def adopt(model: Model, known: Mapping[str | None, Key], affected: Affected) -> None:
    """Gives rows with provisional keys the real keys from this batch."""
    here = model._default_manager.filter(pk__lt=0, name__in=[name for name in known if name])
    for key, name in list(here.values_list("pk", "name")):
        if known[name] != key:
            move(model, key, known[name], affected)


def move(model: Model, old: Key, new: Key, affected: Affected) -> None:
    """Changes the key of a row; if a row with this key exists, moves all references to it."""
    if not model._default_manager.filter(pk=new).exists():
        row = model._default_manager.get(pk=old)
        row.pk, row._state.adding = new, True
        row.save(force_insert=True)
    for relation in model._meta.related_objects:
        column: Column = relation.field
        if isinstance(relation, models.ManyToManyRel):
            through, _, there = link_columns(relation.field)
            column = column_of(through, there)
        repoint(column, column.model._default_manager.filter(**{column.attname: old}), new, affected)
    model._default_manager.filter(pk=old).delete()


def repoint(column: Column, rows: models.QuerySet[models.Model], to: Key | None, affected: Affected) -> None:
    """Changes a foreign key of rows; if there are none, no statement is executed, not even for the version."""
    if keys := list(rows.values_list("pk", flat=True)):
        with affected.by_column(column.model, column.attname, keys):
            rows.update(**{column.attname: to})


def pair_lists(batch: Batch) -> None:
    """Gives rows without keys in records the keys of the stored rows at the same position."""
    for relation, owners in batch.keyless_children.items():
        if isinstance(relation, models.ManyToOneRel):
            for of, rows in owners.items():
                for row in rows:
                    row.values[relation.field.attname] = of
        paired = pair(batch, target_of(relation), owners, links_of(relation, owners))
        if relation.many_to_many:
            batch.many_to_many[relation].update(paired)
    for model, rows in batch.replaced_tables.items():
        there: list[Key] = list(model._default_manager.order_by("pk").values_list("pk", flat=True))
        pair(batch, model, {None: rows}, {None: there})


def pair(
    batch: Batch, model: Model, owners: Mapping[Of, Sequence[Row]], standing: dict[Of, list[Key]]
) -> dict[Of, list[Key]]:
    """The keys of rows by owner: existing ones, then new ones; surplus rows are deleted."""
    new: list[tuple[Of, Row]] = []
    gone: list[Key] = []
    for of, rows in owners.items():
        keys = standing[of]
        new += [(of, row) for row in rows[len(keys) :]]
        gone += keys[len(rows) :]
        batch.rows[model].update(zip(keys, rows, strict=False))
        standing[of] = keys[: len(rows)]
    for (of, row), key in zip(new, next_keys(model, len(new)), strict=True):
        batch.rows[model][key] = row
        standing[of].append(key)
    model._default_manager.filter(pk__in=gone).delete()
    return standing


def links_of(relation: AnyField, owners: Collection[Key]) -> dict[Key, list[Key]]:
    """The present keys of the rows of a relation by owner, oldest first."""
    if isinstance(relation, models.ManyToOneRel):
        table, owner, target = relation.related_model, relation.field.attname, "pk"
    else:
        table, owner, target = link_columns(relation)
    links = table._default_manager
    standing: dict[Key, list[Key]] = defaultdict(list)
    for of, key in links.filter(**{f"{owner}__in": list(owners)}).order_by(target).values_list(owner, target):
        standing[of].append(key)
    return standing


def leave(column: Column, owners: Mapping[Key, Key | None], affected: Affected) -> None:
    """Clears one-to-one relations that records show as empty."""
    empty = [owner for owner, row in owners.items() if row is None]
    if empty:
        repoint(column, column.model._default_manager.filter(**{f"{column.attname}__in": empty}), None, affected)


def write_rows(
    model: Model, rows: RowsByKey, standing: Mapping[Key, Values], counts: Counts, affected: Affected
) -> None:
    """Creates and updates rows of a table; unchanged rows are not written."""
    created = {key: row.values for key, row in rows.items() if key not in standing}
    changed = {
        key: row.values
        for key, row in rows.items()
        if key in standing and not row.values.items() <= standing[key].items()
    }
    counts[model.__name__, "created"] += len(created)
    counts[model.__name__, "changed"] += len(changed)
    counts[model.__name__, "unchanged"] += len(rows) - len(created) - len(changed)
    if not (created or changed):
        return
    require_all(model, created, rows)
    sources = affected.sources(model)
    differing = {
        key: {name for name in sources if name in values and standing[key][name] != values[name]}
        for key, values in changed.items()
    }
    sourced = [key for key, names in differing.items() if names]
    try:
        with affected.by_rows(model, sourced, created, set().union(*differing.values())), transaction.atomic():
            if created:
                insert(model, [{model._meta.pk.attname: key, **values} for key, values in created.items()])
            if changed:
                change(model, changed, standing)
    except (DataError, IntegrityError) as error:
        raise Refused(faults(model, created | changed, rows) or [Problem(model.__name__, str(error))]) from error


def in_order(tables: Collection[Model]) -> list[Model]:
    """The tables in the order of their foreign keys; tables in a cycle in any order."""
    ordered: dict[Model, None] = {}

    def visit(model: Model, on_the_way: tuple[Model, ...] = ()) -> None:
        if model in on_the_way or model in ordered:
            return
        for column in model._meta.concrete_fields:
            if column.related_model in tables:
                visit(target_of(column), (*on_the_way, model))
        ordered[model] = None

    for model in tables:
        visit(model)
    return list(ordered)


def columns_of(model: Model, rows: RowsByKey) -> list[Column]:
    """The columns that any of these rows sets."""
    carried: set[str] = set().union(*(row.values for row in rows.values()))
    return [each for each in model._meta.concrete_fields if each.attname in carried]


def present(rows_of: Mapping[Model, RowsByKey]) -> list[dict[Key, Values]]:
    """The stored values of the columns that these rows set, by table and key."""
    lookups = [
        Lookup(model._meta.pk, [model._meta.pk, *columns_of(model, rows)], rows) for model, rows in rows_of.items()
    ]
    return [
        {key: dict(zip([each.attname for each in columns], values, strict=True)) for key, *values in read}
        for (_, (_, *columns), _), read in zip(lookups, read_columns(lookups), strict=True)
    ]


def instances(model: Model, values: Mapping[Key, Values]) -> list[models.Model]:
    """Rows with these values applied."""
    there = model._base_manager.in_bulk(list(values))
    rows = [there.get(key) or model(pk=key) for key in values]
    for instance in rows:
        for name, value in values[instance.pk].items():
            setattr(instance, name, value)
    return rows


def change(model: Model, values: Mapping[Key, Values], standing: Mapping[Key, Values]) -> None:
    """Sets the columns that differ in any of these rows; where a row does not differ, to what it has."""
    differing = {name for key, row in values.items() for name, value in row.items() if standing[key][name] != value}
    columns = [each for each in model._meta.concrete_fields if each.attname in differing]
    update(model, columns, {key: standing[key] | row for key, row in values.items()})


def require_all(model: Model, created: Mapping[Key, Values], rows: RowsByKey) -> None:
    """Refuses new rows without required values."""
    needed = {each: each.get_default() for each in model._meta.concrete_fields if not (each.null or each.primary_key)}
    problems = [
        Problem(rows[key].place, f"Needs {column.name}, which no record has.")
        for key, values in created.items()
        for column, default in needed.items()
        if values.get(column.attname, default) is None
    ]
    problems += [
        Problem(place, f"Is missing, but a new {model.__name__} needs it.")
        for key, values in created.items()
        for column, place in rows[key].lacks.items()
        if column not in values
    ]
    if problems:
        raise Refused(problems)


def faults(model: Model, written: Mapping[Key, Values], rows: RowsByKey) -> list[Problem]:
    """The rows that violate a constraint of their table."""
    problems = []
    for instance in instances(model, written):
        try:
            instance.validate_constraints()
        except ValidationError as error:
            problems.append(Problem(rows[instance.pk].place, " ".join(error.messages)))
    return problems


def write_sets(relation: AnyField, owners: Mapping[Key, Collection[Key]], affected: Affected) -> None:
    """Updates many-to-many relations to the imported sets."""
    through, *names = link_columns(relation)
    owner, target = (column_of(through, name) for name in names)
    [links] = read_columns([Lookup(owner, [owner, target, through._meta.pk], owners)])
    standing = {(of, to): key for of, to, key in links}
    wanted = {(of, to) for of, keys in owners.items() for to in keys}
    gone, new = standing.keys() - wanted, sorted(wanted - standing.keys())
    ends: dict[Model, set[Key]] = defaultdict(set)  # one table, if it has links to itself
    for of, to in (*gone, *new):
        ends[relation.model].add(of)
        ends[target_of(relation)].add(to)
    with affected.by_links(ends):
        if gone:
            through._base_manager.filter(pk__in=[standing[pair] for pair in gone]).delete()
        if new:
            rows = zip(next_keys(through, len(new)), new, strict=True)
            insert(through, [{"id": key, owner.attname: of, target.attname: to} for key, (of, to) in rows])


def drop_orphans(owned: Mapping[Column, Mapping[Key, Iterable[Key]]], affected: Affected) -> None:
    """Deletes or detaches rows that their owners no longer show; protected rows stay unchanged."""
    standing = read_columns([Lookup(column, [column.model._meta.pk], owners) for column, owners in owned.items()])
    for (column, owners), children in zip(owned.items(), standing, strict=True):
        orphans = {key for (key,) in children}.difference(*owners.values())
        rows = column.model._default_manager.filter(pk__in=orphans)
        if not orphans:
            continue
        on_delete = cast(models.ManyToOneRel, column.remote_field).on_delete
        if on_delete is models.SET_NULL:
            repoint(column, rows, None, affected)
        elif on_delete is models.CASCADE:
            for row in rows:
                with suppress(models.ProtectedError):
                    row.delete()


def advance_sequences(tables: Iterable[Model]) -> None:
    """Advances sequences beyond the imported keys, for rows that are added later."""
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
