from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from spacedevs.operations.backup.archives import Damaged
from spacedevs.operations.backup.backups import restore
from spacedevs.operations.cli_errors import words


class Command(BaseCommand):
    help = "Restore a backup. Stop the server and the mirror first."
    requires_system_checks = []  # the backup may fix what they report

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="Replace existing data.")

    def handle(self, *, file, replace, **options):
        try:
            about = restore(file, replace)
        except Damaged as error:
            raise CommandError(f"{file} is not a backup or is damaged: {error}.", returncode=2) from error
        except DatabaseError as error:
            raise CommandError(f"The database failed: {words(error)}") from error
        self.stdout.write(f"Restored the backup of {about['made']} from release {about['release']}.")
