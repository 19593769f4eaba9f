"""Statistics of astronauts."""

from crew.models import Astronaut, AstronautFlight
from launches.models import Launch, SpacecraftFlight
from spacedevs.statistics.registry import source_fields, statistic

from .terms import ATTEMPT, TO_SPACE, counted

source_fields(AstronautFlight, "astronaut")
source_fields(Astronaut, "date_of_birth", "date_of_death", "recorded_age")


@statistic(
    Astronaut,
    {
        AstronautFlight: "seats",
        SpacecraftFlight: ("seats__launched_in", "seats__aboard", "seats__landed_in"),
        Launch: ("seats__launched_in__launch", "seats__aboard__launch", "seats__landed_in__launch"),
    },
    "recorded_age",
    "recorded_in_space",
    "recorded_time_in_space",
    "in_space_since",
    "in_space_until",
    "first_flight",
    "last_flight",
    "flights_count",
    "recorded_landings_count",
    "last_landing",
)
def astronaut(dialect):
    """A journey is a seat: it starts with the flight that has the seat in its launch crew, and ends with the last
    flight that has it in its landing crew. This may be another spacecraft, and Apollo's crews landed twice. A person
    aboard a spacecraft that is still in space has not landed. Time in space runs from launch to landing unless the
    launch failed, and counts if the landing is known; a person who launches again has landed before. The age follows
    from the date of birth, if known."""

    def crew(of):
        return f"""
            launches_spacecraftflight_{of}_crew c JOIN crew_astronautflight seat ON seat.id = c.astronautflight_id
            JOIN launches_spacecraftflight f ON f.id = c.spacecraftflight_id
            JOIN launches_launch l ON l.id = f.launch_id AND {dialect.among("seat.astronaut_id", Astronaut)}
        """

    still_up = f"WHERE {TO_SPACE} AND f.mission_end IS NULL"
    lasted = f"sum({dialect.between('since', 'until')}) FILTER (WHERE place > 1 AND until > since)"
    return f"""
        SELECT a.id, CASE WHEN a.date_of_birth IS NULL THEN a.recorded_age END AS recorded_age,
            FALSE AS recorded_in_space, coalesce(journey.time, {dialect.nothing}) AS recorded_time_in_space,
            journey.since AS in_space_since, journey.until AS in_space_until,
            flown.first AS first_flight, flown.last AS last_flight, landed.last AS last_landing,
            {counted(flights_count="flown.flights", recorded_landings_count="landed.landings")}
        FROM crew_astronaut a
        LEFT JOIN (
            SELECT astronaut_id, {lasted} AS time,
                min(since) FILTER (WHERE place = 1 AND is_told) AS since, min(until) FILTER (WHERE place = 1) AS until
            FROM (
                SELECT up.astronaut_id, up.since, CASE WHEN aboard.seat IS NULL THEN down.until END AS until,
                    (aboard.seat IS NOT NULL OR down.until IS NOT NULL) AS is_told,
                    row_number() OVER (PARTITION BY up.astronaut_id ORDER BY up.since DESC, up.seat DESC) AS place
                FROM (
                    SELECT seat.astronaut_id, seat.id AS seat, min(l.net) AS since FROM {crew("launch")}
                    WHERE {TO_SPACE} AND l.net IS NOT NULL GROUP BY seat.astronaut_id, seat.id
                ) up LEFT JOIN (
                    SELECT seat.id AS seat, max(f.mission_end) AS until FROM {crew("landing")} GROUP BY seat.id
                ) down ON down.seat = up.seat
                LEFT JOIN (
                    SELECT seat.id AS seat FROM {crew("onboard")} {still_up}
                    UNION SELECT seat.id FROM {crew("launch")} {still_up}
                ) aboard ON aboard.seat = up.seat
            ) each_journey GROUP BY astronaut_id
        ) journey ON journey.astronaut_id = a.id
        LEFT JOIN (
            SELECT seat.astronaut_id, min(l.net) AS first, max(l.net) AS last, count(DISTINCT f.id) AS flights
            FROM {crew("launch")} WHERE {ATTEMPT} GROUP BY seat.astronaut_id
        ) flown ON flown.astronaut_id = a.id
        LEFT JOIN (
            SELECT seat.astronaut_id, count(DISTINCT f.id) AS landings, max(f.mission_end) AS last
            FROM {crew("landing")} WHERE f.mission_end IS NOT NULL GROUP BY seat.astronaut_id
        ) landed ON landed.astronaut_id = a.id
        WHERE {dialect.among("a.id", Astronaut)}
    """
