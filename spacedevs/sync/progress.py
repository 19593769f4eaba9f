"""Progress of slow tasks: a bar on a terminal, otherwise one line at the start."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(out, what: str, total: float) -> Iterator[Callable[[float], None]]:
    """Prints the task, and yields a function that reports progress."""
    if not out.isatty():
        out.write(what)
        out.flush()
        yield lambda done: None
        return
    from rich.progress import Progress  # noqa: PLC0415 - a server has no use for it, and its workers would hold it

    from .console import console  # noqa: PLC0415

    with Progress(console=console(out)) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)
        bar.update(task, completed=total)
