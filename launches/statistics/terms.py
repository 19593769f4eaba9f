"""SQL shared by the statistics: conditions, and the outcomes of launches and landings."""

ATTEMPT, SUCCESS, FAILURE, PENDING, TO_SPACE = (
    f"l.status_id IN ({', '.join(map(str, statuses))})"
    for statuses in ((3, 4, 6, 7, 9), (3, 9), (4, 7), (1, 2, 5, 8), (3, 6, 7, 9))
)
# For a mission `m` and its orbit `o`, both of which may be missing.
ORBIT = "LEFT JOIN launches_mission m ON m.id = l.mission_id LEFT JOIN places_orbit o ON o.id = m.orbit_id"
ORBITAL = "coalesce(o.name, '') <> 'Suborbital'"
OLDEST_FIRST, LATEST_FIRST = "l.net NULLS FIRST, l.id", "l.net DESC NULLS LAST, l.id DESC"


def since_before(dialect, *owner) -> str:
    """The time from the previous launch of the same owner to a launch `l`; null if both have the same time."""
    before = f"lag(l.net) OVER (PARTITION BY {', '.join(owner)} ORDER BY {OLDEST_FIRST})"
    return f"nullif({dialect.between(before, 'l.net')}, {dialect.nothing})"


def launches_by(dialect, owner, joins, among) -> str:
    """The outcomes of the launches of each owner; the joins lead from a launch `l` to it."""
    turnaround = since_before(dialect, owner, ATTEMPT)
    return f"""
        SELECT owner, count(*) FILTER (WHERE attempt) AS total, count(*) FILTER (WHERE success) AS successes,
            count(*) FILTER (WHERE failure) AS failures, count(*) FILTER (WHERE pending) AS pending,
            count(*) FILTER (WHERE success AND failures_since = 0) AS streak,
            min(turnaround) FILTER (WHERE attempt) AS fastest
        FROM (
            SELECT {owner} AS owner, {ATTEMPT} AS attempt, {SUCCESS} AS success, {FAILURE} AS failure,
                {PENDING} AS pending, {turnaround} AS turnaround,
                sum(CASE WHEN {FAILURE} THEN 1 ELSE 0 END)
                    OVER (PARTITION BY {owner} ORDER BY {LATEST_FIRST}) AS failures_since
            FROM launches_launch l {joins} WHERE {among}
        ) each_launch GROUP BY owner
    """


def outcomes_by(owner, joins, among) -> str:
    """The same without streaks and turnarounds, for owners of so many launches that to sort them takes long."""
    return f"""
        SELECT {owner} AS owner, count(*) FILTER (WHERE {ATTEMPT}) AS total,
            count(*) FILTER (WHERE {SUCCESS}) AS successes, count(*) FILTER (WHERE {FAILURE}) AS failures
        FROM launches_launch l {joins} WHERE {among} GROUP BY {owner}
    """


def landings_by(owner, joins, among, latest_first="g.id DESC") -> str:
    """The outcomes of the landings of each owner; the joins lead from a landing `g` to it."""
    return f"""
        SELECT owner, count(*) FILTER (WHERE success) AS successes, count(*) FILTER (WHERE NOT success) AS failures,
            count(*) AS attempts, count(*) FILTER (WHERE success AND failures_since = 0) AS streak
        FROM (
            SELECT {owner} AS owner, g.success,
                sum(CASE WHEN g.success THEN 0 ELSE 1 END)
                    OVER (PARTITION BY {owner} ORDER BY {latest_first}) AS failures_since
            FROM launches_landing g {joins} WHERE g.attempt AND g.success IS NOT NULL AND {among}
        ) each_landing GROUP BY owner
    """


STAGE = "JOIN launches_firststage s ON s.landing_id = g.id LEFT JOIN launches_launch l ON l.id = s.launch_id"
FLIGHT = "JOIN launches_spacecraftflight f ON f.landing_id = g.id JOIN vehicles_spacecraft v ON v.id = f.spacecraft_id"
PADS = "JOIN places_pad q ON q.id = l.pad_id"
PLACES = "JOIN places_landinglocation d ON d.id = g.landing_location_id"
OF_STAGES = f"{LATEST_FIRST}, s.id DESC"


def counted(**figures: str) -> str:
    """Columns of counts, with 0 for null: `total_launch_count="l.total"`."""
    return named(**{figure: f"coalesce({count}, 0)" for figure, count in figures.items()})


def named(**figures: str) -> str:
    """Columns of a SELECT, by the names of figures."""
    return ", ".join(f"{value} AS {figure}" for figure, value in figures.items())
