"""The numbers of launches among all of them, in total and per year."""

from functools import partial

from launches.models import Launch, Mission
from places.models import Orbit, Pad
from spacedevs.statistics.numbering import Kind, Numbering
from spacedevs.statistics.registry import statistic

from .terms import OLDEST_FIRST, ORBIT, ORBITAL, named

ROWS = f"launches_launch l LEFT JOIN places_pad p ON p.id = l.pad_id {ORBIT}"
# By kind: the column that leads to the group, the condition to be in a group, and to be in the one of a span.
KINDS = {
    "orbital": ("mission_id", ORBITAL, ORBITAL),
    "location": (
        "pad_id",
        "p.location_id IS NOT NULL",
        "p.location_id = (SELECT location_id FROM places_pad WHERE id = %(group)s)",
    ),
    "pad": ("pad_id", "l.pad_id IS NOT NULL", "l.pad_id = %(group)s"),
    "agency": (
        "launch_service_provider_id",
        "l.launch_service_provider_id IS NOT NULL",
        "l.launch_service_provider_id = %(group)s",
    ),
}


def kind(name) -> Kind:
    """How the numbers of a kind are recomputed for a part of a group."""
    numbers = f"{name}_launch_attempt_count", f"{name}_launch_attempt_count_year"
    figures = (*numbers, "pad_turnaround") if name == "pad" else numbers
    return Kind(name, KINDS[name][0], figures, name == "orbital", partial(in_span, name), partial(in_none, name))


def in_span(name, dialect) -> str:
    """The numbers of launches of a group in a span: how many there are before it, and how many of it by then."""
    _, _, condition = KINDS[name]
    until, turnaround = "%(until)s", ""
    if name == "pad":  # the time since a launch is a figure of the next one
        next_one = f"SELECT min(l.net) FROM launches_launch l WHERE {condition} AND l.net > %(until)s"
        until = f"coalesce(({next_one}), %(until)s)"
        before = f"SELECT max(l.net) FROM launches_launch l WHERE {condition} AND l.net < %(since)s"
        earlier = "ORDER BY l.net RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE GROUP"
        since = dialect.between(f"coalesce(max(l.net) OVER ({earlier}), ({before}))", "l.net")
        turnaround = f", coalesce({since}, {dialect.nothing})"
    year = dialect.year("l.net")
    return f"""
        SELECT l.id, ({count(name, "l.net < %(since)s")}) + count(*) OVER (ORDER BY l.net),
            CASE WHEN l.net <= %(ends)s THEN ({count(name, "l.net >= %(began)s AND l.net < %(since)s")}) ELSE 0 END
                + count(*) OVER (PARTITION BY {year} ORDER BY l.net){turnaround}
        FROM {ROWS} WHERE {condition} AND l.net >= %(since)s AND l.net <= {until}
    """


def count(name, when) -> str:
    """How many launches of a group there are at some time."""
    if name != "orbital":
        return f"SELECT count(*) FROM {ROWS} WHERE {KINDS[name][2]} AND {when}"
    suborbital = f"""
        SELECT count(*) FROM places_orbit o JOIN launches_mission m ON m.orbit_id = o.id
        JOIN launches_launch l ON l.mission_id = m.id WHERE NOT ({ORBITAL}) AND {when}
    """
    return f"SELECT (SELECT count(*) FROM launches_launch l WHERE {when}) - ({suborbital})"


def in_none(name, dialect) -> str:
    """Launches that have no number."""
    turnaround = f", {dialect.nothing}" if name == "pad" else ""
    has_none = f"NOT (l.net IS NOT NULL AND {KINDS[name][1]})"
    return f"SELECT l.id, NULL, NULL{turnaround} FROM {ROWS} WHERE {dialect.among('l.id', Launch)} AND {has_none}"


@statistic(
    Launch,
    {Mission: "mission", Orbit: "mission__orbit", Pad: "pad"},
    *(f"{of}_launch_attempt_count" for of in ("orbital", "location", "pad", "agency")),
    *(f"{of}_launch_attempt_count_year" for of in ("orbital", "location", "pad", "agency")),
    "pad_turnaround",
    is_whole=True,
    columns={Launch: ("net", "pad", "mission", "launch_service_provider")},
    numbering=Numbering("net", tuple(map(kind, KINDS))),
)
def launch(dialect):
    """Numbers each launch among all launches (orbital, of its location, pad and agency), in total and per year.

    The order is that of their times and includes planned launches: recorded plans continue the totals of their pads.
    Launches at the same time share the highest number, as recorded for eight launches of 2026-08-31T00:00:00Z. A
    suborbital launch has no number among the orbital ones; a launch without time has no numbers. `pad_turnaround` is
    the time since the previous launch from the same pad, zero for the first: LL2 2.3.0 never answers null."""
    turnaround = dialect.between("min(before) OVER (PARTITION BY pad, net)", "net")

    def number(condition, window):
        return f"CASE WHEN {condition} THEN count(*) FILTER (WHERE {condition}) OVER {window} END"

    kinds = {
        "orbital": ("net IS NOT NULL AND orbital", ""),
        "location": ("net IS NOT NULL AND location IS NOT NULL", "location"),
        "pad": ("net IS NOT NULL AND pad IS NOT NULL", "pad"),
        "agency": ("net IS NOT NULL AND agency IS NOT NULL", "agency"),
    }
    numbers = {
        f"{kind}_launch_attempt_count{suffix}": number(condition, f"{kind}{suffix}_order")
        for kind, (condition, _) in kinds.items()
        for suffix in ("", "_year")
    }
    windows = [
        f"{kind}{suffix}_order AS ({partition} ORDER BY net NULLS FIRST)"  # rows with equal times count together
        for kind, (_, column) in kinds.items()
        for suffix, parts in (("", [column]), ("_year", [column, "year"]))
        for partition in [f"PARTITION BY {', '.join(filter(None, parts))}" if any(parts) else ""]
    ]
    return f"""
        SELECT id, {named(**numbers)},
            coalesce(CASE WHEN pad IS NOT NULL AND net IS NOT NULL THEN {turnaround} END, {dialect.nothing})
                AS pad_turnaround
        FROM (
            SELECT l.id, l.net, l.pad_id AS pad, p.location_id AS location, l.launch_service_provider_id AS agency,
                {dialect.year("l.net")} AS year, {ORBITAL} AS orbital,
                lag(l.net) OVER (PARTITION BY l.pad_id ORDER BY {OLDEST_FIRST}) AS before
            FROM launches_launch l LEFT JOIN places_pad p ON p.id = l.pad_id {ORBIT}
        ) each_launch
        WINDOW {", ".join(windows)}
    """
