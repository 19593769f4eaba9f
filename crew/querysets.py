from datetime import UTC, datetime, time, timedelta

from django.db import models
from django.db.models import F
from django.db.models.functions import Coalesce


class Today(models.Func):
    """The day that it is, UTC, by the clock of the database."""

    template = "CURRENT_DATE"
    output_field = models.DateField()
    arity = 0


class Years(models.Func):
    """The whole years from one day to a later one."""

    output_field = models.IntegerField()
    arity = 2

    def as_postgresql(self, compiler, connection):
        (start, given), (end, more) = map(compiler.compile, self.source_expressions)
        return f"EXTRACT(YEAR FROM age({end}, {start}))::integer", (*more, *given)

    def as_sqlite(self, compiler, connection):
        (start, given), (end, more) = map(compiler.compile, self.source_expressions)
        years = f"substr({end}, 1, 4) - substr({start}, 1, 4)"
        return f"({years} - (substr({end}, 6) < substr({start}, 6)))", (*more, *given, *more, *given)


class AstronautManager(models.Manager):
    """Astronauts with their age: as it was recorded, or else of today or of the day of their death."""

    age = Coalesce(F("recorded_age"), Years(F("date_of_birth"), Coalesce(F("date_of_death"), Today())))

    def get_queryset(self):
        return super().get_queryset().annotate(age=self.age)

    def changes_at(self):
        """When somebody may be a year older than now: the next day."""
        return datetime.combine(datetime.now(UTC).date() + timedelta(days=1), time(), UTC)
