from django.core.management.base import BaseCommand

from spacedevs.changes.webhooks import delivering


class Command(BaseCommand):
    help = "Send the messages of webhooks that are due."

    def add_arguments(self, parser):
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--once", action="store_true", help="Send what is due, then exit (default).")
        what.add_argument("--watch", action="store_true", help="Keep running.")

    def handle(self, *, watch, **options):
        if watch:
            delivering.watch()
        else:
            delivering.once()
