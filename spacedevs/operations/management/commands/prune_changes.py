"""Deletes old entries of the change log, once or regularly."""

from time import sleep, time

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from spacedevs.db.change_log.reading import prune
from spacedevs.wording import counted

DAY, HOUR = 86_400, 3_600  # seconds
BREATH = 0.05  # seconds between batches, in which others write


class Command(BaseCommand):
    help = "Delete the entries of the change log that are older than SPACEDEVS_CHANGES_KEEP days, in small batches."

    def add_arguments(self, parser):
        parser.add_argument("--watch", action="store_true", help="repeat it every hour")
        parser.add_argument("--days", type=float, default=settings.CHANGES_KEEP, help="days to keep")

    def handle(self, *, watch, days, **options):
        if not 0 <= days < 10**6:
            raise CommandError("--days must be a number of at least 0.", returncode=2)
        while True:
            number = 0
            for gone in prune(time() - days * DAY):
                number += gone
                sleep(BREATH)
            if number or not watch:
                self.stdout.write(f"Deleted {counted(number, 'entry', 'entries')} of the change log.")
            if not watch:
                return
            sleep(HOUR)
