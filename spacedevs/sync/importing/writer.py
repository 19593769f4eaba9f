"""Writes a batch of imported rows in one transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, models, transaction

from spacedevs.db.bulk import Lookup, insert, next_keys, read_columns, update
from spacedevs.db.paths import column_name, column_of, link_columns, target_of
from spacedevs.sync.images import keep_ours

from .batch import Problem, Refused
from .ownership import settle
from .references import repoint, resolve_names

if TYPE_CHECKING:
    from spacedevs.db.paths import AnyField, Column, Key
    from spacedevs.statistics.imports import Affected

    from .batch import Batch, Model, Row, RowsByKey, Values

Counts: TypeAlias = Counter[tuple[str, str]]  # of rows by ("Agency", "created")
Links: TypeAlias = "Sequence[Sequence[Any]]"  # owner, target, and the key of the link
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
    write_tables(tables, there, counts, affected)
    standing = read_links(batch.many_to_many)
    for relation, sets in batch.many_to_many.items():
        write_sets(relation, sets, standing.get(relation), affected)
    drop_orphans(batch.children, affected)
    advance_sequences([model for model in batch.rows if counts[model.__name__, "created"]])
    return counts


def pair_lists(batch: Batch) -> None:
    """Gives rows without keys in records the keys of the stored rows at the same position."""
    relations = list(batch.keyless_children)
    stored = read_columns([present_rows(each, batch.keyless_children[each]) for each in relations])
    gone: dict[Model, set[Key]] = defaultdict(set)
    for relation, pairs in zip(relations, stored, strict=True):
        owners, model = batch.keyless_children[relation], target_of(relation)
        if isinstance(relation, models.ManyToOneRel):
            for of, rows in owners.items():
                for row in rows:
                    row.values[relation.field.attname] = of
        standing: dict[Key, list[Key]] = defaultdict(list)
        for of, key in sorted(pairs, key=itemgetter(1)):
            if key not in gone[model]:
                standing[of].append(key)
        paired = pair(batch, model, owners, standing, gone[model])
        if relation.many_to_many:
            batch.many_to_many[relation].update(paired)
    for model, rows in batch.replaced_tables.items():
        there: list[Key] = list(model._default_manager.order_by("pk").values_list("pk", flat=True))
        pair(batch, model, {None: rows}, {None: there}, set())


def pair(
    batch: Batch, model: Model, owners: Mapping[Of, Sequence[Row]], standing: dict[Of, list[Key]], gone: set[Key]
) -> dict[Of, list[Key]]:
    """The keys of rows by owner: existing ones, then new ones. Surplus rows are deleted, and added to `gone`."""
    new: list[tuple[Of, Row]] = []
    surplus: list[Key] = []
    for of, rows in owners.items():
        keys = standing[of]
        new += [(of, row) for row in rows[len(keys) :]]
        surplus += keys[len(rows) :]
        batch.rows[model].update(zip(keys, rows, strict=False))
        standing[of] = keys[: len(rows)]
    for (of, row), key in zip(new, next_keys(model, len(new)), strict=True):
        batch.rows[model][key] = row
        standing[of].append(key)
    if surplus:
        model._default_manager.filter(pk__in=surplus).delete()
        gone.update(surplus)
    return standing


def present_rows(relation: AnyField, owners: Iterable[Key]) -> Lookup:
    """The look-up of the present rows of a relation: owner and key."""
    if isinstance(relation, models.ManyToOneRel):
        column: Column = relation.field
        return Lookup(column, [column, column.model._meta.pk], owners)
    owner, target, _ = links(relation, owners).columns
    return Lookup(owner, [owner, target], owners)


def leave(column: Column, owners: Mapping[Key, Key | None], affected: Affected) -> None:
    """Clears one-to-one relations that records show as empty."""
    empty = [owner for owner, row in owners.items() if row is None]
    if empty:
        repoint(column, column.model._default_manager.filter(**{f"{column.attname}__in": empty}), None, affected)


def write_tables(
    tables: Mapping[Model, RowsByKey], there: Mapping[Model, Mapping[Key, Values]], counts: Counts, affected: Affected
) -> None:
    """Creates and updates the rows of all tables. What is wrong with a table is found without the other tables' rows,
    because no constraint needs them."""
    try:
        with transaction.atomic():
            for model, rows in tables.items():
                write_rows(model, rows, there[model], counts, affected)
    except (DataError, IntegrityError) as error:  # of this table, the last one
        created, changed = differing_rows(rows, there[model])
        raise Refused(faults(model, created | changed, rows) or [Problem(model.__name__, str(error))]) from error


def differing_rows(rows: RowsByKey, standing: Mapping[Key, Values]) -> tuple[dict[Key, Values], dict[Key, Values]]:
    """The values of new rows, and those of rows that differ from the stored ones."""
    created = {key: row.values for key, row in rows.items() if key not in standing}
    changed = {
        key: row.values
        for key, row in rows.items()
        if key in standing and not row.values.items() <= standing[key].items()
    }
    return created, changed


def write_rows(
    model: Model, rows: RowsByKey, standing: Mapping[Key, Values], counts: Counts, affected: Affected
) -> None:
    """Creates and updates rows of a table; unchanged rows are not written."""
    created, changed = differing_rows(rows, standing)
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
    with affected.by_rows(model, sourced, created, set().union(*differing.values())):
        if created:
            insert(model, [{model._meta.pk.attname: key, **values} for key, values in created.items()])
        if changed:
            change(model, changed, standing)


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


def read_links(sets: Mapping[AnyField, Mapping[Key, Collection[Key]]]) -> dict[AnyField, Links]:
    """The stored links of these owners, read together; only of the first relation of each table with links, because
    another one reads what the first has written."""
    first = {link_columns(relation)[0]: relation for relation in reversed(list(sets))}
    relations = list(first.values())
    return dict(zip(relations, read_columns([links(each, sets[each]) for each in relations]), strict=True))


def links(relation: AnyField, owners: Iterable[Key]) -> Lookup:
    """The look-up of links: owner, target, and the key of the link."""
    through, *names = link_columns(relation)
    owner, target = (column_of(through, name) for name in names)
    return Lookup(owner, [owner, target, through._meta.pk], owners)


def write_sets(
    relation: AnyField, owners: Mapping[Key, Collection[Key]], stored: Links | None, affected: Affected
) -> None:
    """Updates many-to-many relations to the imported sets; reads the stored links if they are not given."""
    lookup = links(relation, owners)
    owner, target, _ = lookup.columns
    through = owner.model
    if stored is None:
        [stored] = read_columns([lookup])
    standing = {(of, to): key for of, to, key in stored}
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
    numbered = [model for model in tables if isinstance(model._meta.pk, models.AutoField)]
    if connection.vendor != "postgresql" or not numbered:
        return
    keys = [(connection.ops.quote_name(model._meta.db_table), column_name(model._meta.pk)) for model in numbered]
    highest = " UNION ALL ".join(
        f"SELECT max({key}) highest, pg_get_serial_sequence(%s, %s) sequence FROM {table}"  # noqa: S608
        for table, key in keys
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT setval(sequence, highest) FROM ({highest}) given"  # noqa: S608
            " WHERE highest > coalesce(pg_sequence_last_value(sequence), 0)",
            [name for names in keys for name in names],
        )
