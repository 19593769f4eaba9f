from collections import defaultdict
from contextlib import nullcontext
from itertools import islice

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from spacedevs.api.registry import VERSION
from spacedevs.api.serializers import components, name_of
from spacedevs.db import pending
from spacedevs.statistics.origin import IMPORTED, choose, is_empty
from spacedevs.sync.console import console, report
from spacedevs.sync.importing.json_stream import OtherVersion, Unreadable, files, read
from spacedevs.sync.importing.outcome import Outcome
from spacedevs.sync.importing.record_queue import Intake
from spacedevs.wording import counted

# Records per transaction. So a killed import leaves only complete records, memory is bounded for files of any size,
# and other writers do not wait long. A file need not be atomic, since it can be imported again.
CHUNK = 250
BAR = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()


class Command(BaseCommand):
    help = "Import recorded responses of Launch Library 2: records, arrays of records, list pages, JSON lines."

    def add_arguments(self, parser):
        parser.add_argument(
            "paths", nargs="+", metavar="PATH", help="Files, gzipped or not; folders of them; - for standard input."
        )
        parser.add_argument(
            "--component", help="The component of the records, for example 'Orbit', if it cannot be recognised."
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Report what would change without writing anything."
        )

    def handle(self, *args, paths, component, dry_run, **options):
        if component and component not in map(name_of, components()):
            raise CommandError(f"Unknown component {component!r}.", returncode=2)
        self.outcome, self.unreadable, self.others = Outcome(), [], defaultdict(list)
        # Later records may depend on earlier ones: so a dry run is one transaction, which is rolled back.
        with transaction.atomic() if dry_run else nullcontext():
            if is_empty():  # the data are not the user's own, or the imported figures are right
                choose(IMPORTED)
            with pending.postponed():
                self.take_in([file for path in paths for file in files(path)], Intake(component))
            if dry_run:
                transaction.set_rollback(True)
        if not dry_run:
            pending.settle()  # once, for all that was imported
        report(self.outcome, self.stdout, self.stderr)
        if dry_run:
            self.stdout.write("Nothing was written.")
        for why in self.unreadable:
            self.stderr.write(why)
        for version, (path, *more) in self.others.items():
            which = f"{path} and {counted(len(more), 'more file')}" if more else path
            are = "these are responses" if more else "this is a response"
            self.stderr.write(f"{which}: {are} of LL2 {version}; only responses of LL2 {VERSION} can be imported.")
        unread = len(self.unreadable) + sum(map(len, self.others.values()))
        if unread or self.outcome.refused:
            refused = counted(len(self.outcome.refused), "record was", "records were")
            ends = "file could not be read to its end", "files could not be read to their end"
            raise CommandError(f"{refused} refused, {counted(unread, *ends)}.", returncode=2)

    def take_in(self, paths, intake):
        found = self.records(paths)
        while chunk := list(islice(found, CHUNK)):
            self.outcome.add(intake.take(chunk))
        self.outcome.add(intake.end())

    def records(self, paths):
        """All records of these files, with a progress bar."""
        sizes = [path.stat().st_size if path.is_file() else 0 for path in paths]
        is_shown = self.stdout.isatty()
        with Progress(*BAR, console=console(self.stdout), disable=not is_shown, transient=True) as progress:
            bar = progress.add_task("", total=sum(sizes) or None)
            for number, path in enumerate(paths):
                progress.update(bar, description=path.name)
                before, count = sum(sizes[:number]), 0
                try:
                    for position, record in read(path):
                        yield record
                        count += 1
                        progress.update(bar, completed=before + position)
                except OtherVersion as other:
                    self.others[other.version].append(path)
                except Unreadable as why:
                    self.unreadable.append(str(why))
                if not is_shown and len(paths) > 1:
                    self.stdout.write(f"{path}: {counted(count, 'record')}")
