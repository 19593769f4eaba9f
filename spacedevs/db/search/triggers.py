"""What keeps every search text right, whoever writes: triggers, made from the paths of its field.

The searched table computes the text of a row that is written. Each table on the way of a path, when rows of
it come, go or change in what matters, touches the rows that lead there, which computes their texts anew.
Where these are very many, the trigger notes them as pending instead, and they are touched after the commit,
some at a time (see pending.py): to rename what thousands of rows show must not take as long as they do.
A trigger has a digest of what it does in its name: where the name is there, it is the right one."""

import logging
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from django.apps import apps as installed_apps
from django.db import DatabaseError, connections, models, transaction
from django.db.backends.utils import names_digest
from django.db.models import F
from django.db.models.expressions import RawSQL

from spacedevs.db.bulk import any_key, keys_as_parameter
from spacedevs.db.models import PendingUpdate
from spacedevs.db.paths import is_column, link_columns

from .text import SEPARATOR, SearchText, collation

log = logging.getLogger(__name__)
WHERE_TRIGRAMS_ARE = "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'pg_trgm'"
AT_ONCE, IN_NOTE = 500, 500  # rows that are touched at once, of more than which notes are made, of so many each
NAME = "search_text_name"  # stands for the name of a trigger, which follows from the rest of its SQL


# What a text is made from ------------------------------------------------------------------------


class Source(NamedTuple):
    """Rows that a text is made from: `prefix` leads from the searched row to the key in this column."""

    model: type[models.Model]
    key: str
    prefix: str


def sources(field) -> dict[Source, set[str]]:
    """Each source of a search text, and its columns that matter; the searched table itself comes first."""
    own = Source(field.model, field.model._meta.pk.column, "")
    found = {own: {field.column}}
    for path in field.paths:
        model, prefix, source = field.model, "", own
        for name in path.split("__"):
            step, before = model._meta.get_field(name), prefix
            model, prefix = step.related_model, f"{prefix}__{name}".removeprefix("__")
            if step.many_to_many:
                links, here, there = link_columns(step)
                found.setdefault(Source(links, here, before), set()).add(there)
                source = Source(model, model._meta.pk.column, prefix)
            elif is_column(step):
                found.setdefault(source, set()).add(step.column)
                source = model and Source(model, step.target_field.column, prefix)
            else:
                source = Source(model, step.field.column, before)
    return found


def table_of(item) -> str:
    return item[0].model._meta.db_table


# The SQL -----------------------------------------------------------------------------------------


class Triggers:
    """The triggers of one search text, by name: what the databases have in common."""

    aggregate: str  # the function that makes one text of several
    listing: str  # the statement that lists the triggers there are
    dropping: str  # the statement that drops one

    def __init__(self, field, connection):
        self.field, self.model, self.connection = field, field.model, connection
        self.table, self.key, self.column = self.quoted(
            self.model._meta.db_table, self.model._meta.pk.column, field.column
        )

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Name and SQL of each."""
        (_, own_columns), *others = sources(self.field).items()
        made = [*self.own(", ".join(self.quoted(*sorted(own_columns))))]
        for table, group in groupby(sorted(others, key=table_of), table_of):
            group = dict(group)
            columns = {source.key for source in group}.union(*group.values())
            made += self.others(*self.quoted(table), list(group), self.quoted(*sorted(columns)))
        for sql in made:
            name = f"search_text_{names_digest(sql, length=12)}"
            yield name, sql.replace(NAME, name)

    def own(self, columns) -> list[str]:
        """The triggers of the searched table, of whose columns these matter."""
        raise NotImplementedError

    def others(self, table, sources, columns) -> list[str]:
        """The triggers of another table, which these sources are on."""
        raise NotImplementedError

    def prepare(self):
        """Makes what a search needs beside the triggers."""

    def is_prepared(self) -> bool:
        """Whether that is there."""
        return True

    def quoted(self, *names) -> list[str]:
        return [self.connection.ops.quote_name(name) for name in names]

    def select(self, queryset) -> str:
        return queryset.query.get_compiler(connection=self.connection).as_sql()[0]

    def text(self, row) -> str:
        """The search text of a row, which is called NEW or by an alias of its table."""
        parts = (f"coalesce({self.part(path, row)}, '')" for path in self.field.paths)
        between = f" || '{SEPARATOR}' || "
        text, name = between.join(parts), collation(self.connection)
        return f"upper(({text}){name})" if name else f"upper({text})"

    def part(self, path, row) -> str:
        """The text that a path leads to; of several rows one text."""
        first, _, rest = path.partition("__")
        step = self.model._meta.get_field(first)
        to_one = is_column(step)
        [column] = self.quoted(step.column) if to_one else [self.key]
        if not rest:
            return f"{row}.{column}"
        back = step.target_field if to_one else step.remote_field
        here = RawSQL(f"{row}.{column}", ())
        rows = step.related_model._base_manager.filter(**{back.name: here, f"{rest}__isnull": False})
        texts = self.select(rows.order_by(rest).values(part=F(rest)))
        return f"(SELECT {self.aggregate}(part, '{SEPARATOR}') FROM ({texts}) parts)"

    def found(self, sources, keys) -> str:
        """The statement that finds the keys of the rows that lead to any of these keys."""
        found = []
        for source in sources:
            [key] = self.quoted(source.key)
            rows = self.model._base_manager.filter(**{f"{source.prefix or 'pk'}__in": RawSQL(keys.format(key), ())})
            found.append(self.select(rows.order_by().values(row_key=F("pk"))))
        return " UNION ".join(found)

    def touch(self, condition) -> str:
        """The statement that has the texts of these rows computed anew."""
        return f"UPDATE {self.table} SET {self.column} = '' WHERE {condition}"

    @property
    def kind(self) -> str:
        """What rows of this table are noted as, whose text is pending."""
        return f"{self.model._meta.label} {self.field.name}"

    def note(self, array, source) -> str:
        """The statement that notes these keys as pending, each with its place among them."""
        columns = ", ".join(self.quoted("kind", "keys"))
        return f"""
            INSERT INTO {PendingUpdate._meta.db_table} ({columns}) SELECT '{self.kind}', {array}
            FROM (SELECT row_key, (place - 1) / {IN_NOTE} AS part FROM {source}) parts GROUP BY part
        """

    def wrong(self) -> str:
        """The statement that finds the rows whose text is not what it should be."""
        return f"SELECT {self.key} FROM {self.table} it WHERE {self.column} <> {self.text('it')}"

    def rewrite(self, keys):
        """Has the texts of these rows computed anew."""
        with self.connection.cursor() as cursor:
            self.wait_for_names(cursor)
            cursor.execute(self.touch(any_key(self.key, self.model._meta.pk)), [keys_as_parameter(keys)])

    def wait_for_names(self, cursor):
        """Waits for others who rename rows, before any row is locked that they may have to wait for."""

    def repair(self) -> str:
        """The statement that puts right what no trigger saw: rows that were there before it."""
        return f"UPDATE {self.table} SET {self.column} = '' WHERE {self.key} IN ({self.wrong()})"


class SqliteTriggers(Triggers):
    """Row by row. SQLite cannot change a row before it is written, so its text is a second write."""

    aggregate = "group_concat"
    listing = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'search_text_%'"
    dropping = "DROP TRIGGER {}"

    def own(self, columns):
        text = self.text("NEW")
        write = f"BEGIN UPDATE {self.table} SET {self.column} = {text} WHERE {self.key} = NEW.{self.key}; END"
        return [
            f"CREATE TRIGGER {NAME} AFTER INSERT ON {self.table} {write}",
            # The condition ends it also where PRAGMA recursive_triggers is on.
            f"CREATE TRIGGER {NAME} AFTER UPDATE OF {columns} ON {self.table}"
            f" WHEN NEW.{self.column} <> {text} {write}",
        ]

    def others(self, table, sources, columns):
        changed = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in columns)
        events = {
            "INSERT": ("", "NEW.{0}"),
            f"UPDATE OF {', '.join(columns)}": (f" WHEN {changed}", "NEW.{0}, OLD.{0}"),
            "DELETE": ("", "OLD.{0}"),
        }
        return [
            f"CREATE TRIGGER {NAME} AFTER {event} ON {table}{when} BEGIN {self.touch_or_note(sources, keys)}; END"
            for event, (when, keys) in events.items()
        ]

    def touch_or_note(self, sources, keys) -> str:
        found = self.found(sources, keys)
        many = f"SELECT count(*) > {AT_ONCE} FROM (SELECT 1 FROM ({found}) LIMIT {AT_ONCE + 1})"
        all_of_them = f"(SELECT row_key, row_number() OVER () AS place FROM ({found}) WHERE ({many}))"
        return f"""
            {self.touch(f"{self.key} IN ({found}) AND NOT ({many})")};
            {self.note("json_group_array(row_key)", all_of_them)}
        """


class PostgresTriggers(Triggers):
    """Statement by statement, but for the searched row itself, which has its text before it is written.

    A row that is read for its name must not be renamed unseen until the reader commits: who computes a
    text shares a lock, who renames takes it alone. Locks on the rows would deadlock with other writes."""

    aggregate = "string_agg"
    listing = """
        SELECT proname FROM pg_proc
        WHERE proname LIKE 'search_text_%' AND pronamespace = current_schema()::regnamespace
    """
    dropping = "DROP FUNCTION {} CASCADE"
    # With the rights and the path of its owner: another role, as well as pg_restore, may write.
    function = f"""
        CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$ DECLARE {{}} BEGIN {{}} END $$;
    """
    lock = "hashtext('search_text')"

    def own(self, columns):
        body = f"""
            PERFORM pg_advisory_xact_lock_shared({self.lock});
            NEW.{self.column} := {self.text("NEW")};
            RETURN NEW;
        """
        trigger = f"""
            CREATE OR REPLACE TRIGGER {NAME} BEFORE INSERT OR UPDATE OF {columns} ON {self.table}
            FOR EACH ROW EXECUTE FUNCTION {NAME}();
        """
        return [self.function.format("", body) + trigger]

    def others(self, table, sources, columns):
        columns = ", ".join(columns)
        came, gone = f"SELECT {columns} FROM came", f"SELECT {columns} FROM gone"
        found = self.found(sources, "SELECT {0} FROM changed")
        body = f"""
            IF TG_OP = 'TRUNCATE' THEN
                touched := ARRAY(SELECT {self.key} FROM {self.table});
            ELSIF TG_OP <> 'UPDATE' THEN
                touched := ARRAY({found});
            ELSIF EXISTS ({came} EXCEPT {gone}) THEN
                PERFORM pg_advisory_xact_lock({self.lock});
                touched := ARRAY(
                    WITH changed AS (({came} EXCEPT {gone}) UNION ALL ({gone} EXCEPT {came})) {found});
            END IF;
            IF cardinality(touched) > {AT_ONCE} THEN
                {self.note("json_agg(row_key)", "unnest(touched) WITH ORDINALITY each_key (row_key, place)")};
            ELSIF cardinality(touched) > 0 THEN
                {self.touch(f"{self.key} = ANY (touched)")};
            END IF;
            RETURN NULL;
        """
        declared = f"touched {self.model._meta.pk.rel_db_type(self.connection)}[];"
        events = {
            "INSERT": "REFERENCING NEW TABLE AS changed",
            "UPDATE": "REFERENCING OLD TABLE AS gone NEW TABLE AS came",
            "DELETE": "REFERENCING OLD TABLE AS changed",
            "TRUNCATE": "",
        }
        triggers = (
            f"CREATE OR REPLACE TRIGGER {NAME}_{event.lower()} AFTER {event} ON {table} {rows}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {NAME}();"
            for event, rows in events.items()
        )
        return [self.function.format(declared, body) + "".join(triggers)]

    def wait_for_names(self, cursor):
        cursor.execute(f"SELECT pg_advisory_xact_lock_shared({self.lock})")

    @property
    def index(self) -> str:
        return self.quoted(f"{self.model._meta.db_table}_search_text")[0]

    def is_prepared(self):
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [self.index])
            return cursor.fetchone()[0]

    def prepare(self):
        """The index that finds a word within a text; a search is right without it, and slower."""
        try:
            with transaction.atomic(self.connection.alias), self.connection.cursor() as cursor:
                cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
                cursor.execute(WHERE_TRIGRAMS_ARE)
                operators = f"{cursor.fetchone()[0]}.gin_trgm_ops"
                cursor.execute(
                    f"CREATE INDEX IF NOT EXISTS {self.index} ON {self.table} USING gin ({self.column} {operators})"
                )
        except DatabaseError as error:
            log.warning("Searches of %s will be slow, for want of the extension pg_trgm: %s", self.table, error)


# Putting them in ---------------------------------------------------------------------------------

KINDS = {"sqlite": SqliteTriggers, "postgresql": PostgresTriggers}


def triggers_of(connection, apps=installed_apps) -> list[Triggers]:
    """Every search text that there is, with its triggers."""
    kind = KINDS[connection.vendor]
    return [kind(field, connection) for model in apps.get_models() if (field := SearchText.of(model))]


def install(using, apps=installed_apps, **kwargs):
    """Makes the triggers that should be there, drops those that should not, and repairs the texts."""
    connection = connections[using]
    kind = KINDS[connection.vendor]
    texts = triggers_of(connection, apps)
    wanted = dict(trigger for triggers in texts for trigger in triggers)
    with connection.cursor() as cursor:
        cursor.execute(kind.listing)
        if {name for (name,) in cursor.fetchall()} == wanted.keys() and all(each.is_prepared() for each in texts):
            return  # whoever writes waits for others who do
    with transaction.atomic(using), connection.cursor() as cursor:
        there = drop(cursor, kind, wanted)
        for name in wanted.keys() - there:
            cursor.execute(wanted[name])
        for triggers in texts:
            triggers.prepare()
            if wanted.keys() != there:  # as long as all were there, no text went wrong
                cursor.execute(triggers.repair())


def remove(using, plan=(), **kwargs):
    """Drops all triggers before tables change: no database can rename what a trigger speaks of."""
    if plan:
        with connections[using].cursor() as cursor:
            drop(cursor, KINDS[connections[using].vendor])


def drop(cursor, kind, wanted=()) -> set[str]:
    """Drops the triggers that are not wanted; returns the names of those that are left."""
    cursor.execute(kind.listing)
    there = {name for (name,) in cursor.fetchall()}
    for name in there.difference(wanted):
        cursor.execute(kind.dropping.format(name))
    return there.intersection(wanted)
