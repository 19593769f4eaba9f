"""What every figure should be: slow, row by row, in the words of the definitions."""

from datetime import timedelta
from itertools import pairwise

from django.utils import timezone

from agencies.models import Agency
from crew.models import Astronaut
from docking.models import DockingEvent
from events.models import Spacewalk
from launches.models import FirstStage, Landing, Launch, PayloadFlight, SpacecraftFlight
from places.models import CelestialBody, LandingLocation, Location, Pad
from stations.models import SpaceStation
from tests.conftest import STARTED
from vehicles.models import Launcher, LauncherConfig, LauncherConfigFamily, Spacecraft, SpacecraftConfig
from vehicles.models import SpacecraftConfigFamily as ShipFamily

NOTHING = timedelta()
SUCCESS, FAILURE, IN_FLIGHT, PENDING = (3, 9), (4, 7), (6,), (1, 2, 5, 8)
ATTEMPT, TO_SPACE = (*SUCCESS, *FAILURE, *IN_FLIGHT), (3, 6, 7, 9)


def in_time(launches):
    """Launches from the oldest; those without a time come first."""
    return sorted(launches, key=lambda each: (each.net is not None, each.net and each.net.timestamp(), each.pk.hex))


def of(launches, statuses):
    return [each for each in launches if each.status_id in statuses]


def shortest(times):
    return min(times, default=None)


def between(launches):
    """The times from one launch to the next that is later."""
    times = sorted({each.net for each in launches if each.net})
    return [after - before for before, after in pairwise(times)]


def streak(results):
    """How many successes there are since the last failure; what is neither ends nothing."""
    count = 0
    for result in results:
        count = 0 if result is False else count + (result is True)
    return count


def outcome(launch):
    return {**dict.fromkeys(SUCCESS, True), **dict.fromkeys(FAILURE, False)}.get(launch.status_id)


def is_orbital(launch):
    orbit = launch.mission and launch.mission.orbit
    return not (orbit and orbit.name == "Suborbital")


def tried(landings):
    return [each for each in landings if each.attempt and each.success is not None]


def fates(landings):
    landings = tried(landings)
    return {
        "attempted_landings": len(landings),
        "successful_landings": sum(each.success for each in landings),
        "failed_landings": sum(not each.success for each in landings),
    }


def totals(launches):
    return {
        "total_launch_count": len(of(launches, ATTEMPT)),
        "successful_launches": len(of(launches, SUCCESS)),
        "failed_launches": len(of(launches, FAILURE)),
    }


def rocket_totals(launches, stages):
    landed = [each for each in stages if each.landing and tried([each.landing])]
    landed = [each for launch in in_time({each.launch for each in landed}) for each in landed if each.launch == launch]
    return {
        **totals(launches),
        **fates([each.landing for each in landed]),
        "pending_launches": len(of(launches, PENDING)),
        "consecutive_successful_launches": streak(map(outcome, in_time(launches))),
        "consecutive_successful_landings": streak(each.landing.success for each in landed),
    }


def lasting(since, until):
    """How long something has lasted by now."""
    end = min(until or STARTED, STARTED)
    return max(end - since, NOTHING)


def goes_on(since, until):
    now = timezone.now()
    return bool(since and since <= now and (until is None or until > now))


def is_past(moment):
    return moment is not None and moment <= timezone.now()


def launch_figures(launches):
    dated = [each for each in in_time(launches) if each.net]
    kinds = {
        "orbital": lambda each: is_orbital(each) or None,
        "location": lambda each: each.pad and each.pad.location_id,
        "pad": lambda each: each.pad_id,
        "agency": lambda each: each.launch_service_provider_id,
    }
    for launch in launches:
        by_then = [each for each in dated if launch.net and each.net <= launch.net]
        figures = {}
        for kind, group in kinds.items():
            alike = [each for each in by_then if group(launch) and group(each) == group(launch)]
            of_year = [each for each in alike if each.net.year == launch.net.year]
            figures[f"{kind}_launch_attempt_count"] = len(alike) or None
            figures[f"{kind}_launch_attempt_count_year"] = len(of_year) or None
        earlier = [each.net for each in by_then if launch.pad_id == each.pad_id and each.net < launch.net]
        figures["pad_turnaround"] = launch.net - max(earlier) if launch.pad_id and earlier else NOTHING
        yield launch, figures


def flights_in_time(flights):
    return sorted(flights, key=lambda each: (each.launch.net is not None, each.launch.net, each.pk))


def ship_figures(ship, flights, stays):
    flown = flights_in_time([each for each in flights if each.launch.status_id in ATTEMPT])
    turnarounds = [each.turned for each in flown if each.turned is not None]
    *earlier, last = flown or [None]
    since = last.launch.net if last and last.launch.status_id in TO_SPACE else None
    time = sum(
        (
            max(each.mission_end - each.launch.net, NOTHING)
            for each in earlier
            if each.mission_end and each.launch.net and each.launch.status_id in TO_SPACE
        ),
        NOTHING,
    )
    until = last and last.mission_end
    ends = sum(each.mission_end is not None for each in flown)
    stays = sorted((each for each in stays if each.flight_vehicle_chaser in flights), key=lambda s: (s.docking, s.pk))
    *before, stay = stays or [None]
    docked = sum((max(each.departure - each.docking, NOTHING) for each in before if each.departure), NOTHING)
    return {
        "in_space": goes_on(since, until),
        "time_in_space": time + (lasting(since, until) if since else NOTHING),
        "time_docked": docked + (lasting(stay.docking, stay.departure) if stay else NOTHING),
        "flights_count": len(flown),
        "mission_ends_count": ends - bool(until and not is_past(until)),
        "fastest_turnaround": shortest(turnarounds),
    }


def ship_totals(flights):
    flown = [each for each in flights if each.launch.status_id in ATTEMPT]
    launches = [each.launch for each in flown]  # one for each flight
    landings = [each.landing for each in flights if each.landing]
    return {**totals(launches), **fates(landings), "spacecraft_flown": len({each.spacecraft_id for each in flown})}


def astronaut_figures(person, seats, flights, walks):
    ups, journeys, landed = [], [], []
    for seat in seats:
        up = [each for each in flights if seat in each.launched]
        down = [each for each in flights if seat in each.landed and each.mission_end]
        aboard = [each for each in flights if seat in each.launched or seat in each.boarded]
        ups += [each for each in up if each.launch.status_id in ATTEMPT]
        landed += down
        starts = [each.launch.net for each in up if each.launch.status_id in TO_SPACE and each.launch.net]
        is_up = any(each.mission_end is None and each.launch.status_id in TO_SPACE for each in aboard)
        if starts:
            until = None if is_up else max((each.mission_end for each in down), default=None)
            journeys.append((min(starts), seat.pk, until, is_up or until is not None))
    *earlier, last = sorted(journeys, key=lambda each: each[:2]) or [None]
    time = sum((max(until - since, NOTHING) for since, _, until, _ in earlier if until), NOTHING)
    since, until = (last[0], last[2]) if last and last[3] else (None, None)
    ends = {each.pk: each.mission_end for each in landed}
    latest = max(ends.values(), default=None)
    took = {each.pk: each.took for each in walks if each.took is not None and set(seats) & set(each.people)}
    nets = [each.launch.net for each in ups if each.launch.net]
    return {
        "in_space": goes_on(since, until),
        "time_in_space": time + (lasting(since, until) if since else NOTHING),
        "first_flight": min(nets, default=None),
        "last_flight": max(nets, default=None),
        "flights_count": len({each.pk for each in ups}),
        "landings_count": len(ends) - bool(latest and not is_past(latest)),
        "eva_time": sum(took.values(), NOTHING),
        "spacewalks_count": len(took),
    }


def stage_figures(stage, stages):
    alike = [each for each in stages if stage.launcher_id and each.launcher_id == stage.launcher_id and each.launch]
    alike = sorted((each for each in alike if each.launch.net), key=lambda each: (each.launch.net, each.pk))
    place = alike.index(stage) if stage in alike else 0
    before = alike[place - 1] if place else None
    numbers = [each and each.launcher_flight_number for each in (before, stage)]
    if before and None not in numbers and numbers[1] - numbers[0] != 1:
        before = None
    return {
        "previous_flight_id": before and before.launch_id,
        "previous_flight_date": before and before.launch.net,
        "turn_around_time": before and stage.launch.net - before.launch.net,
    }


def launcher_figures(stages):
    flown = [each for each in stages if each.launch and each.launch.status_id in ATTEMPT]
    nets = [each.launch.net for each in flown if each.launch.net]
    numbers = [each.launcher_flight_number for each in flown if each.launcher_flight_number]
    landings = fates([each.landing for each in stages if each.landing])
    return {
        "flights": max([len(flown), *numbers]),
        "first_launch_date": min(nets, default=None),
        "last_launch_date": max(nets, default=None),
        "attempted_landings": landings["attempted_landings"],
        "successful_landings": landings["successful_landings"],
        "fastest_turnaround": shortest([each.turned for each in flown if each.turned is not None]),
    }


def turned_around(flights):
    """Notes the time since the flight before on each flight of a ship."""
    for each in flights:
        each.turned = None
    for before, after in pairwise(flights_in_time(flights)):
        if before.mission_end and after.launch.net and after.launch.net >= before.mission_end:
            after.turned = after.launch.net - before.mission_end


def right():
    """Every row with figures, and what they should be."""
    launches = list(Launch.objects.select_related("mission__orbit", "pad__location", "rocket__configuration"))
    stages = list(FirstStage.objects.select_related("launch", "landing"))
    flights = list(SpacecraftFlight.objects.select_related("launch", "landing", "spacecraft__spacecraft_config"))
    payloads = list(PayloadFlight.objects.select_related("payload", "landing"))
    landings = list(Landing.objects.select_related("landing_location"))
    stays, walks = list(DockingEvent.objects.select_related("flight_vehicle_chaser")), list(Spacewalk.objects.all())
    for each in flights:
        each.launched, each.boarded, each.landed = (
            list(getattr(each, f"{name}_crew").all()) for name in ("launch", "onboard", "landing")
        )
    for each in walks:
        each.took = each.duration if each.duration is not None else each.end and each.start and each.end - each.start
        each.people = list(each.crew.all())
    for stage in stages:
        stage.turned = stage_figures(stage, stages)["turn_around_time"]
    for ship in Spacecraft.objects.all():
        turned_around([each for each in flights if each.spacecraft_id == ship.pk])
    yield from launch_figures(launches)
    for pad in Pad.objects.all():
        mine = of([each for each in launches if each.pad_id == pad.pk], ATTEMPT)
        yield (
            pad,
            {
                "total_launch_count": len(mine),
                "orbital_launch_attempt_count": sum(map(is_orbital, mine)),
                "fastest_turnaround": shortest(between(mine)),
            },
        )
    for place in Location.objects.all():
        mine = [each for each in launches if each.pad and each.pad.location_id == place.pk]
        down = [each for each in landings if each.landing_location and each.landing_location.location_id == place.pk]
        yield place, {"total_launch_count": len(of(mine, ATTEMPT)), "total_landing_count": len(tried(down))}
    for body in CelestialBody.objects.all():
        mine = [
            each
            for each in launches
            if each.pad and each.pad.location and each.pad.location.celestial_body_id == body.pk
        ]
        down = fates(
            [each for each in landings if each.landing_location and each.landing_location.celestial_body_id == body.pk]
        )
        down["total_attempted_landings"] = down.pop("attempted_landings")
        mine = totals(mine)
        mine["total_attempted_launches"] = mine.pop("total_launch_count")
        yield body, {**mine, **down}
    for place in LandingLocation.objects.all():
        yield place, fates([each for each in landings if each.landing_location_id == place.pk])
    for agency in Agency.objects.all():
        mine = [each for each in launches if each.launch_service_provider_id == agency.pk]
        built = [each for each in flights if each.spacecraft.spacecraft_config.agency_id == agency.pk]
        operated = [each for each in payloads if each.payload.operator_id == agency.pk]
        figures = rocket_totals(mine, [each for each in stages if each.launch in mine])
        for of_what, rows in (("spacecraft", built), ("payload", operated)):
            counts = fates([each.landing for each in rows if each.landing])
            figures |= {f"{name}_{of_what}": count for name, count in counts.items()}
        yield agency, figures
    for kind in LauncherConfig.objects.all():
        mine = [each for each in launches if each.rocket and each.rocket.configuration == kind]
        figures = rocket_totals(mine, [each for each in stages if each.launch in mine])
        yield kind, figures | {"fastest_turnaround": shortest(between(of(mine, ATTEMPT)))}
    for family in LauncherConfigFamily.objects.all():
        kinds = set(family.launcher_configs.all())
        mine = [each for each in launches if each.rocket and each.rocket.configuration in kinds]
        yield family, rocket_totals(mine, [each for each in stages if each.launch in mine])
    for stage in stages:
        yield stage, stage_figures(stage, stages)
    for launcher in Launcher.objects.all():
        yield launcher, launcher_figures([each for each in stages if each.launcher_id == launcher.pk])
    for flight in flights:
        status, net = flight.launch.status_id, flight.launch.net
        lasts = net and (status in TO_SPACE or (status in ATTEMPT and flight.mission_end))
        duration = lasting(net, flight.mission_end) if lasts else None
        yield flight, {"duration": duration, "turn_around_time": flight.turned}
    for ship in Spacecraft.objects.all():
        yield ship, ship_figures(ship, [each for each in flights if each.spacecraft_id == ship.pk], stays)
    for kind in SpacecraftConfig.objects.all():
        mine = [each for each in flights if each.spacecraft.spacecraft_config_id == kind.pk]
        fastest = [each.turned for each in mine if each.turned is not None and each.launch.status_id in ATTEMPT]
        yield kind, ship_totals(mine) | {"fastest_turnaround": shortest(fastest)}
    for family in ShipFamily.objects.all():
        kinds = set(family.spacecraft_configs.values_list("pk", flat=True))
        yield family, ship_totals([each for each in flights if each.spacecraft.spacecraft_config_id in kinds])
    for person in Astronaut.objects.all():
        yield person, astronaut_figures(person, list(person.seats.all()), flights, walks)
    for station in SpaceStation.objects.all():
        here = [
            each
            for each in stays
            if each.space_station_target_id == station.pk and goes_on(each.docking, each.departure)
        ]
        ships = [each for each in flights if each.pk in {stay.flight_vehicle_chaser_id for stay in here}]
        people = {seat.astronaut_id for each in ships for seat in each.boarded}
        yield station, {"docked_vehicles": len(here), "onboard_crew": len(people)}


def disagreements():
    """The figures that are not what they should be: of which row, what they are, and what they should be."""
    return [
        (row._meta.label, row.pk, name, getattr(row, name), value)
        for row, figures in right()
        for name, value in figures.items()
        if getattr(row, name) != value
    ]
