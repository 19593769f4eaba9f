"""Statistics that follow from spacewalks."""

from crew.models import Astronaut, AstronautFlight
from spacedevs.statistics.registry import source_fields, statistic

from .models import Spacewalk

source_fields(Spacewalk, "start", "end", "duration")


@statistic(Astronaut, {Spacewalk: "seats__spacewalks", AstronautFlight: "seats"}, "eva_time", "spacewalks_count")
def spacewalks(dialect):
    """A spacewalk counts if its duration is known, from the column or from start and end."""
    return f"""
        SELECT a.id, coalesce(w.time, {dialect.nothing}) AS eva_time, coalesce(w.walks, 0) AS spacewalks_count
        FROM crew_astronaut a LEFT JOIN (
            SELECT astronaut_id, sum(lasted) AS time, count(*) AS walks
            FROM (
                SELECT DISTINCT seat.astronaut_id, s.id,
                    coalesce(s.duration, {dialect.between("s.start", 's."end"')}) AS lasted
                FROM events_spacewalk_crew c JOIN events_spacewalk s ON s.id = c.spacewalk_id
                JOIN crew_astronautflight seat ON seat.id = c.astronautflight_id
                WHERE {dialect.among("seat.astronaut_id", Astronaut)}
            ) each_walk WHERE lasted IS NOT NULL GROUP BY astronaut_id
        ) w ON w.astronaut_id = a.id
        WHERE {dialect.among("a.id", Astronaut)}
    """
