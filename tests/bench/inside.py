"""What is done inside a process that has Django: ask, time, count statements."""

import os
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from io import BytesIO
from itertools import chain, count, islice
from pathlib import Path
from statistics import mean
from tempfile import TemporaryFile
from time import perf_counter, process_time

import orjson
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.backends.signals import connection_created
from django.urls import resolve
from django.utils.module_loading import import_string

from crew.models import Astronaut
from docking.models import DockingEvent, DockingLocation
from launches.models import Launch
from spacedevs.db.change_log import upkeep
from spacedevs.db.dataset_version import data_tables
from spacedevs.statistics import recompute, registry
from spacedevs.sync.importing.records import ingest_each, records
from spacedevs.sync.management.commands.import_ll2 import CHUNK
from stations.models import SpaceStation

from .data import nouns


@cache
def application():
    """What a server would call; with BENCH_URLCONF, Django as it is, serving these addresses instead of ours."""
    if urlconf := os.environ.get("BENCH_URLCONF"):
        settings.ROOT_URLCONF = urlconf
        return get_wsgi_application()
    return import_string(settings.WSGI_APPLICATION)


def environ(address, headers):
    path, _, query = address.partition("?")
    path = path if path.startswith("/") else f"/2.3.0/{path}"
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
    }


def get(address, **headers):
    """The status, the headers and the body of an answer."""
    said = []
    parts = application()(environ(address, headers), lambda *head: said.extend(head))
    try:
        return int(said[0].split()[0]), dict(said[1]), b"".join(parts)
    finally:
        getattr(parts, "close", lambda: None)()


spent = {}  # nanoseconds, by the process of PostgreSQL that served a connection of ours


def cpu_time():
    """The CPU seconds spent here and, where PostgreSQL runs on this machine, by it on our connections."""
    pgconn = getattr(connection.connection, "pgconn", None)
    if pgconn and (usage := Path(f"/proc/{pgconn.backend_pid}/schedstat")).exists():
        spent[pgconn.backend_pid] = int(usage.read_text().split()[0])
    return process_time() + sum(spent.values()) / 1e9


def timed(function, *arguments):
    """The seconds and CPU seconds that a call takes."""
    before, cpu = perf_counter(), cpu_time()
    function(*arguments)
    return perf_counter() - before, cpu_time() - cpu


def until(seconds, batch):
    """What a batch takes, again and again until the time is up, once at least."""
    taken, started = [], perf_counter()
    while not taken or perf_counter() - started < seconds:
        taken += batch()
    return taken


def time(addresses, seconds):
    """What requests take to each of these addresses in turn."""
    return until(seconds, lambda: [timed(get, address) for address in addresses])


def first_after_write(address, seconds):
    """What requests for docking events take that each follow a change of a row that the answer shows."""
    shown = orjson.loads(get(address)[2])["results"][0]["docking_location"]["id"]
    rows = DockingLocation.objects.filter(pk=shown)
    name, number = rows.values_list("name", flat=True)[0], count()

    def batch():
        get(address)
        rows.update(name=f"Renamed {next(number)} times")
        taken = timed(get, address)
        return [taken]

    try:
        return until(seconds, batch)
    finally:
        rows.update(name=name)


@cache
def mixed():
    """What clients ask for all day: 146 details, stations and lists."""
    details = {
        prefix: [f"{prefix}/{key}/" for key in chosen(model, number)]
        for prefix, model, number in (("docking_events", DockingEvent, 60), ("launches", Launch, 60))
    }
    stations = [f"space_stations/{key}/" for key in chosen(SpaceStation, 15)]
    lists = ["launches/upcoming", "launches/previous", "launches", "docking_events", "space_stations", "agencies"]
    lists += ["astronauts", "spacecraft", "pads", "events", "updates"]
    return [*chain.from_iterable(details.values()), *stations, *(f"{each}/" for each in lists)]


def chosen(model, number):
    """So many keys of a table, evenly spread."""
    keys = list(model.objects.order_by("pk").values_list("pk", flat=True))
    return keys[:: len(keys) // number][:number]


@cache
def row_of_nobody():
    """An astronaut who never flew, and whom no other record shows."""
    return Astronaut.objects.filter(pk=Astronaut.objects.filter(seats=None).latest("pk").pk)


def write_elsewhere(edited=count()):  # noqa: B008 - counts the calls
    """Changes a row that nothing of the mix shows."""
    row_of_nobody().update(bio=f"Edited {next(edited)} times")


def time_mix(writes):
    """What a second of CPU is enough for: the mean of rounds of the mix, after a commit elsewhere if one is wanted."""
    addresses = mixed()
    assert all(get(address)[0] == 200 for address in addresses)
    if writes:
        write_elsewhere()
    before, rounds = cpu_time(), 0
    taken = []
    while cpu_time() - before < 1:
        taken.append(timed(lambda: [get(address) for address in addresses]))
        rounds += 1
    return [(mean(wall for wall, _ in taken), mean(cpu for _, cpu in taken))]


def changed_etags():
    """How many answers of the mix get another ETag by a commit elsewhere."""
    addresses = mixed()
    etags = {address: get(address)[1]["ETag"] for address in addresses}
    write_elsewhere()
    return sum(get(address, If_None_Match=etag)[0] != 304 for address, etag in etags.items())


def find(address):
    """What an endpoint does to find the rows of a page, before it shows any."""
    request = WSGIRequest(environ(address, {}))
    route = resolve(request.path_info)
    view = route.func.cls(**route.func.initkwargs, action_map=route.func.actions)
    view.setup(request, *route.args, **route.kwargs)
    view.request = view.initialize_request(request)
    view.initial(view.request)
    rows = view.filter_queryset(view.get_queryset())
    return rows.count() and list(rows.values_list("pk", flat=True)[:10])


def time_finding(address, seconds):
    return until(seconds, lambda: [timed(find, address)])


@contextmanager
def emptied():
    """Takes all rows away, until it is done."""
    tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in nouns())
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {tables} CASCADE")
        else:
            cursor.execute("PRAGMA defer_foreign_keys = ON")
            for table in reversed(connection.introspection.django_table_names()):
                if table in data_tables():
                    cursor.execute(f"DELETE FROM {table}")  # noqa: S608
        yield
        transaction.set_rollback(True)


def take_in(bodies):
    """As the command that imports does, but that it need not look for the end of a record."""
    found = chain.from_iterable(records(f"page {number}", orjson.loads(body)) for number, body in enumerate(bodies))
    while chunk := list(islice(found, CHUNK)):
        outcome = ingest_each(chunk)
        assert not outcome.refused, outcome.refused[0]


def save(rows, sets):
    for row in rows:
        row._state.adding = True
        row.save()
    for row, name, related in sets:
        getattr(row, name).set(related)


@cache
def recorded(*addresses):
    """Answers, the rows that they make, and which of them are related to many others."""
    bodies = [get(address)[2] for address in addresses]
    with emptied():
        take_in(bodies)
        rows = [row for model in nouns() for row in model._base_manager.all()]
        sets = [
            (row, relation.name, related)
            for row in rows
            for relation in row._meta.many_to_many
            if (related := list(getattr(row, relation.name).all()))
        ]
    return bodies, rows, sets


def timed_in_an_empty_database(function, *arguments):
    with emptied():
        return timed(function, *arguments)


def time_importing(addresses, seconds):
    bodies, _, _ = recorded(*addresses)
    return until(seconds, lambda: [timed_in_an_empty_database(take_in, bodies)])


def timed_without_log(function, *arguments):
    with emptied():
        upkeep.remove(DEFAULT_DB_ALIAS)  # until the end of the transaction
        return timed(function, *arguments)


def time_importing_without_log(addresses, seconds):
    bodies, _, _ = recorded(*addresses)
    return until(seconds, lambda: [timed_without_log(take_in, bodies)])


def time_saving_without_log(addresses, seconds):
    _, rows, sets = recorded(*addresses)
    return until(seconds, lambda: [timed_without_log(save, rows, sets)])


def time_saving(addresses, seconds):
    _, rows, sets = recorded(*addresses)
    return until(seconds, lambda: [timed_in_an_empty_database(save, rows, sets)])


def time_saving_a_stay(seconds):
    """What it takes to save a docking event of a ship, and to put right what follows from it where that is done."""
    stay = DockingEvent.objects.filter(departure__isnull=False).exclude(flight_vehicle_chaser=None).latest("docking")
    departure = stay.departure

    def batch():
        stay.departure += timedelta(seconds=1)
        return [timed(stay.save)]

    taken = until(seconds, batch)
    stay.departure = departure
    stay.save()
    return taken


def time_importing_known(addresses, seconds):
    """What it takes to import records of which none differs from the rows, once they have been parsed."""
    known = list(chain.from_iterable(records(address, orjson.loads(get(address)[2])) for address in addresses))
    return until(seconds, lambda: [timed(ingest_each, known)])


def time_saving_a_launch(column, values, seconds):
    """What it takes to save one of the last launches with these values of a column in turn, and what follows."""
    launch = Launch.objects.order_by("-net", "id")[20]
    before = getattr(launch, column)

    def batch():
        taken = []
        for value in values:
            setattr(launch, column, before + timedelta(hours=value) if column == "net" else value)
            taken.append(timed(launch.save))
        return taken

    taken = until(seconds, batch)
    setattr(launch, column, before)
    launch.save()
    return taken


def recompute_everything():
    with transaction.atomic():
        recompute.recompute()
        transaction.set_rollback(True)


def time_recomputing(seconds):
    """What it takes to put all figures right, none of which is."""
    return until(seconds, lambda: [timed(recompute_everything)])


def read_facts():
    for model in registry.FACTS:
        list(model._base_manager.all())


def time_reading_facts(seconds):
    """What it takes to read the rows that figures follow from."""
    return until(seconds, lambda: [timed(read_facts)])


def statements(address):
    """How many statements one request sends to the database, counted where the driver sends them."""
    get(address)
    return {"postgresql": postgres_statements, "sqlite": sqlite_statements}[connection.vendor](address)


def postgres_statements(address):
    with TemporaryFile() as wire:
        connection.ensure_connection()
        connection.connection.pgconn.trace(wire.fileno())
        get(address)
        connection.connection.pgconn.untrace()
        wire.seek(0)
        sent = [line.split(b"\t") for line in wire if b"\tF\t" in line]
    return sum(message[3] in (b"Query", b"Execute") for message in sent)


def sqlite_statements(address):
    """Those of a new connection, less what prepares it."""
    sent = []

    def trace(connection, **kwargs):
        connection.connection.set_trace_callback(sent.append)

    connection.close()
    connection_created.connect(trace)
    get(address)
    connection_created.disconnect(trace)
    return sum(not statement.startswith("PRAGMA") for statement in sent)
