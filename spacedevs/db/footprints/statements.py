"""What a statement depends on, by the names in its text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache

from django.apps import apps

from spacedevs.db.change_log.tables import is_logged
from spacedevs.db.dataset_version import data_models
from spacedevs.db.paths import column_name, is_column

Columns = Mapping[str, frozenset[str]]  # by table

NAME = re.compile(r"\w+")
# After these words stands what a statement reads: a table, a subselect or a function.
SOURCE = re.compile(r"(?:\bfrom|\bjoin)\s+(?:only\s+|lateral\s+)*(\(|\"?\w+\"?(?:\s*\()?)")
NO_SOURCE = re.compile(r"\bdistinct\s+from\b|\bextract\s*\(\s*\w+\s+from\b")  # in these FROM names no source
STAR = re.compile(r"(?:\bselect|\bdistinct|\ball|,|\.)\s*\*")  # names all columns
FUNCTIONS = {"json_each", "unnest", "generate_series"}  # those that stand in place of a table and read none


@dataclass(frozen=True, eq=False)
class Reads:
    """The tables of a statement, with the columns that it names.

    Of those in `whole` every row counts: a row that is added, deleted or changed in one of the columns may change the
    result. Of those in `shown` only the rows count that were recorded."""

    whole: Columns = field(default_factory=dict)
    shown: Columns = field(default_factory=dict)
    is_known: bool = True  # whether it depends on nothing else that is stored


UNKNOWN = Reads(is_known=False)


@cache
def columns_of_tables() -> Columns:
    """All data tables and their columns."""
    return {
        table: frozenset(column_name(each) for each in model._meta.get_fields() if is_column(each))
        for table, model in data_models().items()
    }


@cache
def unlogged() -> frozenset[tuple[str, str]]:
    """Columns whose changes are not logged, with their tables. A primary key that changes is logged as two rows."""
    return frozenset(
        (table, column_name(each))
        for table, model in data_models().items()
        for each in model._meta.get_fields()
        if is_column(each) and not is_logged(each) and not each.primary_key
    )


@cache
def other_tables() -> frozenset[str]:
    """Tables whose changes are not logged."""
    known = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    return frozenset(known | {"dataset_version", "change_log", "change_log_state"}) - columns_of_tables().keys()


def names_in(text: str) -> Counter[str]:
    return Counter(NAME.findall(text.lower()))


def named(text: str, tables: Iterable[str]) -> dict[str, frozenset[str]]:
    """Of each of these tables, the columns with a name in the text."""
    names, has_star = names_in(text).keys(), STAR.search(text.lower())
    return {table: columns if has_star else columns & names for table in tables for columns in [known(table)]}


def known(table: str) -> frozenset[str]:
    return columns_of_tables()[table]


def is_followed(text: str, reads: Iterable[Columns]) -> bool:
    """Whether all that a statement depends on is logged."""
    text = text.lower()
    names = names_in(text).keys()
    sources = {source.strip('"') for source in SOURCE.findall(NO_SOURCE.sub(" ", text))}
    tables = {source for source in sources if not source.endswith("(")}
    functions = {source.rstrip("( ").strip('"') for source in sources if source != "(" and source.endswith("(")}
    return (
        tables <= columns_of_tables().keys()
        and functions <= FUNCTIONS
        and not names & other_tables()
        and not any(name.startswith(("pg_", "sqlite_", "information_schema")) for name in names)
        and not any((table, column) in unlogged() for each in reads for table in each for column in each[table])
    )


@lru_cache(maxsize=512)
def reads_of(text: object) -> Reads:
    """What a statement depends on that nobody knows more of."""
    if not isinstance(text, str):
        return UNKNOWN
    tables = columns_of_tables().keys() & names_in(text).keys()
    whole = named(text, tables)
    return Reads(whole) if is_followed(text, [whole]) else UNKNOWN


def reads_of_rows(text: str, keyed: Iterable[str], choice: str = "", chosen: Iterable[str] = ()) -> Reads:
    """What a statement depends on that shows rows of which the keys are recorded.

    `keyed` has the table of each alias with such rows. The part `choice` of the text selects and orders rows of the
    tables `chosen`. A table that the text names elsewhere, too, counts as a whole."""
    names, aliases, chooses = names_in(text), Counter(keyed), names_in(choice)
    tables = columns_of_tables().keys() & names.keys()
    read = {table for table in tables if names[table] > aliases[table] + chooses[table]}
    whole = named(choice, {*chosen, *(tables & chooses.keys())}) | named(text, read)
    shown = named(text, aliases)
    return Reads(whole, shown) if is_followed(text, [whole, shown]) else UNKNOWN
