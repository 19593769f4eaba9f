"""The triggers for search texts in PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db import DatabaseError, transaction

from spacedevs.db.locks import Lock

from .sources import AT_ONCE, NAME, Source, Triggers, log

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

WHERE_TRIGRAMS_ARE = "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'pg_trgm'"


class PostgresTriggers(Triggers):
    """Statement triggers, and a row trigger on the searched table, which sets the text before the row is written.

    A transaction that computes a text reads names of other rows, which must not change before it commits. So it takes
    a shared lock, and a rename takes an exclusive one. Row locks would deadlock with other writes."""

    aggregate = "string_agg"
    listing = """
        SELECT proname FROM pg_proc
        WHERE proname LIKE 'search_text_%' AND pronamespace = current_schema()::regnamespace
    """
    dropping = "DROP FUNCTION {} CASCADE"
    # Runs with the rights and search path of its owner, so that other roles and pg_restore can write.
    function = f"""
        CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$ DECLARE {{}} BEGIN {{}} END $$;
    """

    def own(self, columns: str) -> list[str]:
        body = f"""
            PERFORM {Lock.SEARCH_TEXTS.taking(shared=True)};
            NEW.{self.column} := {self.text("NEW")};
            RETURN NEW;
        """
        trigger = f"""
            CREATE OR REPLACE TRIGGER {NAME} BEFORE INSERT OR UPDATE OF {columns} ON {self.table}
            FOR EACH ROW EXECUTE FUNCTION {NAME}();
        """
        return [self.function.format("", body) + trigger]

    def others(self, table: str, sources: Collection[Source], columns: Collection[str]) -> list[str]:
        names = ", ".join(columns)
        came, gone = f"SELECT {names} FROM came", f"SELECT {names} FROM gone"
        leading = self.keys_leading(sources, "SELECT {0} FROM changed")
        body = f"""
            IF TG_OP = 'TRUNCATE' THEN
                touched := ARRAY(SELECT {self.key} FROM {self.table});
            ELSIF TG_OP <> 'UPDATE' THEN
                touched := ARRAY({leading});
            ELSIF EXISTS ({came} EXCEPT {gone}) THEN
                PERFORM {Lock.SEARCH_TEXTS.taking()};
                touched := ARRAY(
                    WITH changed AS (({came} EXCEPT {gone}) UNION ALL ({gone} EXCEPT {came})) {leading});
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

    def wait_for_names(self, cursor: CursorWrapper) -> None:
        cursor.execute(f"SELECT {Lock.SEARCH_TEXTS.taking(shared=True)}")

    @property
    def index(self) -> str:
        return self.quoted(f"{self.model._meta.db_table}_search_text")[0]

    def is_prepared(self) -> bool:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [self.index])
            [is_there] = cursor.fetchone()
        return bool(is_there)

    def prepare(self) -> None:
        """The trigram index; without it searches are correct but slower."""
        try:
            with transaction.atomic(self.connection.alias), self.connection.cursor() as cursor:
                cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
                cursor.execute(WHERE_TRIGRAMS_ARE)
                operators = f"{cursor.fetchone()[0]}.gin_trgm_ops"
                cursor.execute(
                    f"CREATE INDEX IF NOT EXISTS {self.index} ON {self.table} USING gin ({self.column} {operators})"
                )
        except DatabaseError as error:
            log.warning("Searches of %s will be slow without the extension pg_trgm: %s", self.table, error)
