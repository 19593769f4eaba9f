import os
from contextlib import suppress
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from spacedevs.db.snapshots import snapshot
from spacedevs.sync.exporting.dump_views import make
from spacedevs.sync.exporting.jsonl import export, files
from spacedevs.sync.importing.json_stream import STANDARD_INPUT as STANDARD_OUTPUT
from spacedevs.wording import counted


class Command(BaseCommand):
    help = "Write the data as JSON lines, one file per endpoint, for import_ll2."

    def add_arguments(self, parser):
        parser.add_argument(
            "folder", nargs="?", type=Path, help="The folder to write to; - writes one endpoint to standard output."
        )
        parser.add_argument(
            "--endpoints",
            type=lambda text: text.split(","),
            metavar="A,B",
            help="Only these endpoints, for example 'launches,config/orbits'.",
        )
        parser.add_argument("--gzip", action="store_true", help="Compress the files.")
        parser.add_argument("--offer", action="store_true", help="Make the files of /2.3.0/dump/ instead.")

    def handle(self, *, folder, endpoints, gzip, offer, **options):
        if offer:
            with suppress(OSError):  # requests have priority over the export, if the system supports it
                os.nice(10)
            return make()
        if unknown := set(endpoints or ()) - files().keys():
            raise CommandError(f"Unknown endpoint: {', '.join(sorted(unknown))}.", returncode=2)
        if folder is None or (str(folder) == STANDARD_OUTPUT and len(endpoints or ()) != 1):
            raise CommandError("Name a folder, or one endpoint (--endpoints) and - for standard output.", returncode=2)
        if str(folder) == STANDARD_OUTPUT:
            with snapshot():
                for line in files()[endpoints[0]]():
                    self.stdout.write(line.decode(), ending="")
            return None
        with snapshot():
            for written in export(folder, endpoints, gzip):
                self.stdout.write(
                    f"{written.file}: {counted(written.records, 'record')}, {counted(written.bytes, 'byte')}"
                )
        return None
