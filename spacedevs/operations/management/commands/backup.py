from datetime import UTC, datetime
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from spacedevs.operations.backup.backups import backup
from spacedevs.wording import counted


class Command(BaseCommand):
    help = "Write the database and the images to one file; the server may be running."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="The file, or a folder for a file named by the time.")

    def handle(self, *, file, **options):
        if file.is_dir():
            file /= f"spacedevs-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar.gz"
        if file.exists():
            raise CommandError(f"{file} exists already.")
        backup(file)
        self.stdout.write(f"{file}: {counted(file.stat().st_size, 'byte')}")
