from django.db import models
from django.db.models import Count, F
from django.db.models.functions import Coalesce

from spacedevs.db.clock import Ahead, Clocked, ClockManager, Ended, First, GoesOn, Lasting, change


def seated_twice(*crews):
    """Finds rows where a person has two seats in the same crew; the names are those of the crews' relations."""

    def among(rows):
        found = models.Q()
        for name in crews:
            field = rows.model._meta.get_field(name)
            owner, seat = field.m2m_field_name(), field.m2m_reverse_field_name()
            seats = field.remote_field.through.objects.values(owner, f"{seat}__astronaut")
            found |= models.Q(pk__in=seats.annotate(number=Count("pk")).filter(number__gt=1).values(owner))
        return rows.filter(found)

    return among


class Today(models.Func):
    """Today (UTC), by the clock of the database."""

    template = "CURRENT_DATE"
    output_field = models.DateField()
    arity = 0


class Years(models.Func):
    """The number of whole years between two days."""

    output_field = models.IntegerField()
    arity = 2

    def as_postgresql(self, compiler, connection):
        (start, given), (end, more) = map(compiler.compile, self.source_expressions)
        return f"EXTRACT(YEAR FROM age({end}, {start}))::integer", (*more, *given)

    def as_sqlite(self, compiler, connection):
        (start, given), (end, more) = map(compiler.compile, self.source_expressions)
        years = f"substr({end}, 1, 4) - substr({start}, 1, 4)"
        return f"({years} - (substr({end}, 6) < substr({start}, 6)))", (*more, *given, *more, *given)


class NextDay(Clocked):
    """When the age of a living person can change next: the start of the next day, in seconds since 1970.

    Its arguments are the imported age, the date of birth and the date of death."""

    arity = 3
    output_field = models.BigIntegerField()
    postgresql = (
        "CASE WHEN {0} IS NULL AND {1} IS NOT NULL AND {2} IS NULL"
        " THEN extract(epoch FROM CURRENT_DATE + 1)::bigint END"
    )
    sqlite = (
        "CASE WHEN {0} IS NULL AND {1} IS NOT NULL AND {2} IS NULL"
        " THEN CAST(round((julianday('now', 'start of day', '+1 day') - 2440587.5) * 86400) AS integer) END"
    )


class AstronautManager(ClockManager):
    """Astronauts with their age, and with the values that depend on their last flight, which may still last.

    The age is the imported one; without it, that of today or of the day of death."""

    today = Coalesce(F("date_of_death"), Today())
    figures = {
        "age": Coalesce(F("recorded_age"), Years(F("date_of_birth"), today)),
        "in_space": GoesOn(F("recorded_in_space"), F("in_space_since"), F("in_space_until")),
        "time_in_space": Lasting(F("recorded_time_in_space"), F("in_space_since"), F("in_space_until")),
        "landings_count": Ended(F("recorded_landings_count"), F("last_landing")),
    }
    next_change = First(
        change("in_space_since", "in_space_until"),
        Ahead(F("last_landing")),
        NextDay(F("recorded_age"), F("date_of_birth"), F("date_of_death")),
    )
