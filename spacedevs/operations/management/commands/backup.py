from datetime import UTC, datetime
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from spacedevs.operations.backup.backups import backup
from spacedevs.wording import counted


class Command(BaseCommand):
    help = "Write the database and the images into one file, also while the server runs."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="The file, or a folder for a file that is named by the time.")

    def handle(self, *, file, **options):
        if file.is_dir():
            file /= f"spacedevs-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar.gz"
        if file.exists():
            raise CommandError(f"{file} is there already.")
        backup(file)
        self.stdout.write(f"{file}: {counted(file.stat().st_size, 'byte')}")
