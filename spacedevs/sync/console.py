"""What a command says at its end, and while it is at it: for people at a terminal, and for whoever reads its log."""

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
    """A text as one line that does nothing to a terminal, whoever wrote what is in it."""
    line = CONTROLS.sub(" ", str(text)).strip()
    return line if len(line) <= MAX_LINE_LENGTH else f"{line[:MAX_LINE_LENGTH]}…"


def console(stream) -> Console:
    """Where to print to; only a terminal is given colours, and lines as short as it is narrow."""
    is_terminal = stream.isatty()
    return Console(file=stream, force_terminal=is_terminal, width=None if is_terminal else 1000, soft_wrap=True)


def table(stream, columns, rows):
    """Prints a table: the first column to the left, numbers to the right."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        shown.add_column(column, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        shown.add_row(*map(str, row))
    console(stream).print(shown)


def report(outcome, stream, errors):
    """Says what became of records: what was refused or unknown by name, and a table of rows by kind."""
    for (kind, name), count in sorted(outcome.unknown.items())[:MAX_UNKNOWN]:
        errors.write(one_line(f"{kind}.{name} is unknown here and was left out ({counted(count, 'time')})."))
    if (more := len(outcome.unknown) - MAX_UNKNOWN) > 0:
        errors.write(f"{counted(more, 'more field is', 'more fields are')} unknown here and left out.")
    for refusal in outcome.refused:
        errors.write(one_line(f"Refused: {refusal}"))
    kinds = defaultdict(dict)
    for (kind, fate), count in outcome.rows.items():
        kinds[kind][fate] = count
    if kinds:
        rows = [[kind, *(fates.get(fate, 0) for fate in FATES)] for kind, fates in sorted(kinds.items())]
        table(stream, ["", *FATES], rows)
    else:
        stream.write("There was nothing to take in.")
