from datetime import timedelta
from time import sleep

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from spacedevs.api.locks import Taken, held
from spacedevs.api.mirror import Mirroring, pages_left, paths
from spacedevs.api.models import Mirror
from spacedevs.api.reports import report, table
from spacedevs.api.statistics import IMPORTED, choose
from spacedevs.api.upstream import LIMIT, Budget, Passing, Rejected, Upstream

PAUSE = 300  # seconds until an upstream that failed, or has been read through, is asked again


def ago(moment) -> str:
    return f"{timezone.now() - moment}".partition(".")[0] if moment else "never"


class Command(BaseCommand):
    help = "Copies the data of Launch Library 2, or of another server like this one, and keeps them up to date."

    def add_arguments(self, parser):
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--once", action="store_true", help="Read everything, or what changed, and end (default).")
        what.add_argument("--watch", action="store_true", help="Go on for ever.")
        what.add_argument("--status", action="store_true", help="Say what is mirrored and how old it is.")
        parser.add_argument(
            "--from", dest="base", default=settings.UPSTREAM, metavar="URL", help="Upstream (default: %(default)s)."
        )
        parser.add_argument("--token", default=settings.UPSTREAM_TOKEN, help="What upstream knows us by.")
        parser.add_argument(
            "--endpoints", type=lambda text: text.split(","), metavar="A,B", help="As 'launches,config/orbits'."
        )
        parser.add_argument(
            "--budget",
            type=int,
            default=LIMIT,
            metavar="N",
            help="Calls an hour; 0 for any (default: %(default)s).",
        )
        parser.add_argument("--delete", action="store_true", help="Delete what has vanished upstream.")

    def handle(self, *, base, token, endpoints, budget, delete, watch, status, **options):
        chosen = [path for path in paths() if not endpoints or path in endpoints]
        if unknown := set(endpoints or ()) - set(chosen):
            raise CommandError(f"There is no endpoint {', '.join(sorted(unknown))}.", returncode=2)
        base = base.rstrip("/")
        if status:
            return self.tell_status(Mirror.objects.filter(base=base).first() or Mirror(base=base), budget)
        try:
            with held("mirror"):
                self.mirror(base, token, chosen, budget, delete, watch)
        except Taken:
            raise CommandError("Another mirror is at work on this database.") from None

    def mirror(self, base, token, chosen, limit, delete, watch):
        mirror, is_new = Mirror.objects.get_or_create(base=base)
        if is_new:  # later on it may have been chosen otherwise
            choose(IMPORTED)
        budget = Budget(mirror, limit, tell=self.say)
        with Upstream(base, token, budget) as upstream:
            if token:
                upstream.learn_limits()
            run = Mirroring(mirror, upstream, chosen, delete, self.say)
            if watch:
                self.watch(run)
            try:
                run.once()
            except (Passing, Rejected, httpx.TransportError) as error:
                report(run.outcome, self.stdout, self.stderr)
                raise CommandError(f"Upstream fails: {error}. Run this again to go on.") from error
        report(run.outcome, self.stdout, self.stderr)
        if run.outcome.refused:
            raise CommandError(f"{len(run.outcome.refused)} records were refused.", returncode=2)

    def watch(self, run):
        going = run.watch(lambda: sleep(PAUSE))
        while True:
            try:
                next(going)
            except (Passing, Rejected, httpx.TransportError) as error:
                self.say(f"Upstream fails: {error}. Trying again in {PAUSE} s.")
                sleep(PAUSE)
                going = run.watch(lambda: sleep(PAUSE))

    def say(self, text):
        self.stdout.write(text)
        self.stdout.flush()

    def tell_status(self, mirror, limit):
        states = list(mirror.endpoints.order_by("id")) if mirror.pk else []
        rows = [
            [
                state.path,
                state.rows.filter(vanished=None).count(),
                "?" if state.count is None else state.count,
                state.rows.exclude(vanished=None).count(),
                ago(state.full_ended),
                ago(state.ended),
            ]
            for state in states
        ]
        table(self.stdout, ["", "here", "upstream", "vanished", "complete, age", "current, age"], rows)
        left = sum(map(pages_left, states)) + len(paths()) - len(states)
        recent = len(Budget(mirror, limit).recent())
        self.stdout.write(f"{recent} calls in the last hour{f' of {limit}' if limit else ''}.")
        if not left:
            self.stdout.write("Complete.")
        elif limit:
            done = timezone.now() + timedelta(hours=left / limit)
            self.stdout.write(f"At least {left} calls are left until it is complete: about {done:%Y-%m-%d %H:%M} UTC.")
        else:
            self.stdout.write(f"At least {left} calls are left until it is complete.")
