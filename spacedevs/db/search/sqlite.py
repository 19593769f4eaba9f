"""The triggers for search texts in SQLite."""

from collections.abc import Collection

from .sources import AT_ONCE, NAME, Source, Triggers


class SqliteTriggers(Triggers):
    """Row triggers. SQLite cannot change a row before it is written, so the text needs a second write."""

    aggregate = "group_concat"
    listing = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'search_text_%'"
    dropping = "DROP TRIGGER {}"

    def own(self, columns: str) -> list[str]:
        text = self.text("NEW")
        write = f"BEGIN UPDATE {self.table} SET {self.column} = {text} WHERE {self.key} = NEW.{self.key}; END"
        return [
            f"CREATE TRIGGER {NAME} AFTER INSERT ON {self.table} {write}",
            # The condition ends the recursion if PRAGMA recursive_triggers is on.
            f"CREATE TRIGGER {NAME} AFTER UPDATE OF {columns} ON {self.table}"
            f" WHEN NEW.{self.column} <> {text} {write}",
        ]

    def others(self, table: str, sources: Collection[Source], columns: Collection[str]) -> list[str]:
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

    def touch_or_note(self, sources: Collection[Source], keys: str) -> str:
        leading = self.keys_leading(sources, keys)
        many = f"SELECT count(*) > {AT_ONCE} FROM (SELECT 1 FROM ({leading}) LIMIT {AT_ONCE + 1})"
        all_of_them = f"(SELECT row_key, row_number() OVER () AS place FROM ({leading}) WHERE ({many}))"
        return f"""
            {self.touch(f"{self.key} IN ({leading}) AND NOT ({many})")};
            {self.note("json_group_array(row_key)", all_of_them)}
        """
