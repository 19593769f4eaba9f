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

MAX_TOLD = 20  # wrong rows that are listed for each table

AS_SHOWN: dict[type, Callable[[Any], str | None]] = {
    timedelta: duration,
    datetime: serializers.DateTimeField().to_representation,
}


class Command(BaseCommand):
    help = "Recompute all statistics from the rows here, and switch from imported to derived statistics."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="Report wrong statistics without changing them; exit code 1 if there are any.",
        )

    def handle(self, *, check: bool, **options: Any) -> None:
        if check:
            self.tell_wrong()
            return
        if settings.STATISTICS == IMPORTED:
            raise CommandError("STATISTICS=imported: statistics stay as imported.", returncode=2)
        choose(DERIVED)
        recompute(tell=self.tell)
        pending.settle()  # search texts may be pending too

    def tell(self, statistic: Statistic, number: int) -> None:
        rows = counted(statistic.model._base_manager.count(), "row")
        self.say(f"{statistic.title}: {number:,} of {rows} {'was' if number == 1 else 'were'} wrong.")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def tell_wrong(self) -> None:
        if left := pending.count():
            about = "of statistics and search texts"
            self.say(f"{counted(left, f'update {about} is', f'updates {about} are')} pending.")
        count = 0
        for each in statistics():
            wrong = each.wrong()
            count += len(wrong)
            for key, *values in wrong[:MAX_TOLD]:
                stored, right = values[: len(each.figures)], values[len(each.figures) :]
                differences = [
                    f"{name} is {as_shown(each.model, name, was)}, not {as_shown(each.model, name, should)}"
                    for name, was, should in zip(each.figures, stored, right, strict=True)
                    if was != should
                ]
                self.say(f"{each.model._meta.label} {key}: {'; '.join(differences)}")
            if len(wrong) > MAX_TOLD:
                self.say(f"{each.model._meta.label}: {counted(len(wrong) - MAX_TOLD, 'row')} more.")
        if count:
            rows = counted(count, "row has", "rows have")
            raise CommandError(f"{rows} wrong statistics: run recompute_statistics to correct them.", returncode=1)
        self.say("All statistics are right.")


def as_shown(model: Model, name: str, value: Any) -> Any:
    """A figure from the database driver, formatted as in the API."""
    convert = conversion(column_of(model, name))
    value = convert(value) if convert else value
    show = AS_SHOWN.get(type(value))
    return show(value) if show else value
