"""What answers say of rows, gathered first and then written at once, all or nothing."""

from collections import Counter, defaultdict
from contextlib import suppress

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, models, transaction

from spacedevs.api.models import KnownByName
from spacedevs.db.bulk import Lookup, insert, next_keys, read_columns
from spacedevs.db.paths import link_columns
from spacedevs.sync.images import keep_ours

from .batch import Problem, Refused
from .ownership import settle


def write(batch) -> Counter:
    """Writes a batch; foreign keys are checked at the end, so that no order need be kept."""
    counts = Counter()
    resolve_names(batch)
    keep_ours({model: [row.values for row in rows.values()] for model, rows in batch.rows.items()})
    pair_lists(batch)
    for column, owners in batch.one_to_one.items():
        leave(column, owners)
    # What others are made of comes first: their search texts need no second making then.
    tables = {model: batch.rows[model] for model in in_order(batch.rows) if batch.rows[model]}
    there = dict(zip(tables, present(tables), strict=True))
    if contested := list(settle(batch.claims, batch.rows, there)):
        raise Refused([Problem(each.place, str(each), each) for each in contested])
    for model, rows in tables.items():
        write_rows(model, rows, there[model], counts)
    for relation, owners in batch.many_to_many.items():
        write_sets(relation, owners)
    drop_orphans(batch.children)
    advance_sequences([model for model in batch.rows if counts[model.__name__, "created"]])
    return counts


def resolve_names(batch):
    """Puts keys for names: of a row in this batch or in the database, else of a new one."""
    keys = {}
    for model, rows in list(batch.rows.items()):
        if issubclass(model, KnownByName):
            names = {key: row.values.get("name") for key, row in rows.items()}
            make_room(model, names)
            adopt(model, {name: key for key, name in names.items()})
    for model, names in batch.names.items():
        here = {row.values.get("name"): key for key, row in batch.rows[model].items()}
        # In falling order, so that of several rows with one name the lowest known key is left standing.
        found = model._default_manager.filter(name__in=names).order_by("-pk").values_list("name", "pk")
        there = dict(sorted(found, key=lambda pair: pair[1] >= 0))
        lowest = lowest_key(model, batch.rows[model])
        for name, place in names.items():
            key = here.get(name, there.get(name))
            if key is None:
                key = lowest = lowest - 1
                batch.row(model, key, place).values["name"] = name
            keys[model, name] = key
    for row, column, model, name in batch.named:
        row.values[column] = keys[model, name]


def lowest_key(model, keys) -> int:
    """The lowest key of a row here or of those in a batch; at most 0."""
    return min(0, *keys, model._default_manager.aggregate(lowest=models.Min("pk"))["lowest"] or 0)


def make_room(model, names):
    """Gives rows here other keys, where an upstream of our kind knows others by theirs: both have but names."""
    here = model._default_manager.filter(pk__in=[key for key in names if key < 0])
    lowest = lowest_key(model, names)
    for key, name in here.values_list("pk", "name"):
        if names[key] not in (None, name):
            lowest -= 1
            move(model, key, lowest)


def adopt(model, known):
    """Gives rows that were known by their names the keys that this batch brings for them."""
    here = model._default_manager.filter(pk__lt=0, name__in=[name for name in known if name])
    for key, name in list(here.values_list("pk", "name")):
        if known[name] != key:
            move(model, key, known[name])


def move(model, old, new):
    """Gives a row another key, or all that leads to it to the row that has the key."""
    if not model._default_manager.filter(pk=new).exists():
        row = model._default_manager.get(pk=old)
        row.pk, row._state.adding = new, True
        row.save(force_insert=True)
    for relation in model._meta.related_objects:
        column = relation.field
        if column.many_to_many:
            column = column.remote_field.through._meta.get_field(column.m2m_reverse_field_name())
        column.model._default_manager.filter(**{column.attname: old}).update(**{column.attname: new})
    model._default_manager.filter(pk=old).delete()


def pair_lists(batch):
    """Gives rows that answers show without a key the keys of those that stand in the same place."""
    for relation, owners in batch.keyless_children.items():
        if relation.one_to_many:
            for of, rows in owners.items():
                for row in rows:
                    row.values[relation.field.attname] = of
        paired = pair(batch, relation.related_model, owners, links_of(relation, owners))
        if relation.many_to_many:
            batch.many_to_many[relation].update(paired)
    for model, rows in batch.replaced_tables.items():
        there = model._default_manager.order_by("pk").values_list("pk", flat=True)
        pair(batch, model, {None: rows}, {None: list(there)})


def pair(batch, model, owners, standing) -> dict[object, list]:
    """The keys of rows by owner: those that stand there, new ones for more; what stands beyond them is deleted."""
    new, gone = [], []
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
    """Parts rows from those that they belonged to alone, where answers show none in their place."""
    empty = [owner for owner, row in owners.items() if row is None]
    column.model._default_manager.filter(**{f"{column.attname}__in": empty}).update(**{column.attname: None})


def write_rows(model, rows, standing, counts):
    """Creates and changes rows of one table; a row that stays as it is is not written."""
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
    try:
        with transaction.atomic():
            if created:
                insert(model, [{model._meta.pk.attname: key, **values} for key, values in created.items()])
            if changed:
                change(model, changed)
    except (DataError, IntegrityError) as error:
        raise Refused(faults(model, created | changed, rows) or [Problem(model.__name__, str(error))]) from error


def in_order(tables) -> list[type[models.Model]]:
    """The tables, each behind those that its foreign keys lead to; where these go in a circle, as they come."""
    found = {}

    def visit(model, on_the_way=()):
        if model in on_the_way or model in found:
            return
        for column in model._meta.concrete_fields:
            if column.related_model in tables:
                visit(column.related_model, (*on_the_way, model))
        found[model] = None

    for model in tables:
        visit(model)
    return list(found)


def columns_of(model, rows) -> list[models.Field]:
    """The columns that some of these rows carry."""
    carried = set().union(*(row.values for row in rows.values()))
    return [each for each in model._meta.concrete_fields if each.attname in carried]


def present(rows_of) -> list[dict[object, dict]]:
    """What the database has now, of each table, of what these rows carry, by the keys of the rows that are there."""
    lookups = [
        Lookup(model._meta.pk, [model._meta.pk, *columns_of(model, rows)], rows) for model, rows in rows_of.items()
    ]
    return [
        {key: dict(zip([each.attname for each in columns], values, strict=True)) for key, *values in found}
        for (_, (_, *columns), _), found in zip(lookups, read_columns(lookups), strict=True)
    ]


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


def require_all(model, created, rows):
    """Refuses new rows that lack what their table cannot do without."""
    needed = {each: each.get_default() for each in model._meta.concrete_fields if not (each.null or each.primary_key)}
    problems = [
        Problem(rows[key].place, f"Needs {column.name}, which no record here carries.")
        for key, values in created.items()
        for column, default in needed.items()
        if values.get(column.attname, default) is None
    ]
    problems += [
        Problem(place, f"Is missing, and a new {model.__name__} needs it.")
        for key, values in created.items()
        for column, place in rows[key].lacks.items()
        if column not in values
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
    through, *names = link_columns(relation)
    owner, target = map(through._meta.get_field, names)
    [found] = read_columns([Lookup(owner, [owner, target, through._meta.pk], owners)])
    standing = {(of, to): key for of, to, key in found}
    wanted = {(of, to) for of, keys in owners.items() for to in keys}
    if gone := [standing[pair] for pair in standing.keys() - wanted]:
        through._base_manager.filter(pk__in=gone).delete()
    if new := sorted(wanted - standing.keys()):
        rows = zip(next_keys(through, len(new)), new, strict=True)
        insert(through, [{"id": key, owner.attname: of, target.attname: to} for key, (of, to) in rows])


def drop_orphans(owned):
    """Deletes rows that their owners no longer show, or parts them; those that others need stay as they are."""
    standing = read_columns([Lookup(column, [column.model._meta.pk], owners) for column, owners in owned.items()])
    for (column, owners), found in zip(owned.items(), standing, strict=True):
        orphans = {key for (key,) in found}.difference(*owners.values())
        rows = column.model._default_manager.filter(pk__in=orphans)
        if not orphans:
            continue
        if column.remote_field.on_delete is models.SET_NULL:
            rows.update(**{column.attname: None})
        elif column.remote_field.on_delete is models.CASCADE:
            for row in rows:
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
