"""Statistics of launcher configurations, their families, and stages."""

from agencies.models import LaunchTotals
from launches.models import FirstStage, Landing, Launch, Rocket
from spacedevs.statistics.registry import source_fields, statistic
from vehicles.models import Launcher, LauncherConfig, LauncherConfigFamily

from .terms import ATTEMPT, OF_STAGES, STAGE, counted, landings_by, launches_by, named

source_fields(FirstStage, "launcher", "launcher_flight_number", "launch", "landing")
source_fields(Rocket, "configuration")


def rockets_by(dialect, table, owner, joins, model, **further) -> str:
    """The totals of launcher configurations or families; the joins lead from a rocket `r` to them."""
    rocket = f"JOIN launches_rocket r ON r.id = l.rocket_id {joins}"
    launches = launches_by(dialect, owner, rocket, dialect.among(owner, model))
    landings = landings_by(owner, f"{STAGE} {rocket}", dialect.among(owner, model), OF_STAGES)
    totals = counted(
        total_launch_count="l.total",
        successful_launches="l.successes",
        failed_launches="l.failures",
        pending_launches="l.pending",
        consecutive_successful_launches="l.streak",
        attempted_landings="g.attempts",
        successful_landings="g.successes",
        failed_landings="g.failures",
        consecutive_successful_landings="g.streak",
    )
    return f"""
        SELECT {", ".join(filter(None, ("t.id", totals, named(**further))))} FROM {table} t
        LEFT JOIN ({launches}) l ON l.owner = t.id LEFT JOIN ({landings}) g ON g.owner = t.id
        WHERE {dialect.among("t.id", model)}
    """


@statistic(
    LauncherConfig,
    {
        Rocket: "rockets",
        Launch: "rockets__launch",
        FirstStage: "rockets__launch__first_stages",
        Landing: "rockets__launch__first_stages__landing",
    },
    *LaunchTotals.names(),
    "fastest_turnaround",
    columns={Launch: ("net", "status", "rocket")},
)
def launcher_config(dialect):
    """Launches of a launcher configuration, landings of their first stages, and the shortest time between two attempts
    from any pad."""
    owner = "r.configuration_id"
    return rockets_by(dialect, "vehicles_launcherconfig", owner, "", LauncherConfig, fastest_turnaround="l.fastest")


@statistic(
    LauncherConfigFamily,
    {
        LauncherConfig: "launcher_configs",
        Rocket: "launcher_configs__rockets",
        Launch: "launcher_configs__rockets__launch",
        FirstStage: "launcher_configs__rockets__launch__first_stages",
        Landing: "launcher_configs__rockets__launch__first_stages__landing",
    },
    *LaunchTotals.names(),
    columns={Launch: ("net", "status", "rocket")},
)
def launcher_config_family(dialect):
    """The same for the configurations of a family, without those of its subfamilies, as recorded."""
    kinds = "JOIN vehicles_launcherconfig_families n ON n.launcherconfig_id = r.configuration_id"
    owner = "n.launcherconfigfamily_id"
    return rockets_by(dialect, "vehicles_launcherconfigfamily", owner, kinds, LauncherConfigFamily)


@statistic(
    FirstStage,
    {FirstStage: "launcher__first_stages", Launch: ("launch", "launcher__first_stages__launch")},
    "previous_flight_id",
    "previous_flight_date",
    "turn_around_time",
)
def first_stage(dialect):
    """The previous flight of a stage, by the times of its launches, and the time between both launches; null if the
    flight numbers show that another flight was in between."""
    order = "OVER (PARTITION BY s.launcher_id, s.launcher_id IS NULL OR l.net IS NULL ORDER BY l.net, s.id)"
    number = f"s.launcher_flight_number - lag(s.launcher_flight_number) {order}"
    is_known = f"s.launcher_id IS NOT NULL AND l.net IS NOT NULL AND coalesce({number}, 1) = 1"
    before = {
        "previous_flight_id": f"lag(l.id) {order}",
        "previous_flight_date": f"lag(l.net) {order}",
        "turn_around_time": dialect.between(f"lag(l.net) {order}", "l.net"),
    }
    return f"""
        SELECT s.id, {named(**{figure: f"CASE WHEN {is_known} THEN {value} END" for figure, value in before.items()})}
        FROM launches_firststage s LEFT JOIN launches_launch l ON l.id = s.launch_id
        WHERE {dialect.among("s.id", FirstStage)}
    """


@statistic(
    Launcher,
    {
        FirstStage: "first_stages",
        Launch: "first_stages__launch",
        Landing: "first_stages__landing",
    },
    "flights",
    "first_launch_date",
    "last_launch_date",
    "attempted_landings",
    "successful_landings",
    "fastest_turnaround",
)
def launcher(dialect):
    """Attempts that a stage flew in, at least its highest flight number, and the shortest time between two
    launches."""
    landings = landings_by("s.launcher_id", STAGE, dialect.among("s.launcher_id", Launcher))
    return f"""
        SELECT t.id, CASE WHEN f.latest > f.flights THEN f.latest ELSE coalesce(f.flights, 0) END AS flights,
            f.first AS first_launch_date, f.last AS last_launch_date, f.fastest AS fastest_turnaround,
            {counted(attempted_landings="g.attempts", successful_landings="g.successes")}
        FROM vehicles_launcher t LEFT JOIN (
            SELECT s.launcher_id, count(*) AS flights, max(s.launcher_flight_number) AS latest,
                min(l.net) AS first, max(l.net) AS last, min(s.turn_around_time) AS fastest
            FROM launches_firststage s JOIN launches_launch l ON l.id = s.launch_id
            WHERE {ATTEMPT} AND {dialect.among("s.launcher_id", Launcher)} GROUP BY s.launcher_id
        ) f ON f.launcher_id = t.id
        LEFT JOIN ({landings}) g ON g.owner = t.id
        WHERE {dialect.among("t.id", Launcher)}
    """
