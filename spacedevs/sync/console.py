"""Output of commands, for terminals and for logs."""

import re
from collections import defaultdict

from rich.console import Console
from rich.table import Table

from spacedevs.wording import counted

FATES = "created", "changed", "unchanged", "refused"
CONTROLS = re.compile("[\x00-\x20\x7f-\xa0\u2028\u2029]+")  # and blanks
MAX_LINE_LENGTH = 4_000  # characters of a line
MAX_UNKNOWN = 100  # fields that are named one by one


def one_line(text) -> str:
    """A text as one line without control characters."""
    line = CONTROLS.sub(" ", str(text)).strip()
    return line if len(line) <= MAX_LINE_LENGTH else f"{line[:MAX_LINE_LENGTH]}…"


def console(stream) -> Console:
    """A rich console; only a terminal gets colours and wrapped lines."""
    is_terminal = stream.isatty()
    return Console(file=stream, force_terminal=is_terminal, width=None if is_terminal else 1000, soft_wrap=True)


def table(stream, columns, rows):
    """Prints a table with the first column left-aligned and numbers right-aligned."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        shown.add_column(column, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        shown.add_row(*map(str, row))
    console(stream).print(shown)


def report(outcome, stream, errors):
    """Prints the outcome of an import: refused records, unknown fields, and a table of rows by kind."""
    for (kind, name), count in sorted(outcome.unknown.items())[:MAX_UNKNOWN]:
        errors.write(one_line(f"{kind}.{name} is unknown and was ignored ({counted(count, 'time')})."))
    if (more := len(outcome.unknown) - MAX_UNKNOWN) > 0:
        errors.write(f"{counted(more, 'more unknown field was', 'more unknown fields were')} ignored.")
    for refusal in outcome.refused:
        errors.write(one_line(f"Refused: {refusal}"))
    kinds = defaultdict(dict)
    for (kind, fate), count in outcome.rows.items():
        kinds[kind][fate] = count
    if kinds:
        rows = [[kind, *(fates.get(fate, 0) for fate in FATES)] for kind, fates in sorted(kinds.items())]
        table(stream, ["", *FATES], rows)
    else:
        stream.write("There was nothing to import.")
