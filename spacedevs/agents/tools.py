"""The tools: what people ask about spaceflight, each answered by the API."""

from __future__ import annotations

import re
from typing import Any

from spacedevs.api.registry import all_paths, endpoints

from .asking import Api, Unanswerable
from .declaring import Argument, brief, number, text, tool

KEY = re.compile(r"-?\d+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MOMENT = "A moment in UTC, such as 2024-03-05 or 2024-03-05T07:28:00Z"
STATION = text("Name or id of a space station, such as International Space Station, Mir or 4", is_required=True)
LAUNCH = {
    "id": "id",
    "name": "name",
    "net": "net",
    "net_precision": "net_precision.name",
    "status": "status.name",
    "provider": "launch_service_provider.name",
    "rocket": "rocket.configuration.full_name",
    "mission": "mission.description",
    "orbit": "mission.orbit.name",
    "pad": "pad.name",
    "location": "pad.location.name",
}
DOCKING = {
    "id": "id",
    "docking": "docking",
    "departure": "departure",
    "port": "docking_location.name",
}
VEHICLES = "spacecraft.name", "name", "payload.name"


def key_of(api: Api, kind: str, named: str) -> str:
    """The id of a record of an endpoint that is named by its id or by its name."""
    if KEY.fullmatch(named):
        return named
    hits = api.get("search/", q=named, kinds=kind, limit=5)["results"]
    if not hits:
        raise Unanswerable(
            f"Nothing among {kind} has the name {named[:100]!r}. Call search with fewer or other words."
        )
    return str(hits[0]["id"])


def vehicle(record: dict[str, Any], role: str) -> str | None:
    """The name of the chaser or the target of a docking event."""
    for kind in ("flight_vehicle", "space_station", "payload_flight"):
        party = record.get(f"{kind}_{role}")
        if party:
            return next(filter(None, brief(party, **{path: path for path in VEHICLES}).values()), None)
    return None


def docking(record: dict[str, Any]) -> dict[str, Any]:
    return {"vehicle": vehicle(record, "chaser"), "at": vehicle(record, "target"), **brief(record, **DOCKING)}


@tool(
    "The next launches, soonest first, optionally only those with all these words in their name, mission, provider, "
    "rocket, pad or location.",
    "launches/upcoming/",
    words=text("Words such as SpaceX, Starlink or Vandenberg"),
    before=text(f"Only launches before this moment. {MOMENT}"),
    limit=number("How many launches", 5, 25),
)
def next_launches(api: Api, words: str | None, before: str | None, limit: int) -> Any:
    page = api.get(
        "launches/upcoming/",
        search=words,
        net__lte=before,
        limit=limit,
        mode="normal",
        ordering="net",
        hide_recent_previous="true",
    )
    return {"count": page["count"], "results": [brief(each, **LAUNCH) for each in page["results"]]}


@tool(
    "Finds launches, agencies, astronauts, stations, spacecraft, rockets, pads, dockings, events and programs by "
    "names, also misspelt ones. Gives ids for the other tools.",
    "search/",
    q=text("A name, the beginning of one, or words in it; at least 2 characters", is_required=True),
    kinds=text("Only these endpoints, separated by commas, such as launches,agencies"),
    limit=number("How many hits", 10, 50),
)
def search(api: Api, q: str, kinds: str | None, limit: int) -> Any:
    return api.get("search/", q=q, kinds=kinds, limit=limit)


@tool(
    "All about one launch: date, status, mission, rocket, stages, landings, spacecraft and crew, pad, updates.",
    "launches/{id}/",
    launch=text("Id of the launch, or its name, such as Falcon 9 | Starlink or Apollo 11", is_required=True),
)
def get_launch(api: Api, launch: str) -> Any:
    return api.get(f"launches/{key_of(api, 'launches', launch)}/")


@tool(
    "The vehicles docked at a space station now or at a moment, with their ports and times.",
    "space_stations/{id}/now/",
    "docking_events/",
    station=STATION,
    at=text(f"{MOMENT}; now if it is left out"),
)
def who_is_docked(api: Api, station: str, at: str | None) -> Any:
    key = key_of(api, "space_stations", station)
    if at is None:
        there = api.get(f"space_stations/{key}/now/")
        return brief(there, station="name", as_of="as_of", docked="docked", free_ports="free")
    return {"station": key, "at": at, "docked": [docking(each) for each in docked_at(api, key, at)]}


def docked_at(api: Api, key: str, at: str) -> list[dict[str, Any]]:
    """The docking events at a station that had begun at a moment and not yet ended."""
    begun = {"space_station_target__id": key, "docking__lte": at, "mode": "normal", "limit": 100}
    left_later = api.get("docking_events/", **begun, departure__gt=at)["results"]
    still = api.get("docking_events/", **begun, docked="true")["results"]
    return list({each["id"]: each for each in (*left_later, *still)}.values())


@tool(
    "The people aboard a space station now or at a moment. At a moment in the past these are the crews that left on "
    "the spacecraft docked then, or those of the expeditions if no crew is known.",
    "space_stations/{id}/now/",
    "docking_events/",
    "spacecraft_flights/{id}/",
    "expeditions/",
    station=STATION,
    at=text(f"{MOMENT}; now if it is left out"),
)
def who_is_aboard(api: Api, station: str, at: str | None) -> Any:
    key = key_of(api, "space_stations", station)
    if at is None:
        there = api.get(f"space_stations/{key}/now/")
        return brief(there, station="name", as_of="as_of", crew="crew")
    flights = [each["flight_vehicle_chaser"] for each in docked_at(api, key, at) if each["flight_vehicle_chaser"]]
    found = [
        {**person(seat), "came_with": flight["spacecraft"]["name"]}
        for flight in flights
        for seat in api.get(f"spacecraft_flights/{flight['id']}/")["onboard_crew"]
    ]
    if not found:
        page = api.get("expeditions/", space_station=key, start__lte=at, end__gte=at, mode="detailed", limit=10)
        found = [{**person(seat), "came_with": each["name"]} for each in page["results"] for seat in each["crew"]]
    once = {each["id"]: each for each in reversed(found)}
    return {"station": key, "at": at, "crew": list(reversed(once.values()))}


def person(seat: dict[str, Any]) -> dict[str, Any]:
    return brief(seat, id="astronaut.id", name="astronaut.name", role="role.role", agency="astronaut.agency.abbrev")


@tool(
    "The dockings between two moments, optionally only those at one station.",
    "docking_events/",
    start=text(f"From. {MOMENT}", is_required=True),
    end=text(f"Until. {MOMENT}", is_required=True),
    station=text("Name or id of a space station"),
    limit=number("How many dockings, earliest first", 25, 100),
)
def dockings_between(api: Api, start: str, end: str, station: str | None, limit: int) -> Any:
    page = api.get(
        "docking_events/",
        docking__gte=start,
        docking__lte=end,
        space_station_target__id=key_of(api, "space_stations", station) if station else None,
        ordering="docking",
        mode="normal",
        limit=limit,
    )
    return {"count": page["count"], "results": [docking(each) for each in page["results"]]}


@tool(
    "All about one astronaut: life, agency, flights, landings, spacewalks and time in space.",
    "astronauts/{id}/",
    astronaut=text("Name or id, such as Thomas Pesquet", is_required=True),
)
def get_astronaut(api: Api, astronaut: str) -> Any:
    return api.get(f"astronauts/{key_of(api, 'astronauts', astronaut)}/")


@tool(
    "The record of a kind of rocket: launches, successes, failures, landings, capacities and dimensions.",
    "launcher_configurations/{id}/",
    rocket=text("Name or id, such as Falcon 9 or Ariane 6", is_required=True),
)
def rocket_record(api: Api, rocket: str) -> Any:
    return api.get(f"launcher_configurations/{key_of(api, 'launcher_configurations', rocket)}/")


@tool(
    "The records that were created, updated or deleted since a cursor. Without a cursor it gives the one of now, to "
    "call again later.",
    "changes/",
    since=text("The `cursor` of an earlier answer"),
    endpoints=text("Only these endpoints, separated by commas, such as launches,docking_events"),
    limit=number("How many changes", 50, 200),
)
def what_changed(api: Api, since: str | None, endpoints: str | None, limit: int) -> Any:
    return api.get("changes/", since=since, endpoints=endpoints, limit=limit)


@tool(
    "Any list or record of the API, with its filters, `search`, `ordering`, `mode`, `limit`, `offset`, and `fields` "
    "for only some fields. Call describe_endpoint first.",
    endpoint=text("Such as launches, agencies, landings, config/orbits or launches/upcoming", is_required=True),
    id=text("The id of one record; without it, the list"),
    parameters=Argument('Query parameters, such as {"lsp__name": "SpaceX", "year": 2024, "limit": 5}', dict),
)
def query_endpoint(api: Api, endpoint: str, id: str | None, parameters: dict[str, Any] | None) -> Any:
    path = known(endpoint)
    asked = {name: value for name, value in (parameters or {}).items() if name != "format"}
    for name, value in asked.items():
        if isinstance(value, bool):
            asked[name] = str(value).lower()
        elif isinstance(value, list) and all(isinstance(each, str | int | float) for each in value):
            asked[name] = ",".join(map(str, value))
        elif not isinstance(value, str | int | float):
            raise Unanswerable(f"The parameter `{str(name)[:64]}` must be a text, a number, true, false or a list.")
    if id is None:
        shallow = next(iter(getattr(endpoints().get(path), "modes", ())), None)
        return api.get(f"{path}/", **{"mode": shallow, "limit": 10, "strict": "true", **asked})
    if not KEY.fullmatch(id):
        raise Unanswerable("`id` must be the id of a record: a number or a UUID. Call search to find it by a name.")
    return api.get(f"{path}/{id}/", **asked)


@tool(
    "The parameters and fields of an endpoint for query_endpoint; without an endpoint, all endpoints.",
    endpoint=text("Such as launches or docking_events"),
)
def describe_endpoint(api: Api, endpoint: str | None) -> Any:
    if endpoint is None:
        return {"endpoints": {path: each.about for path, each in endpoints().items()}}
    path = known(endpoint)
    view = endpoints().get(path)
    if view is None:
        raise Unanswerable(f"{path} is one object without parameters: call query_endpoint.")
    return {
        "endpoint": path,
        "about": view.about,
        "modes": list(view.modes),
        "filters": list(view.filter_names),
        "search": sorted(view.search_fields),
        "ordering": sorted(view.ordering_fields),
        "examples": list(view.examples.values()),
        "fields": list(view.ladder[-1]().fields),
    }


def known(endpoint: str) -> str:
    """The path of an endpoint; raises Unanswerable for an unknown one."""
    path = endpoint.strip().strip("/").removeprefix("2.3.0").strip("/")
    if path in all_paths():
        return path
    raise Unanswerable(f"There is no endpoint {path[:64]!r}. There are: {', '.join(all_paths())}.")
