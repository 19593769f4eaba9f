"""Statistics of launches, pads, locations, celestial bodies, landing locations and agencies."""

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
    ORBIT,
    ORBITAL,
    PADS,
    PLACES,
    STAGE,
    counted,
    landings_by,
    launches_by,
    outcomes_by,
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
    Pad,
    {Launch: "launches", Mission: "launches__mission", Orbit: "launches__mission__orbit"},
    "total_launch_count",
    "orbital_launch_attempt_count",
    "fastest_turnaround",
    columns={Launch: ("net", "status", "pad", "mission")},
)
def pad(dialect):
    """Attempts from a pad, orbital attempts, and the shortest time between two attempts."""
    turnaround = since_before(dialect, "l.pad_id")
    return f"""
        SELECT p.id, count(a.pad_id) AS total_launch_count, min(a.turnaround) AS fastest_turnaround,
            count(*) FILTER (WHERE a.orbital) AS orbital_launch_attempt_count
        FROM places_pad p LEFT JOIN (
            SELECT l.pad_id, {ORBITAL} AS orbital, {turnaround} AS turnaround
            FROM launches_launch l {ORBIT} WHERE {ATTEMPT} AND {dialect.among("l.pad_id", Pad)}
        ) a ON a.pad_id = p.id
        WHERE {dialect.among("p.id", Pad)} GROUP BY p.id
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
    columns={Launch: ("status", "pad")},
)
def location(dialect):
    """Attempts from all pads of a location (recorded: the sum of those of its pads), and attempted landings of any
    kind at its landing locations, including failures."""
    return f"""
        SELECT p.id, {counted(total_launch_count="l.total", total_landing_count="g.attempts")} FROM places_location p
        LEFT JOIN ({outcomes_by("q.location_id", PADS, dialect.among("q.location_id", Location))}) l
            ON l.owner = p.id
        LEFT JOIN ({landings_by("d.location_id", PLACES, dialect.among("d.location_id", Location))}) g
            ON g.owner = p.id
        WHERE {dialect.among("p.id", Location)}
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
    columns={Launch: ("status", "pad")},
)
def celestial_body(dialect):
    """Attempted launches from a celestial body, and attempted landings at its landing locations."""
    places = f"{PADS} JOIN places_location r ON r.id = q.location_id"
    among = dialect.among("r.celestial_body_id", CelestialBody)
    launches = outcomes_by("r.celestial_body_id", places, among)
    landings = landings_by("d.celestial_body_id", PLACES, dialect.among("d.celestial_body_id", CelestialBody))
    totals = counted(
        total_attempted_launches="l.total",
        successful_launches="l.successes",
        failed_launches="l.failures",
        total_attempted_landings="g.attempts",
        successful_landings="g.successes",
        failed_landings="g.failures",
    )
    return f"""
        SELECT b.id, {totals}
        FROM places_celestialbody b LEFT JOIN ({launches}) l ON l.owner = b.id
        LEFT JOIN ({landings}) g ON g.owner = b.id
        WHERE {dialect.among("b.id", CelestialBody)}
    """


@statistic(LandingLocation, {Landing: "landings"}, "attempted_landings", "successful_landings", "failed_landings")
def landing_location(dialect):
    """Landings of any kind at a landing location."""
    landings = landings_by("g.landing_location_id", "", dialect.among("g.landing_location_id", LandingLocation))
    totals = counted(attempted_landings="g.attempts", successful_landings="g.successes", failed_landings="g.failures")
    return f"""
        SELECT d.id, {totals} FROM places_landinglocation d
        LEFT JOIN ({landings}) g ON g.owner = d.id
        WHERE {dialect.among("d.id", LandingLocation)}
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
    columns={Launch: ("net", "status", "launch_service_provider")},
)
def agency(dialect):
    """Launches, and landings of first stages, count for the launch service provider. Landings of spacecraft count for
    the manufacturer of the configuration: recorded figures of NASA, Roscosmos and CNSA add up this way. Landings of
    payloads count for their operator."""
    provider = "l.launch_service_provider_id"
    kind = "JOIN vehicles_spacecraftconfig k ON k.id = v.spacecraft_config_id"
    payload = "JOIN launches_payloadflight f ON f.landing_id = g.id JOIN vehicles_payload w ON w.id = f.payload_id"
    totals = counted(
        total_launch_count="l.total",
        consecutive_successful_launches="l.streak",
        successful_launches="l.successes",
        failed_launches="l.failures",
        pending_launches="l.pending",
        consecutive_successful_landings="stage.streak",
        successful_landings="stage.successes",
        failed_landings="stage.failures",
        attempted_landings="stage.attempts",
        successful_landings_spacecraft="ship.successes",
        failed_landings_spacecraft="ship.failures",
        attempted_landings_spacecraft="ship.attempts",
        successful_landings_payload="payload.successes",
        failed_landings_payload="payload.failures",
        attempted_landings_payload="payload.attempts",
    )
    return f"""
        SELECT a.id, {totals} FROM agencies_agency a
        LEFT JOIN ({launches_by(dialect, provider, "", dialect.among(provider, Agency))}) l ON l.owner = a.id
        LEFT JOIN ({landings_by(provider, STAGE, dialect.among(provider, Agency), OF_STAGES)}) stage
            ON stage.owner = a.id
        LEFT JOIN ({landings_by("k.agency_id", f"{FLIGHT} {kind}", dialect.among("k.agency_id", Agency))}) ship
            ON ship.owner = a.id
        LEFT JOIN ({landings_by("w.operator_id", payload, dialect.among("w.operator_id", Agency))}) payload
            ON payload.owner = a.id
        WHERE {dialect.among("a.id", Agency)}
    """
