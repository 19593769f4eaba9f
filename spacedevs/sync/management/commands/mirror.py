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
from spacedevs.sync.mirroring.mirror import PAUSE, Mirroring, paths
from spacedevs.sync.mirroring.upstream import LIMIT, Budget, Unavailable, Upstream, complaint
from spacedevs.wording import counted

MAX_NAMED = 3  # failed endpoints in the message
SAMPLE = (
    "This database contains the sample data; upstream's astronauts, rockets and launches would be duplicates of the "
    "sample's. Use an empty database (prepare --empty), delete the sample (--drop-sample), or keep it (--keep-sample)."
)
CHANGED = (
    "This database contains more than the unchanged sample, so nothing was deleted: use an empty database "
    "(prepare --empty), or keep the data (--keep-sample)."
)


def calls(text) -> int:
    """An argparse type: a number of requests."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def ago(moment) -> str:
    return f"{timezone.now() - moment}".partition(".")[0] if moment else "never"


class Command(BaseCommand):
    help = "Copy the data of Launch Library 2, or of another Softdock, and keep them up to date."

    def add_arguments(self, parser):
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--once", action="store_true", help="Read everything or the changes, then exit (default).")
        what.add_argument("--watch", action="store_true", help="Keep running.")
        what.add_argument("--status", action="store_true", help="Show what is mirrored and how old it is.")
        what.add_argument(
            "--forget-wait",
            action="store_true",
            help="Forget waiting times and counted requests, then exit.",
        )
        samples = parser.add_mutually_exclusive_group()
        samples.add_argument(
            "--keep-sample", action="store_true", help="Keep the sample data beside upstream's records."
        )
        samples.add_argument(
            "--drop-sample", action="store_true", help="Delete the sample data first, if they are unchanged."
        )
        parser.add_argument(
            "--from", dest="base", default=settings.UPSTREAM, metavar="URL", help="Upstream (default: %(default)s)."
        )
        parser.add_argument("--token", default=settings.UPSTREAM_TOKEN, help="The API token for upstream.")
        parser.add_argument(
            "--endpoints",
            type=lambda text: text.split(","),
            metavar="A,B",
            help="Only these endpoints, for example 'launches,config/orbits'.",
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
            raise CommandError(f"Unknown endpoint: {', '.join(sorted(unknown))}.", returncode=2)
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
            raise CommandError("Another mirror process uses this database.") from None

    def forget_wait(self, base):
        Mirror.objects.filter(base=base).update(blocked_until=0, calls=[])
        self.say(f"Forgot the waiting time and the counted requests of {base}.")

    def make_way(self, keep, drop):
        """Refuses to mirror into a database with the sample data."""
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
        if is_new:  # later the user may have chosen otherwise
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
        """Raises an error if anything failed."""
        if run.failed:
            named = "; ".join(list(run.failed.values())[:MAX_NAMED])
            more = f"; and {len(run.failed) - MAX_NAMED} more" if len(run.failed) > MAX_NAMED else ""
            raise CommandError(one_line(f"Upstream fails: {named}{more}. Run this command again to resume."))
        if run.outcome.refused or run.pages_refused:
            pages = f"{counted(run.pages_refused, 'page')} and " if run.pages_refused else ""
            records = counted(len(run.outcome.refused), "record was", "records were")
            raise CommandError(f"{pages}{records} refused.", returncode=2)

    def watch(self, run, token):
        is_known = not token  # whether the limits of upstream are known
        going = run.watch(sleep)
        while True:
            try:
                if not is_known:
                    run.upstream.learn_limits()
                    is_known = True
                next(going)
            except Unavailable as error:
                self.say(f"Upstream fails: {error}. Retrying in {PAUSE} s.")
                sleep(PAUSE)
                going = run.watch(sleep)

    def say(self, text):
        self.stdout.write(one_line(text))
        self.stdout.flush()

    def tell_status(self, mirror, limit):
        states = list(mirror.endpoints.select_related("mirror").order_by("id")) if mirror.pk else []
        rows = [
            [
                state.path,
                state.rows.filter(vanished=None).count(),
                "?" if state.count is None else state.count,
                state.rows.exclude(vanished=None).count(),
                ago(state.full_ended),
                ago(state.current),
            ]
            for state in states
        ]
        table(self.stdout, ["", "here", "upstream", "vanished", "complete, age", "current, age"], rows)
        if mirror.cursor:
            is_known = all(state.full_ended for state in states)
            about = f"lag {ago(mirror.followed)}" if is_known else "once everything is here"
            self.stdout.write(f"Follows upstream's changes: {about}, cursor {ago(mirror.cursor_read)} old.")
        left = sum(map(pages_left, states)) + len(paths()) - len(states)
        calls = counted(left, "request is", "requests are")
        recent = len(Budget(mirror, limit).recent())
        self.stdout.write(f"{counted(recent, 'request')} in the last hour{f' of {limit}' if limit else ''}.")
        if not left:
            self.stdout.write("Complete.")
        elif limit:
            done = timezone.now() + timedelta(hours=left / limit)
            self.stdout.write(f"At least {calls} left: complete at about {done:%Y-%m-%d %H:%M} UTC.")
        else:
            self.stdout.write(f"At least {calls} left.")
