from time import sleep

from django.core.management.base import BaseCommand, CommandError

from spacedevs.db.locks import Lock, Taken, held
from spacedevs.sync.console import one_line
from spacedevs.sync.images import UNSTORED, Fetcher, move, wanted
from spacedevs.wording import counted

UNSTORED_IN_A_ROW = 10  # downloaded images that could not be stored, until the command gives up


class Command(BaseCommand):
    help = "Copy images into this server's storage; a second run resumes."

    def add_arguments(self, parser):
        parser.add_argument("--most", type=int, help="Copy at most this number of images.")
        parser.add_argument("--most-mb", type=int, default=10, help="Skip larger images (default: %(default)s).")
        parser.add_argument(
            "--rate", type=float, default=2, help="Images per second (default: %(default)s); 0 for no limit."
        )
        parser.add_argument("--again", action="store_true", help="Retry images that failed before.")
        parser.add_argument("--anywhere", action="store_true", help="Also fetch from private addresses.")

    def handle(self, *, most, most_mb, rate, again, anywhere, **options):
        try:
            with held(Lock.FETCH_IMAGES):
                move()
                self.fetch(Fetcher(most_mb * 2**20, anywhere), list(wanted(again))[:most], rate)
        except Taken:
            raise CommandError("Another process is fetching images.") from None

    def fetch(self, fetcher, addresses, rate):
        failures = unstored = 0
        for number, given in enumerate(addresses, 1):
            picture = fetcher.fetch(given)
            failures += bool(picture.failure)
            unstored = unstored + 1 if picture.failure.startswith(UNSTORED) else 0
            about = f"{number} of {len(addresses)}: {given} {picture.failure or '-> ' + picture.name}"
            self.stdout.write(one_line(about))
            if unstored == UNSTORED_IN_A_ROW:
                raise CommandError(
                    f"{counted(unstored, 'image')} in a row {picture.failure}. Run this command again to resume."
                )
            if rate:
                sleep(1 / rate)
        self.stdout.write(f"{len(addresses) - failures} copied, {failures} failed.")
