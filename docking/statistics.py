"""Statistics that follow from docking events."""

from django.db import models

from launches.models import SpacecraftFlight
from spacedevs.statistics.registry import source_fields, statistic
from stations.models import SpaceStation
from vehicles.models import Spacecraft

from .models import DockingEvent

source_fields(DockingEvent, "docking", "departure", "flight_vehicle_chaser")


@statistic(
    Spacecraft,
    {DockingEvent: "flights__docking_events_chaser", SpacecraftFlight: "flights"},
    "recorded_time_docked",
    "docked_since",
    "docked_until",
)
def time_docked(dialect):
    """The time docked of a spacecraft: the sum over all docking events with one of its flights as chaser, at any
    target.

    The last one may still last; earlier ones count if their departure is known. Recorded responses agree: they show
    P115DT23H46M41S for the second ATV."""
    lasted = f"CASE WHEN e.departure > e.docking THEN {dialect.between('e.docking', 'e.departure')} END"
    return f"""
        SELECT v.id, coalesce(s.time, {dialect.nothing}) AS recorded_time_docked,
            s.since AS docked_since, s.until AS docked_until
        FROM vehicles_spacecraft v LEFT JOIN (
            SELECT spacecraft_id, sum(lasted) FILTER (WHERE place > 1) AS time,
                min(docking) FILTER (WHERE place = 1) AS since, min(departure) FILTER (WHERE place = 1) AS until
            FROM (
                SELECT f.spacecraft_id, e.docking, e.departure, {lasted} AS lasted,
                    row_number() OVER (PARTITION BY f.spacecraft_id ORDER BY e.docking DESC, e.id DESC) AS place
                FROM docking_dockingevent e
                JOIN launches_spacecraftflight f ON f.id = e.flight_vehicle_chaser_id
                WHERE {dialect.among("f.spacecraft_id", Spacecraft)}
            ) each_stay GROUP BY spacecraft_id
        ) s ON s.spacecraft_id = v.id
        WHERE {dialect.among("v.id", Spacecraft)}
    """


@statistic(SpaceStation, {}, "recorded_docked_vehicles", "recorded_onboard_crew")
def space_station(dialect):
    """Clears the stored numbers of a station: `docking.querysets` counts them at each request."""
    nothing = dialect.none_of(models.IntegerField)
    return f"""
        SELECT s.id, {nothing} AS recorded_docked_vehicles, {nothing} AS recorded_onboard_crew
        FROM stations_spacestation s WHERE {dialect.among("s.id", SpaceStation)}
    """
