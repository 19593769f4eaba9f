"""Launches, where they start, what comes down where, and whose they are."""

from agencies.models import TOTALS as AGENCY_TOTALS
from agencies.models import Agency
from launches.models import FirstStage, Landing, Launch, Mission, PayloadFlight, SpacecraftFlight
from places.models import BODY_TOTALS, CelestialBody, LandingLocation, Location, Orbit, Pad
from spacedevs.statistics.registry import source_fields, statistic
from vehicles.models import Payload, Spacecraft, SpacecraftConfig

from .terms import (
    ATTEMPT,
    FLIGHT,
    OF_STAGES,
    OLDEST_FIRST,
    ORBIT,
    ORBITAL,
    PADS,
    PLACES,
    STAGE,
    counted,
    landings_by,
    launches_by,
    since_before,
)

source_fields(Launch, "net", "status", "pad", "mission", "rocket", "launch_service_provider")
source_fields(Landing, "attempt", "success", "landing_location")
source_fields(PayloadFlight, "payload", "launch", "landing")
source_fields(Mission, "orbit")
source_fields(Orbit, "name")
source_fields(Pad, "location")
source_fields(Location, "celestial_body")
source_fields(LandingLocation, "location", "celestial_body")
source_fields(SpacecraftConfig, "agency")
source_fields(Payload, "operator")


@statistic(
    Launch,
    {Mission: "mission", Orbit: "mission__orbit", Pad: "pad"},
    *(f"{of}_launch_attempt_count" for of in ("orbital", "location", "pad", "agency")),
    *(f"{of}_launch_attempt_count_year" for of in ("orbital", "location", "pad", "agency")),
    "pad_turnaround",
    is_whole=True,
)
def launch(words):
    """The number that a launch is, or will be, among those of its kind up to it; and of those of its year.

    Launches count in the order of their times, planned ones too: recorded plans have the next numbers after the
    totals of their pads. Those of one time share a number, the highest, as recorded for eight launches of
    2026-08-31T00:00:00Z. One that is not orbital has no number among the orbital ones, and what has no time has no
    numbers. `pad_turnaround` is the time since the last earlier launch from the same pad, and zero for the first:
    LL2 2.3.0 never answers null."""
    turnaround = words.between("min(before) OVER (PARTITION BY pad, net)", "net")

    def number(condition, window):
        return f"CASE WHEN {condition} THEN count(*) FILTER (WHERE {condition}) OVER {window} END"

    kinds = {
        "orbital": ("net IS NOT NULL AND orbital", ""),
        "location": ("net IS NOT NULL AND location IS NOT NULL", "location"),
        "pad": ("net IS NOT NULL AND pad IS NOT NULL", "pad"),
        "agency": ("net IS NOT NULL AND agency IS NOT NULL", "agency"),
    }
    ever = [number(condition, f"{kind}_order") for kind, (condition, _) in kinds.items()]
    of_year = [number(condition, f"{kind}_year_order") for kind, (condition, _) in kinds.items()]
    windows = [
        f"{kind}{suffix}_order AS ({partition} ORDER BY net NULLS FIRST)"  # a row's peers count with it
        for kind, (_, column) in kinds.items()
        for suffix, parts in (("", [column]), ("_year", [column, "year"]))
        for partition in [f"PARTITION BY {', '.join(filter(None, parts))}" if any(parts) else ""]
    ]
    return f"""
        SELECT id, {", ".join((*ever, *of_year))},
            CASE WHEN pad IS NULL OR net IS NULL THEN {words.nothing} ELSE coalesce({turnaround}, {words.nothing}) END
        FROM (
            SELECT l.id, l.net, l.pad_id AS pad, p.location_id AS location, l.launch_service_provider_id AS agency,
                {words.year("l.net")} AS year, {ORBITAL} AS orbital,
                lag(l.net) OVER (PARTITION BY l.pad_id ORDER BY {OLDEST_FIRST}) AS before
            FROM launches_launch l LEFT JOIN places_pad p ON p.id = l.pad_id {ORBIT}
        ) each_launch
        WINDOW {", ".join(windows)}
    """


@statistic(
    Pad,
    {Launch: "launches", Mission: "launches__mission", Orbit: "launches__mission__orbit"},
    "total_launch_count",
    "orbital_launch_attempt_count",
    "fastest_turnaround",
)
def pad(words):
    """Attempts from a pad, those that were orbital, and the shortest time from one attempt to a later one."""
    turnaround = since_before(words, "l.pad_id")
    return f"""
        SELECT p.id, count(a.pad_id), count(*) FILTER (WHERE a.orbital), min(a.turnaround)
        FROM places_pad p LEFT JOIN (
            SELECT l.pad_id, {ORBITAL} AS orbital, {turnaround} AS turnaround
            FROM launches_launch l {ORBIT} WHERE {ATTEMPT} AND {words.among("l.pad_id", Pad)}
        ) a ON a.pad_id = p.id
        WHERE {words.among("p.id", Pad)} GROUP BY p.id
    """


@statistic(
    Location,
    {
        Launch: "pads__launches",
        Pad: "pads",
        Landing: "landing_locations__landings",
        LandingLocation: "landing_locations",
    },
    "total_launch_count",
    "total_landing_count",
)
def location(words):
    """Attempts from all pads of a location: recorded ones are the sum of those of the pads. Landings of any kind that
    were attempted at its landing locations, also those that failed."""
    return f"""
        SELECT p.id, {counted("l.total", "g.attempts")} FROM places_location p
        LEFT JOIN ({launches_by(words, "q.location_id", PADS, words.among("q.location_id", Location))}) l
            ON l.owner = p.id
        LEFT JOIN ({landings_by("d.location_id", PLACES, words.among("d.location_id", Location))}) g
            ON g.owner = p.id
        WHERE {words.among("p.id", Location)}
    """


@statistic(
    CelestialBody,
    {
        Launch: "locations__pads__launches",
        Pad: "locations__pads",
        Location: "locations",
        Landing: "landing_locations__landings",
        LandingLocation: "landing_locations",
    },
    *BODY_TOTALS,
)
def celestial_body(words):
    """Attempts to launch from a body, and to land on it at a landing location."""
    places = f"{PADS} JOIN places_location r ON r.id = q.location_id"
    among = words.among("r.celestial_body_id", CelestialBody)
    launches = launches_by(words, "r.celestial_body_id", places, among)
    landings = landings_by("d.celestial_body_id", PLACES, words.among("d.celestial_body_id", CelestialBody))
    return f"""
        SELECT b.id, {counted("l.total", "l.successes", "l.failures", "g.attempts", "g.successes", "g.failures")}
        FROM places_celestialbody b LEFT JOIN ({launches}) l ON l.owner = b.id
        LEFT JOIN ({landings}) g ON g.owner = b.id
        WHERE {words.among("b.id", CelestialBody)}
    """


@statistic(LandingLocation, {Landing: "landings"}, "attempted_landings", "successful_landings", "failed_landings")
def landing_location(words):
    """Landings of any kind at a place."""
    landings = landings_by("g.landing_location_id", "", words.among("g.landing_location_id", LandingLocation))
    return f"""
        SELECT d.id, {counted("g.attempts", "g.successes", "g.failures")} FROM places_landinglocation d
        LEFT JOIN ({landings}) g ON g.owner = d.id
        WHERE {words.among("d.id", LandingLocation)}
    """


@statistic(
    Agency,
    {
        Launch: "launches",
        Landing: (
            "launches__first_stages__landing",
            "spacecraft_list__spacecraft__flights__landing",
            "payloads_operated__flights__landing",
        ),
        FirstStage: "launches__first_stages",
        SpacecraftFlight: "spacecraft_list__spacecraft__flights",
        Spacecraft: "spacecraft_list__spacecraft",
        SpacecraftConfig: "spacecraft_list",
        PayloadFlight: "payloads_operated__flights",
        Payload: "payloads_operated",
    },
    *AGENCY_TOTALS,
)
def agency(words):
    """Launches are of the agency that launches them, and so are the landings of their first stages. Landings of
    ships are of the agency that builds this kind of ship: so add up recorded figures of NASA, Roscosmos and CNSA.
    Those of payloads are of the agency that operates them."""
    provider = "l.launch_service_provider_id"
    kind = "JOIN vehicles_spacecraftconfig k ON k.id = v.spacecraft_config_id"
    payload = "JOIN launches_payloadflight f ON f.landing_id = g.id JOIN vehicles_payload w ON w.id = f.payload_id"
    fates = "{0}.successes", "{0}.failures", "{0}.attempts"
    of_ships, of_payloads = ([fate.format(alias) for fate in fates] for alias in ("ship", "payload"))
    totals = counted(
        *(f"l.{name}" for name in ("total", "streak", "successes", "failures", "pending")),
        *("stage.streak", "stage.successes", "stage.failures", "stage.attempts"),
        *of_ships,
        *of_payloads,
    )
    return f"""
        SELECT a.id, {totals} FROM agencies_agency a
        LEFT JOIN ({launches_by(words, provider, "", words.among(provider, Agency))}) l ON l.owner = a.id
        LEFT JOIN ({landings_by(provider, STAGE, words.among(provider, Agency), OF_STAGES)}) stage
            ON stage.owner = a.id
        LEFT JOIN ({landings_by("k.agency_id", f"{FLIGHT} {kind}", words.among("k.agency_id", Agency))}) ship
            ON ship.owner = a.id
        LEFT JOIN ({landings_by("w.operator_id", payload, words.among("w.operator_id", Agency))}) payload
            ON payload.owner = a.id
        WHERE {words.among("a.id", Agency)}
    """
