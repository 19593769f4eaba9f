"""Sections of the pages of nouns: the other rows that belong to a record."""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.db import models

from crew.models import AstronautFlight
from events.models import Event, Spacewalk
from launches.models import FirstStage
from stations.models import Expedition

from .values import address, name_of, shown

MOST = 50  # lines of a section


class Line(NamedTuple):
    """A line of a section: a name that leads to its page, and what is said of it."""

    text: str
    url: str
    about: str


class Section(NamedTuple):
    """Rows that belong to a record."""

    title: str
    lines: list[Line]
    has_more: bool = False


def section(title: str, rows: models.QuerySet, line: Callable[[Any], Line]) -> Section:
    found = list(rows[: MOST + 1])
    return Section(title, [line(row) for row in found[:MOST]], len(found) > MOST)


def said(*values) -> str:
    """Known values side by side."""
    return ", ".join(told.text for value in values if (told := shown(value)))


def line(row, *about) -> Line:
    return Line(name_of(row), address(row), said(*about))


def of_person(person):
    seats = AstronautFlight.objects.filter(astronaut=person).select_related("role")
    flown = seats.prefetch_related("launched_in__spacecraft", "launched_in__launch").order_by("-id")

    def flight(seat):
        flights = list(seat.launched_in.all())
        if not flights:
            return Line(said(seat.role and seat.role.role) or "A flight", "", "")
        first = flights[0]
        net = first.launch.net
        return Line(
            first.spacecraft.name, address(first.launch), said(seat.role and seat.role.role, net and net.date())
        )

    with_launch = flown.filter(launched_in__isnull=False).distinct()
    yield section("Flights", with_launch, flight)
    expeditions = Expedition.objects.filter(crew__astronaut=person).distinct().select_related("spacestation")
    yield section("Expeditions", expeditions.order_by("-start", "-id"), lambda each: line(each, each.spacestation))
    walks = Spacewalk.objects.filter(crew__astronaut=person).distinct().order_by("-start", "-id")
    yield section("Spacewalks", walks, lambda each: line(each, each.start, each.duration))


def of_agency(agency):
    rockets = agency.launcher_list.order_by("full_name", "id")
    yield section("Rockets", rockets, lambda each: line(each, each.maiden_flight))
    yield section("Programs", agency.programs.order_by("name", "id"), line)
    yield section("People", agency.astronauts.order_by("name", "id"), line)


def of_rocket(rocket):
    stages = rocket.launchers.order_by("serial_number", "id").select_related("status")
    yield section("Boosters and stages", stages, lambda each: line(each, each.status))


def of_booster(booster):
    flights = FirstStage.objects.filter(launcher=booster).select_related("launch", "landing__landing_location")
    yield section(
        "Flights",
        flights.order_by("-launch__net", "-id"),
        lambda each: Line(
            name_of(each.launch) if each.launch else "A flight",
            address(each.launch) if each.launch else "",
            said(each.launch and each.launch.net, each.landing and each.landing.landing_location),
        ),
    )


def of_site(site):
    pads = site.pads.order_by("name", "id")
    yield section("Pads", pads, lambda each: line(each, "in use" if each.active else "not in use"))


def of_expedition(expedition):
    seats = expedition.crew.select_related("astronaut", "role").order_by("role__priority", "id")
    yield section("Crew", seats, lambda seat: line(seat.astronaut, seat.role and seat.role.role))
    walks = expedition.spacewalks.order_by("start", "id")
    yield section("Spacewalks", walks, lambda each: line(each, each.start, each.duration))


def of_spacewalk(walk):
    seats = walk.crew.select_related("astronaut", "role").order_by("id")
    yield section("Crew", seats, lambda seat: line(seat.astronaut, seat.role and seat.role.role))


def of_event(event):
    yield section("Launches", event.launches.order_by("net", "id"), lambda each: line(each, each.net))
    yield section("Stations", event.spacestations.order_by("id"), line)
    yield section("Expeditions", event.expeditions.order_by("start", "id"), line)
    yield section("People", event.astronauts.order_by("name", "id"), line)


def of_program(program):
    yield section("Agencies", program.agencies.order_by("name", "id"), line)
    events = Event.objects.filter(program=program).order_by("-date", "-id")
    yield section("Events", events, lambda each: line(each, each.date))
