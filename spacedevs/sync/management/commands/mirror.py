from argparse import ArgumentTypeError
from datetime import timedelta
from time import sleep

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from spacedevs.dataset import sample
from spacedevs.dataset.models import Mirror
from spacedevs.db.locks import Lock, Taken, held
from spacedevs.statistics.origin import IMPORTED, choose
from spacedevs.sync.console import one_line, report, table
from spacedevs.sync.mirroring.endpoint_reader import pages_left
from spacedevs.sync.mirroring.mirror import Mirroring, paths
from spacedevs.sync.mirroring.upstream import LIMIT, Budget, Unavailable, Upstream, complaint
from spacedevs.wording import counted

PAUSE = 300  # seconds until an upstream that failed, or has been read through, is asked again
MAX_NAMED = 3  # of the endpoints that failed
SAMPLE = (
    "This database holds the sample data: upstream's astronauts, rockets and launches would stand beside those of the "
    "sample. Begin with an empty one (prepare --empty), delete the sample (--drop-sample), or keep it (--keep-sample)."
)
CHANGED = (
    "This database holds more than the sample as it was loaded, so nothing was deleted: begin with an empty one "
    "(prepare --empty), or keep what is here (--keep-sample)."
)


def calls(text) -> int:
    """A number of calls as it is typed."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ArgumentTypeError(f"{text!r} is no whole number from 0 on")
    return int(text)


def ago(moment) -> str:
    return f"{timezone.now() - moment}".partition(".")[0] if moment else "never"


class Command(BaseCommand):
    help = "Copy the data of Launch Library 2, or of another Softdock, and keep them up to date."

    def add_arguments(self, parser):
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--once", action="store_true", help="Read everything, or what changed, then exit (default).")
        what.add_argument("--watch", action="store_true", help="Keep running.")
        what.add_argument("--status", action="store_true", help="Show what is mirrored and how old it is.")
        what.add_argument(
            "--forget-wait",
            action="store_true",
            help="Forget how long to wait and which requests were made, then exit.",
        )
        samples = parser.add_mutually_exclusive_group()
        samples.add_argument(
            "--keep-sample", action="store_true", help="Keep the sample data and add upstream's records."
        )
        samples.add_argument(
            "--drop-sample", action="store_true", help="First delete the sample data, if nobody has changed them."
        )
        parser.add_argument(
            "--from", dest="base", default=settings.UPSTREAM, metavar="URL", help="Upstream (default: %(default)s)."
        )
        parser.add_argument("--token", default=settings.UPSTREAM_TOKEN, help="The API token for upstream.")
        parser.add_argument(
            "--endpoints",
            type=lambda text: text.split(","),
            metavar="A,B",
            help="Only these, such as 'launches,config/orbits'.",
        )
        parser.add_argument(
            "--budget",
            type=calls,
            default=LIMIT,
            metavar="N",
            help="Requests per hour; 0 for no limit (default: %(default)s).",
        )
        parser.add_argument(
            "--delete", action="store_true", help="Delete rows gone upstream (default: only mark them)."
        )

    def handle(self, *, base, token, endpoints, budget, delete, watch, status, **options):
        chosen = [path for path in paths() if not endpoints or path in endpoints]
        if unknown := set(endpoints or ()) - set(chosen):
            raise CommandError(f"There is no endpoint {', '.join(sorted(unknown))}.", returncode=2)
        if wrong := complaint(base, token):
            raise CommandError(wrong, returncode=2)
        base = base.rstrip("/")
        if status:
            return self.tell_status(Mirror.objects.filter(base=base).first() or Mirror(base=base), budget)
        try:
            with held(Lock.MIRROR):
                if options["forget_wait"]:
                    return self.forget_wait(base)
                if not Mirror.objects.filter(base=base).exists():
                    self.make_way(options["keep_sample"], options["drop_sample"])
                self.mirror(base, token, chosen, budget, delete, watch)
        except Taken:
            raise CommandError("Another mirror is at work on this database.") from None

    def forget_wait(self, base):
        Mirror.objects.filter(base=base).update(blocked_until=0, calls=[])
        self.say(f"Forgotten: until when {base} wants no call, and which calls were made.")

    def make_way(self, keep, drop):
        """Sees that no sample stands where an upstream's data are to come."""
        if keep or not sample.is_there():
            return
        if not drop:
            raise CommandError(SAMPLE, returncode=2)
        if not sample.is_untouched():
            raise CommandError(CHANGED, returncode=2)
        sample.delete()
        self.say("The sample data were deleted.")

    def mirror(self, base, token, chosen, limit, delete, watch):
        mirror, is_new = Mirror.objects.get_or_create(base=base)
        if is_new:  # later on it may have been chosen otherwise
            choose(IMPORTED)
        budget = Budget(mirror, limit, tell=self.say)
        with Upstream(base, token, budget) as upstream:
            run = Mirroring(mirror, upstream, chosen, delete, self.say)
            if watch:
                self.watch(run, token)
            try:
                if token:
                    upstream.learn_limits()
                run.once()
            except Unavailable as error:
                run.failed[""] = str(error)
        report(run.outcome, self.stdout, self.stderr)
        self.judge(run)

    def judge(self, run):
        """Ends with what went wrong, if anything did."""
        if run.failed:
            named = "; ".join(list(run.failed.values())[:MAX_NAMED])
            more = f"; and {len(run.failed) - MAX_NAMED} more" if len(run.failed) > MAX_NAMED else ""
            raise CommandError(one_line(f"Upstream fails: {named}{more}. Run this again to go on."))
        if run.outcome.refused or run.pages_refused:
            pages = f"{counted(run.pages_refused, 'page')} and " if run.pages_refused else ""
            records = counted(len(run.outcome.refused), "record was", "records were")
            raise CommandError(f"{pages}{records} refused.", returncode=2)

    def watch(self, run, token):
        is_known = not token  # what upstream grants
        going = run.watch(lambda: sleep(PAUSE))
        while True:
            try:
                if not is_known:
                    run.upstream.learn_limits()
                    is_known = True
                next(going)
            except Unavailable as error:
                self.say(f"Upstream fails: {error}. Trying again in {PAUSE} s.")
                sleep(PAUSE)
                going = run.watch(lambda: sleep(PAUSE))

    def say(self, text):
        self.stdout.write(one_line(text))
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
        calls = counted(left, "call is", "calls are")
        recent = len(Budget(mirror, limit).recent())
        self.stdout.write(f"{counted(recent, 'call')} in the last hour{f' of {limit}' if limit else ''}.")
        if not left:
            self.stdout.write("Complete.")
        elif limit:
            done = timezone.now() + timedelta(hours=left / limit)
            self.stdout.write(f"At least {calls} left until it is complete: about {done:%Y-%m-%d %H:%M} UTC.")
        else:
            self.stdout.write(f"At least {calls} left until it is complete.")
