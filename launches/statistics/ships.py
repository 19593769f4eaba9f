"""Statistics of spacecraft, their flights, configurations and families."""

from launches.models import Landing, Launch, SpacecraftFlight
from spacedevs.statistics.registry import source_fields, statistic
from vehicles.models import TOTALS, Spacecraft, SpacecraftConfig, SpacecraftConfigFamily

from .terms import ATTEMPT, FAILURE, FLIGHT, SUCCESS, TO_SPACE, counted, landings_by, named

source_fields(SpacecraftFlight, "spacecraft", "launch", "landing", "mission_end")
source_fields(Spacecraft, "spacecraft_config")


@statistic(
    SpacecraftFlight,
    {
        SpacecraftFlight: "spacecraft__flights",
        Launch: ("launch", "spacecraft__flights__launch"),
    },
    "recorded_duration",
    "lifted_off",
    "turn_around_time",
)
def spacecraft_flight(dialect):
    """A flight lasts from launch to mission end, or until now while it is in space: recorded are P154DT2H8M58S for the
    second ATV. The turnaround is the time from the end of one mission to the next launch, as recorded for Crew Dragon
    Freedom and, on the Moon, for Apollo's lander."""
    order = "OVER (PARTITION BY f.spacecraft_id ORDER BY l.net NULLS FIRST, f.id)"
    since = dialect.between(f"lag(f.mission_end) {order}", "l.net")
    lasts = f"({TO_SPACE} OR ({ATTEMPT} AND f.mission_end IS NOT NULL)) AND l.net IS NOT NULL"
    return f"""
        SELECT f.id, CASE WHEN {lasts} THEN {dialect.nothing} END AS recorded_duration,
            CASE WHEN {lasts} THEN l.net END AS lifted_off,
            CASE WHEN l.net >= lag(f.mission_end) {order} THEN {since} END AS turn_around_time
        FROM launches_spacecraftflight f JOIN launches_launch l ON l.id = f.launch_id
        WHERE {dialect.among("f.id", SpacecraftFlight)}
    """


@statistic(
    Spacecraft,
    {SpacecraftFlight: "flights", Launch: "flights__launch"},
    "recorded_in_space",
    "recorded_time_in_space",
    "in_space_since",
    "in_space_until",
    "flights_count",
    "recorded_mission_ends_count",
    "fastest_turnaround",
)
def spacecraft(dialect):
    """A spacecraft is in space from the launch of its last flight to the end of that mission, unless the launch
    failed; its earlier flights have ended. Its time in space is the sum over all flights. Attempts count as flights;
    mission ends count if they are known and past."""
    lasted = f"CASE WHEN f.mission_end > l.net THEN {dialect.between('l.net', 'f.mission_end')} END"
    return f"""
        SELECT v.id, FALSE AS recorded_in_space, coalesce(f.time, {dialect.nothing}) AS recorded_time_in_space,
            f.since AS in_space_since, f.until AS in_space_until, f.fastest AS fastest_turnaround,
            {counted(flights_count="f.flights", recorded_mission_ends_count="f.ends")}
        FROM vehicles_spacecraft v LEFT JOIN (
            SELECT spacecraft_id, sum(lasted) FILTER (WHERE place > 1 AND to_space) AS time,
                min(net) FILTER (WHERE place = 1 AND to_space) AS since,
                min(mission_end) FILTER (WHERE place = 1) AS until,
                count(*) AS flights, count(mission_end) AS ends, min(turn_around_time) AS fastest
            FROM (
                SELECT f.spacecraft_id, l.net, f.mission_end, {TO_SPACE} AS to_space, {lasted} AS lasted,
                    f.turn_around_time, row_number() OVER (
                        PARTITION BY f.spacecraft_id ORDER BY l.net DESC NULLS LAST, f.id DESC
                    ) AS place
                FROM launches_spacecraftflight f JOIN launches_launch l ON l.id = f.launch_id
                WHERE {ATTEMPT} AND {dialect.among("f.spacecraft_id", Spacecraft)}
            ) each_flight GROUP BY spacecraft_id
        ) f ON f.spacecraft_id = v.id
        WHERE {dialect.among("v.id", Spacecraft)}
    """


SHIP_TOTALS = (*TOTALS, "spacecraft_flown")


def ships_by(dialect, table, owner, joins, model, **further) -> str:
    """The totals of spacecraft configurations or families; the joins lead from a spacecraft `v` to them."""
    landings = landings_by(owner, f"{FLIGHT} {joins}", dialect.among(owner, model))
    totals = counted(
        total_launch_count="f.total",
        successful_launches="f.successes",
        failed_launches="f.failures",
        attempted_landings="g.attempts",
        successful_landings="g.successes",
        failed_landings="g.failures",
        spacecraft_flown="f.ships",
    )
    return f"""
        SELECT {", ".join(filter(None, ("t.id", totals, named(**further))))} FROM {table} t LEFT JOIN (
            SELECT {owner} AS owner, count(*) AS total, count(*) FILTER (WHERE {SUCCESS}) AS successes,
                count(*) FILTER (WHERE {FAILURE}) AS failures, count(DISTINCT v.id) AS ships,
                min(f.turn_around_time) AS fastest
            FROM launches_spacecraftflight f JOIN launches_launch l ON l.id = f.launch_id
            JOIN vehicles_spacecraft v ON v.id = f.spacecraft_id {joins}
            WHERE {ATTEMPT} AND {dialect.among(owner, model)} GROUP BY {owner}
        ) f ON f.owner = t.id
        LEFT JOIN ({landings}) g ON g.owner = t.id
        WHERE {dialect.among("t.id", model)}
    """


@statistic(
    SpacecraftConfig,
    {
        Spacecraft: "spacecraft",
        SpacecraftFlight: "spacecraft__flights",
        Launch: "spacecraft__flights__launch",
        Landing: "spacecraft__flights__landing",
    },
    *SHIP_TOTALS,
    "fastest_turnaround",
)
def spacecraft_config(dialect):
    """Attempts of the spacecraft of a configuration, outcomes of these launches and of landings, the number of
    spacecraft, and the shortest turnaround of one of them."""
    return ships_by(
        dialect,
        "vehicles_spacecraftconfig",
        "v.spacecraft_config_id",
        "",
        SpacecraftConfig,
        fastest_turnaround="f.fastest",
    )


@statistic(
    SpacecraftConfigFamily,
    {
        SpacecraftConfig: "spacecraft_configs",
        Spacecraft: "spacecraft_configs__spacecraft",
        SpacecraftFlight: "spacecraft_configs__spacecraft__flights",
        Launch: "spacecraft_configs__spacecraft__flights__launch",
        Landing: "spacecraft_configs__spacecraft__flights__landing",
    },
    *SHIP_TOTALS,
)
def spacecraft_config_family(dialect):
    """The same for the configurations of a family; recorded figures are the sums over them."""
    kinds = "JOIN vehicles_spacecraftconfig_family n ON n.spacecraftconfig_id = v.spacecraft_config_id"
    owner = "n.spacecraftconfigfamily_id"
    return ships_by(dialect, "vehicles_spacecraftconfigfamily", owner, kinds, SpacecraftConfigFamily)
