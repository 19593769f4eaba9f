"""The goals: what each measures, and how much is enough."""

import gzip
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from typing import NamedTuple

from django.utils.module_loading import import_string

from .lab import SECONDS, agree
from .measure import Duel, NotMeasured, Wrong
from .servers import granian, load, need, nginx

EVENTS = "docking_events/?limit=100&mode=detailed"
LAUNCHES = "launches/?limit=100&mode=detailed"
FIVE_FIELDS = "id", "name", "net", "pad.location.name", "status.name"
STATIONS = "space_stations/?mode=detailed"
DETAILS = [f"docking_events/{number}/" for number in range(5, 600, 60)]
OLD_LAUNCHES = "/2.2.0/launch/?limit=100&mode=detailed"  # of those to come there are too few
OLD_DETAILS = [f"/2.2.0/docking_event/{number}/" for number in range(6, 600, 60)]  # of ships at stations

OURS, HELLO = "spacedevs.wsgi:application", "tests.bench.hello:application"
HOST = {"Host": "127.0.0.1"}  # as the processes are asked, which have no port
GZIP = HOST | {"Accept-Encoding": "gzip"}
ENOUGH_READS, PAGES = 1_000, 1_000
IMPORTING = "time_importing", "time_saving"
COUNTING, SHOWING = 0.5e-6, 40e-9  # seconds that each row more takes that a list counts, and each byte that it shows
RECOMPUTING = "time_recomputing", "time_reading_facts"


class Outcome(NamedTuple):
    """What was found, and the comparison that it comes from."""

    value: float
    contest: Duel | None = None


def speed(contest):
    return Outcome(contest.speed(), contest)


def slowness(contest):
    return Outcome(contest.slowness(), contest)


def cold(lab, addresses):
    return speed(lab.compare("plain DRF", *addresses))


def statements(lab, address):
    lab.compare_bodies("plain DRF", address)
    return Outcome(lab.call("ours", "1x", "inside.statements", address))


def more_statements(lab, address, smaller):
    """How many more statements a page takes than a smaller one."""
    return Outcome(statements(lab, address).value - statements(lab, smaller).value)


def checked(lab, server, address, headers):
    """The headers and the body of an answer over HTTP, once it is known to be right."""
    received = body = None

    def ours():
        nonlocal received, body
        status, received, body = server.get(f"/2.3.0/{address}", headers)
        text = gzip.decompress(body) if received.get("Content-Encoding") == "gzip" else body
        return json.loads(text) if status == 200 else status

    if not agree(ours, partial(lab.body, "plain DRF", "1x", address)):
        raise Wrong(f"not what plain DRF answers to {address}")
    return received, body


def loaded(lab, ours, theirs):
    """Two servers under load: each with the path and the headers to ask for."""
    batches = [partial(load, server, path, headers, 2 * SECONDS) for server, path, headers in (ours, theirs)]
    for batch in batches:
        batch()  # so that every worker is warm
    return lab.duel(*batches)


def warm_detail(lab, address):
    need("wrk")
    path = f"/2.3.0/{address}"
    with granian(OURS, path, DATABASE_URL=lab.url()) as ours, granian(HELLO, "/") as hello:
        checked(lab, ours, address, HOST)
        return speed(loaded(lab, (ours, path, HOST), (hello, "/", HOST)))


def warm_list(lab, address):
    need("wrk", "nginx")
    path = f"/2.3.0/{address}"
    with granian(OURS, path, DATABASE_URL=lab.url()) as ours:
        headers, body = checked(lab, ours, address, GZIP)
        if headers.get("Content-Encoding") != "gzip":
            raise Wrong("the answer is not compressed")
        with nginx(body) as file:
            if file.get("/page.json", GZIP)[2] != body:
                raise Wrong("nginx answers something else")
            return speed(loaded(lab, (ours, path, GZIP), (file, "/page.json", GZIP)))


def not_modified(lab, address):
    need("wrk")
    path = f"/2.3.0/{address}"
    with granian(OURS, path, DATABASE_URL=lab.url()) as ours, granian(HELLO, "/") as hello:
        headers, _ = checked(lab, ours, address, HOST)
        asked = HOST | {"If-None-Match": headers.get("ETag", "none")}
        if ours.get(path, asked)[0] != 304:
            raise Wrong("no answer is ever 304")
        return speed(loaded(lab, (ours, path, asked), (hello, "/", HOST)))


def must_cache(lab, scale):
    _, headers, _ = lab.call("cached", scale, "inside.get", DETAILS[0])
    if "etag" not in map(str.lower, headers):
        raise NotMeasured("answers have no ETag, so none is kept")


def after_write(lab, address):
    must_cache(lab, "1x")
    lab.compare_bodies("plain DRF", address, ours="cached")
    first = partial(lab.call, "cached", "1x", "inside.first_after_write", address, SECONDS)
    return slowness(lab.duel(first, lab.timed("ours", "1x", address)))


def reading_while_somebody_writes(lab):
    """A warm mix with a commit elsewhere for each second of CPU time, against the same mix without a writer."""
    must_cache(lab, "1x")
    sides = [partial(lab.call, "cached", "1x", "inside.time_mix", writes) for writes in (True, False)]
    return speed_of_cpu(lab.duel(*sides))


def speed_of_cpu(contest):
    """By CPU time, for the commits come by CPU time."""
    return Outcome(contest.theirs.cpu() / contest.ours.cpu(), contest)


def changed_etags(lab):
    """How many answers get another ETag by a commit elsewhere; asked twice, for figures may run on meanwhile."""
    must_cache(lab, "1x")
    return Outcome(min(lab.call("cached", "1x", "inside.changed_etags") for _ in range(2)))


def stale(lab):
    if not find_spec("tests.bench.stale"):
        raise NotMeasured("there is no tests/bench/stale.py")
    found = import_string("tests.bench.stale.run")(lab.url(), ENOUGH_READS)
    if found["reads"] < ENOUGH_READS or not found["control_stale"]:
        raise Wrong(f"proves nothing: {found}")
    return Outcome(found["stale"])


def growth(lab, address):
    """A page among ten times as many rows against the same page."""
    return slowness(lab.duel(lab.timed("ours", "10x", address), lab.timed("ours", "1x", address)))


def some_fields(lab, address, names):
    """A page with these fields against the whole page."""
    limited = f"{address}&fields={','.join(names)}"
    told, shown = (lab.body(*side)["results"] for side in (("plain DRF", "1x", address), ("ours", "1x", limited)))
    if shown != [only(record, names) for record in told]:
        raise Wrong(f"not the fields of what plain DRF answers to {address}")
    return speed(lab.duel(lab.timed("ours", "1x", limited), lab.timed("ours", "1x", address)))


def only(record, names):
    """Some fields of a record, by names with dots; all of them without names."""
    if record is None or not names:
        return record
    parts = [name.partition(".") for name in names]
    below = {first: [rest for head, _, rest in parts if head == first and rest] for first, _, _ in parts}
    return {name: only(value, below[name]) for name, value in record.items() if name in below}


def last_page(lab, address):
    last = f"{address}&offset={lab.body('ours', '10x', address)['count'] - 100}"
    if len(lab.body("ours", "10x", last)["results"]) != 100:
        raise Wrong("the last page is not full")
    return slowness(lab.duel(lab.timed("ours", "10x", last), lab.timed("ours", "10x", address)))


def everywhere(lab):
    """Each list with each filter, order, search and page among ten times as many rows, in turn at both sizes.

    Prints those above the aim. What a list has to do is left out and named: to count the rows that it selects, because
    `count` is in the contract, and to show what its records embed."""
    asked = {scale: lab.call("ours", scale, "growth.addresses") for scale in ("1x", "10x")}
    pages, worst = sorted(asked["1x"].keys() & asked["10x"].keys()), 0.0
    for start in range(0, len(pages), 100):
        some = pages[start : start + 100]
        before, after = (
            lab.call("ours", scale, "growth.costs", {page: asked[scale][page] for page in some}) for scale in asked
        )
        for page in before.keys() & after.keys():
            (was, counted, shown), (cost, rows, size) = before[page], after[page]
            due = max(0, rows - counted) * COUNTING + max(0, size - shown) * SHOWING
            if cost > 1.5 * was:
                why = "above the aim"
                if cost - due <= 1.5 * was:
                    why = f"counts {rows} rows instead of {counted}, shows {size} bytes instead of {shown}"
                print(f"{cost / was:6.2f}x {was * 1000:7.2f} {cost * 1000:7.2f} ms  {page}: {why}")
            worst = max(worst, (cost - due) / was)
    return Outcome(worst)


def search(lab, words):
    """Counting and finding the first ten: to show them takes the same on both sides."""
    address = f"docking_events/?search={words}"
    lab.compare_bodies("icontains", address, scale="10x")
    sides = [partial(lab.call, side, "10x", "inside.time_finding", address, SECONDS) for side in ("ours", "icontains")]
    return speed(lab.duel(*sides))


def taking_in(lab, address):
    """Records of recorded answers against the rows that they make, one by one."""
    addresses = [f"{address}&offset={offset}" for offset in range(0, 500, 100)]
    sides = [partial(lab.call, "ours", "1x", f"inside.{side}", addresses, SECONDS) for side in IMPORTING]
    return speed(lab.duel(*sides))


def logging(lab, address, work):
    """Writing with the change log against writing without it."""
    addresses = [f"{address}&offset={offset}" for offset in range(0, 500, 100)]
    names = f"inside.{work}", f"inside.{work}_without_log"
    return slowness(lab.duel(*(partial(lab.call, "ours", "1x", name, addresses, SECONDS) for name in names)))


def following(lab):
    """Saving a row with all that follows from it against saving it where nothing does."""
    sides = [partial(lab.call, side, "10x", "inside.time_saving_a_stay", SECONDS) for side in ("derived", "ours")]
    return slowness(lab.duel(*sides))


def recomputing(lab):
    """Putting all figures right against reading, row by row, what they follow from."""
    sides = [partial(lab.call, "derived", "10x", f"inside.{side}", SECONDS) for side in RECOMPUTING]
    return slowness(lab.duel(*sides))


def growing(lab, work, *arguments):
    """The CPU of some work among ten times as many rows, with all that follows from it, against that of the same."""
    sides = [partial(lab.call, "derived", scale, f"inside.{work}", *arguments, SECONDS) for scale in ("10x", "1x")]
    contest = lab.duel(*sides)
    return Outcome(contest.ours.cpu() / contest.theirs.cpu(), contest)


def importing_known(lab, address):
    return growing(lab, "time_importing_known", [f"{address}&offset={offset}" for offset in range(0, 500, 100)])


def saving(lab, column, values):
    return growing(lab, "time_saving_a_launch", column, values)


def memory(lab):
    must_cache(lab, "10x")
    paths = [f"/2.3.0/{EVENTS}&offset={offset}" for offset in range(PAGES)]
    with granian(OURS, paths[0], workers=1, DATABASE_URL=lab.url("10x")) as server, ThreadPoolExecutor(4) as clients:
        answers = clients.map(lambda path: server.get(path, GZIP)[0], paths)
        if set(answers) != {200}:
            raise Wrong("not every page was answered")
        return Outcome(server.peak())


def beside_before(lab, name, about):
    """A ratio to an older build."""
    return Outcome(import_string(f"tests.bench.before.{name}")(lab, about))


class Goal(NamedTuple):
    """A number to reach: the floor, without which it is missed, and the aim."""

    name: str
    what: str
    floor: float
    aim: float
    measure: Callable
    at_most: bool = False
    unit: str = "x"
    on_sqlite: bool = False  # counts there too, unless goals are named

    def verdict(self, value):
        """Missed, held, or reached where the aim is."""
        reaches = value.__le__ if self.at_most else value.__ge__
        return "reached" if reaches(self.aim) else "held" if reaches(self.floor) else "MISSED"


AT_MOST = {"at_most": True}
COUNTED = {"at_most": True, "unit": ""}
GOALS = (
    Goal("G1", "list-100 detailed, cold / plain DRF", 15, 30, partial(cold, addresses=[EVENTS]), on_sqlite=True),
    Goal("G2", "detail, cold / plain DRF", 8, 20, partial(cold, addresses=DETAILS), on_sqlite=True),
    Goal(
        "G1", "launches of 2.2.0, list-100 detailed, cold / plain DRF", 12, 25, partial(cold, addresses=[OLD_LAUNCHES])
    ),
    Goal("G2", "detail of 2.2.0, cold / plain DRF", 8, 20, partial(cold, addresses=OLD_DETAILS)),
    Goal("G3", "SQL statements, list-100 detailed", 60, 30, partial(statements, address=EVENTS), **COUNTED),
    Goal("G3", "SQL statements, detail", 50, 20, partial(statements, address=DETAILS[0]), **COUNTED),
    Goal(
        "G3",
        "SQL statements, list-100 less list-10",
        0,
        0,
        partial(more_statements, address=EVENTS, smaller=EVENTS.replace("100", "10")),
        **COUNTED,
    ),
    Goal("G4", "launches, list-100 detailed, cold / plain DRF", 12, 25, partial(cold, addresses=[LAUNCHES])),
    Goal("G4", "stations detailed, cold / plain DRF", 12, 25, partial(cold, addresses=[STATIONS])),
    Goal("G5", "detail, warm / hello-world", 1.1, 1.5, partial(warm_detail, address=DETAILS[0]), on_sqlite=True),
    Goal("G6", "list-100 gzip, warm / nginx gzip_static", 0.4, 0.7, partial(warm_list, address=EVENTS)),
    Goal("G7", "304 / hello-world", 1.2, 1.9, partial(not_modified, address=DETAILS[0])),
    Goal("G8", "list-100 after a write : cold", 1.3, 1.0, partial(after_write, address=EVENTS), **AT_MOST),
    Goal("G9", "stale reads", 0, 0, stale, **COUNTED),
    Goal("G10", "docking events, 10x rows : 1x", 1.5, 1.1, partial(growth, address=EVENTS), **AT_MOST),
    Goal("G10", "launches, 10x rows : 1x", 1.5, 1.1, partial(growth, address=LAUNCHES), **AT_MOST),
    Goal("G10", "docking events at 10x, last page : first", 1.5, 1.1, partial(last_page, address=EVENTS), **AT_MOST),
    Goal("G10", "launches at 10x, last page : first", 1.5, 1.1, partial(last_page, address=LAUNCHES), **AT_MOST),
    Goal("G11", "search at 10x, many hits / icontains", 8, 20, partial(search, words="salyut")),
    Goal("G11", "search at 10x, few hits / icontains", 8, 20, partial(search, words="apollo+17")),
    Goal("G11", "search at 10x, no hit / icontains", 8, 20, partial(search, words="xyzzy")),
    Goal("G12", "import of 500 launches / Model.save()", 5, 10, partial(taking_in, address=LAUNCHES)),
    Goal("G12", "import of 500 docking events / Model.save()", 5, 10, partial(taking_in, address=EVENTS)),
    Goal("G13", "peak memory, 1,000 pages kept", 256, 160, memory, at_most=True, unit=" MB"),
    Goal("G16", "warm mix, one commit a second : no writer", 0.9, 0.95, reading_while_somebody_writes, on_sqlite=True),
    Goal(
        "G28",
        "list-100 detailed, five fields / all",
        6,
        12,
        partial(some_fields, address=LAUNCHES, names=FIVE_FIELDS),
        on_sqlite=True,
    ),
    Goal("G17", "ETags changed by a commit elsewhere", 0, 0, changed_etags, on_sqlite=True, **COUNTED),
)
BESIDE_BEFORE = (
    ("G18", "idle memory, 1 worker", 0.6, 0.55, "idle_memory", 1),
    ("G18", "idle memory, 4 workers", 0.6, 0.55, "idle_memory", 4),
    ("G18", "idle memory, 1 spawned worker", 0.7, 0.7, "idle_memory_spawned", 1),
    ("G19", "CPU of a second start, 1 worker", 0.9, 0.4, "second_start", 1),
    ("G19", "CPU of a second start, 4 workers", 0.6, 0.4, "second_start", 4),
    ("G20", "page of 100 launches, CPU", 0.25, 0.15, "page", "CPU"),
    ("G20", "page of 100 launches, bytes", 0.15, 0.15, "page", "bytes"),
)
# Asked for by name alone, by their length.
LATER = (
    Goal("G14", "docking event saved at 10x, with : without all that follows", 50, 10, following, **AT_MOST),
    Goal(
        "G27",
        "500 launches imported, logged : not",
        1.3,
        1.2,
        partial(logging, address=LAUNCHES, work="time_importing"),
        **AT_MOST,
    ),
    Goal(
        "G27",
        "500 docking events imported, logged : not",
        1.3,
        1.2,
        partial(logging, address=EVENTS, work="time_importing"),
        **AT_MOST,
    ),
    Goal(
        "G27",
        "500 launches saved, logged : not",
        1.3,
        1.2,
        partial(logging, address=LAUNCHES, work="time_saving"),
        **AT_MOST,
    ),
    Goal("G24", "every list, filter, order, search, page at 10x : 1x", 2.5, 1.5, everywhere, **AT_MOST),
    *(
        Goal(name, f"{what} : of 80c073c", floor, aim, partial(beside_before, name=function, about=about), **AT_MOST)
        for name, what, floor, aim, function, about in BESIDE_BEFORE
    ),
    Goal(
        "G25",
        "500 known launches imported, 10x : 1x, CPU",
        1.6,
        1.3,
        partial(importing_known, address="launches/?limit=100&mode=normal"),
        **AT_MOST,
    ),
    Goal(
        "G25",
        "status of a launch saved, 10x : 1x, CPU",
        30,
        2,
        partial(saving, column="status_id", values=[3, 4]),
        **AT_MOST,
    ),
    Goal(
        "G25", "net of a launch saved, 10x : 1x, CPU", 30, 2, partial(saving, column="net", values=[20, 0]), **AT_MOST
    ),
    Goal("G15", "all figures at 10x recomputed : their facts read", 10, 3, recomputing, **AT_MOST),
)
