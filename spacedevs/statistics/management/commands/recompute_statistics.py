from datetime import datetime, timedelta

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from rest_framework import serializers

from spacedevs.db import pending
from spacedevs.statistics.origin import DERIVED, IMPORTED, choose
from spacedevs.statistics.recompute import recompute
from spacedevs.statistics.registry import statistics
from spacedevs.wording import counted, duration

MAX_TOLD = 20  # of the rows of a table that are wrong

AS_SHOWN = {timedelta: duration, datetime: serializers.DateTimeField().to_representation}


class Command(BaseCommand):
    help = "Recompute all statistics from the rows here, and switch from imported to derived statistics."

    def add_arguments(self, parser):
        parser.add_argument(
            "--check", action="store_true", help="Change nothing, and report what is wrong (exit code 1)."
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
        rows = counted(statistic.model._base_manager.count(), "row")
        self.say(f"{statistic.title}: {number:,} of {rows} {'was' if number == 1 else 'were'} wrong.")

    def say(self, text):
        self.stdout.write(text)
        self.stdout.flush()

    def tell_wrong(self):
        if left := pending.count():
            about = "of figures and search texts that have to follow a change"
            self.say(f"{counted(left, f'note {about} is', f'notes {about} are')} pending.")
        count = 0
        for each in statistics():
            wrong = each.wrong()
            count += len(wrong)
            for key, *values in wrong[:MAX_TOLD]:
                stored, right = values[: len(each.figures)], values[len(each.figures) :]
                told = [
                    f"{name} is {as_shown(each.model, name, was)}, not {as_shown(each.model, name, should)}"
                    for name, was, should in zip(each.figures, stored, right, strict=True)
                    if was != should
                ]
                self.say(f"{each.model._meta.label} {key}: {'; '.join(told)}")
            if len(wrong) > MAX_TOLD:
                self.say(f"{each.model._meta.label}: {counted(len(wrong) - MAX_TOLD, 'row')} more.")
        if count:
            rows = counted(count, "row has", "rows have")
            raise CommandError(f"{rows} wrong figures: recompute_statistics puts them right.", returncode=1)
        self.say("All figures are right.")


def as_shown(model, name, value):
    """A figure, as the driver of a database reads it, in the way in which the API shows it."""
    column = model._meta.get_field(name).get_col(model._meta.db_table)
    for convert in (*connection.ops.get_db_converters(column), *column.get_db_converters(connection)):
        value = convert(value, column, connection)
    shown = AS_SHOWN.get(type(value))
    return shown(value) if shown else value
