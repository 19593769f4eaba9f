from django.conf import settings
from django.core.management import BaseCommand, CommandError

from spacedevs.db.locks import Taken
from spacedevs.operations.pruning import prune
from spacedevs.wording import counted


class Command(BaseCommand):
    help = "Delete old entries of the change log and old deliveries of webhooks; `serve` does it every hour."

    def add_arguments(self, parser):
        parser.add_argument(
            "--days", type=float, default=settings.CHANGES_KEEP, help="Days to keep (default: %(default)s)."
        )

    def handle(self, *, days, **options):
        if not 0 <= days < 10**6:
            raise CommandError("--days must be a number of at least 0.", returncode=2)
        try:
            entries, deliveries = prune(days)
        except Taken:
            raise CommandError("Another process is pruning.") from None
        about = f"{counted(entries, 'entry', 'entries')} of the change log"
        self.stdout.write(f"Deleted {about} and {counted(deliveries, 'delivery', 'deliveries')}.")
