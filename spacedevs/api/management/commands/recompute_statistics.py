from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from spacedevs.api import pending
from spacedevs.api.statistics import DERIVED, IMPORTED, choose, recompute, statistics

MOST_TOLD = 20  # of the rows of a table that are wrong


class Command(BaseCommand):
    help = "Puts all figures right that follow from other rows; from then on they are derived, not imported."

    def add_arguments(self, parser):
        parser.add_argument(
            "--check", action="store_true", help="Change nothing, and say what is wrong (exit code 1)."
        )

    def handle(self, *, check, **options):
        if check:
            return self.tell_wrong()
        if settings.STATISTICS == IMPORTED:
            raise CommandError("STATISTICS=imported: figures stay what they were told.", returncode=2)
        choose(DERIVED)
        recompute(tell=self.tell)
        pending.settle()  # search texts, which may be pending as well

    def tell(self, statistic, number):
        self.say(f"{statistic.title}: {number} of {statistic.model._base_manager.count()} rows were wrong.")

    def say(self, text):
        self.stdout.write(text)
        self.stdout.flush()

    def tell_wrong(self):
        if left := pending.count():
            self.say(f"{left} notes of figures and search texts that have to follow a change are pending.")
        count = 0
        for each in statistics():
            wrong = each.wrong()
            count += len(wrong)
            for key, *values in wrong[:MOST_TOLD]:
                stored, right = values[: len(each.figures)], values[len(each.figures) :]
                told = [
                    f"{name} is {was}, not {should}"
                    for name, was, should in zip(each.figures, stored, right, strict=True)
                    if was != should
                ]
                self.say(f"{each.model._meta.label} {key}: {'; '.join(told)}")
            if len(wrong) > MOST_TOLD:
                self.say(f"{each.model._meta.label}: {len(wrong) - MOST_TOLD} rows more.")
        if count:
            raise CommandError(f"{count} rows have wrong figures: recompute_statistics puts them right.", returncode=1)
        self.say("All figures are right.")
