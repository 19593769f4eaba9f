from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rest_framework import serializers

from spacedevs.db import pending
from spacedevs.db.bulk import conversion
from spacedevs.db.paths import column_of
from spacedevs.statistics.origin import DERIVED, IMPORTED, choose
from spacedevs.statistics.recompute import recompute
from spacedevs.statistics.registry import Model, Statistic, statistics
from spacedevs.wording import counted, duration

MAX_TOLD = 20  # of the rows of a table that are wrong

AS_SHOWN: dict[type, Callable[[Any], str | None]] = {
    timedelta: duration,
    datetime: serializers.DateTimeField().to_representation,
}


class Command(BaseCommand):
    help = "Recompute all statistics from the rows here, and switch from imported to derived statistics."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="Change nothing, and report what is wrong (exit code 1)."
        )

    def handle(self, *, check: bool, **options: Any) -> None:
        if check:
            self.tell_wrong()
            return
        if settings.STATISTICS == IMPORTED:
            raise CommandError("STATISTICS=imported: figures stay what they were told.", returncode=2)
        choose(DERIVED)
        recompute(tell=self.tell)
        pending.settle()  # search texts, which may be pending as well

    def tell(self, statistic: Statistic, number: int) -> None:
        rows = counted(statistic.model._base_manager.count(), "row")
        self.say(f"{statistic.title}: {number:,} of {rows} {'was' if number == 1 else 'were'} wrong.")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def tell_wrong(self) -> None:
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


def as_shown(model: Model, name: str, value: Any) -> Any:
    """A figure, as the driver of a database reads it, in the way in which the API shows it."""
    convert = conversion(column_of(model, name))
    value = convert(value) if convert else value
    show = AS_SHOWN.get(type(value))
    return show(value) if show else value
