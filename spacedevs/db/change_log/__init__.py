"""The change log: which rows changed, in an order that readers can follow.

Triggers write it in the transaction of the writer, so all writers count: the admin, an import, a bulk update, psql,
TRUNCATE. A row that is written without a change is not logged.

An entry has the table, the key, what happened, the changed columns, and the moment (UTC, seconds since 1970). A table
without records of its own, such as one of many-to-many links, also has the keys of its owners in an entry, before and
after the change: an owner could not be found once the row is deleted.

Some columns are tracked: their values before and after a change are kept for good, in `ValueChange`, outside the log.

The order of entries is the trap. In PostgreSQL a lower number can be committed after a higher one, so a reader who
asks for what follows the higher one would miss it. Entries are therefore ordered by the id of their transaction, and
only those below every open transaction are read: they are complete. SQLite has one writer, so the number is the order.

A log has an id. It changes when positions in the log lose their meaning: in another database, after a restore, and
when triggers were missing for some time."""
