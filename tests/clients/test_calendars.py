"""Programs that people keep calendars with read ours: every entry, and what becomes of it."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from django.conf import settings
from icalendar import Calendar

from tests.support.sample import run

pytestmark = pytest.mark.clients

CALENDARS = "launches", "events", "docking_events"
PACKAGES = "ics==0.7.3", "vobject==0.9.9", "vdirsyncer==0.21.0", "khal==0.14.1"
MODULES = "ical.js@2.2.1", "node-ical@0.26.1"

# Each reads a file and says, as JSON, of each entry: its UID, when it begins and ends, its title, place and revision.
IN_PYTHON = """
import json, sys
from datetime import UTC, datetime
def told(moment):
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(moment, datetime) else moment.isoformat()
"""
VOBJECT = """
import vobject
def of(entry, name, other=None):
    return getattr(entry, name).value if hasattr(entry, name) else other
found = vobject.readOne(open(sys.argv[1], newline="").read()).contents.get("vevent", [])
print(json.dumps([
    [of(each, "uid"), told(of(each, "dtstart")), told(of(each, "dtend", of(each, "dtstart"))), of(each, "summary"),
     of(each, "location", ""), int(of(each, "sequence"))]
    for each in found]))
"""
ICS = """
import ics
def when(each, moment):
    return told(moment.date() if each.all_day else moment.datetime)
print(json.dumps([
    [each.uid, when(each, each.begin), when(each, each.end), each.name, each.location or "",
     int(next(line.value for line in each.extra if line.name == "SEQUENCE"))]
    for each in ics.Calendar(open(sys.argv[1], newline="").read()).events]))
"""
LIBICAL = """
import gi
gi.require_version("ICalGLib", "3.0")
from gi.repository import ICalGLib as libical
def when(time):
    text = time.as_ical_string()
    day = f"{text[:4]}-{text[4:6]}-{text[6:8]}"
    return day if time.is_date() else f"{day}T{text[9:11]}:{text[11:13]}:{text[13:]}"
calendar = libical.Component.new_from_string(open(sys.argv[1], newline="").read())
kind, found = libical.ComponentKind.VEVENT_COMPONENT, []
each = calendar.get_first_component(kind)
while each is not None:
    found.append([each.get_uid(), when(each.get_dtstart()), when(each.get_dtend()), each.get_summary(),
                  each.get_location() or "", each.get_sequence()])
    each = calendar.get_next_component(kind)
assert calendar.count_errors() == 0
print(json.dumps(found))
"""
ICAL_JS = """
const ICAL = (await import("ical.js")).default;
const told = (time) => time.isDate ? time.toString() : time.toJSDate().toISOString().replace(".000", "");
const text = (await import("node:fs")).readFileSync(process.argv.at(-1), "utf8");
const found = new ICAL.Component(ICAL.parse(text)).getAllSubcomponents("vevent").map((one) => new ICAL.Event(one));
console.log(JSON.stringify(found.map((each) => [each.uid, told(each.startDate), told(each.endDate), each.summary,
  each.location || "", each.sequence])));
"""
NODE_ICAL = """
const ical = (await import("node-ical")).default;
const two = (number) => String(number).padStart(2, "0");
const day = (time) => `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
const told = (time) => time.dateOnly ? day(time) : time.toISOString().replace(".000", "");
const found = Object.values(ical.sync.parseFile(process.argv.at(-1))).filter((each) => each.type === "VEVENT");
console.log(JSON.stringify(found.map((each) => [each.uid, told(each.start), told(each.end), each.summary,
  each.location || "", Number(each.sequence)])));
"""


def said(command, folder):
    """What a program says, which must not fail."""
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout


def have(command, folder):
    """Fetches programs, or looks for one that only some machines have; skips where it is not to be had."""
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as why:
        named = " ".join(map(str, command[:2]))
        pytest.skip(f"{named} cannot be run here: {getattr(why, 'stderr', '') or why}")


@pytest.fixture(scope="session")
def python(tmp_path_factory):
    """A Python with packages that read calendars."""
    folder = tmp_path_factory.mktemp("packages")
    uv = [sys.executable, "-m", "uv", "--quiet"]
    have([*uv, "venv", "--python", sys.executable, folder / "venv"], folder)
    have([*uv, "pip", "install", "--python", folder / "venv", *PACKAGES], folder)
    return folder / "venv/bin/python"


@pytest.fixture(scope="session")
def modules(tmp_path_factory):
    """A folder with modules for node that read calendars."""
    folder = tmp_path_factory.mktemp("modules")
    have(["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", *MODULES], folder)
    return folder


@pytest.fixture(scope="session")
def read(request):
    """What a reader makes of a file."""

    def in_python(code, path):
        return said([request.getfixturevalue("python"), "-c", IN_PYTHON + code, path], path.parent)

    def in_the_system(code, path):
        have(["/usr/bin/python3", "-c", "import gi; gi.require_version('ICalGLib', '3.0')"], path.parent)
        return said(["/usr/bin/python3", "-c", IN_PYTHON + code, path], path.parent)

    def in_node(code, path):
        (folder := request.getfixturevalue("modules")).joinpath("reader.mjs").write_text(code)
        return said(["node", "reader.mjs", path], folder)

    readers = {
        "ics": (in_python, ICS),
        "vobject": (in_python, VOBJECT),
        "libical": (in_the_system, LIBICAL),
        "ical.js": (in_node, ICAL_JS),
        "node-ical": (in_node, NODE_ICAL),
    }

    def read(reader, path):
        run_it, code = readers[reader]
        return sorted(json.loads(run_it(code, path)))

    return read


def told(moment):
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(moment, datetime) else moment.isoformat()


def entries(body):
    """What the library reads that the server writes with."""
    return sorted(
        [
            str(each["UID"]),
            told(each["DTSTART"].dt),
            told(each.get("DTEND", each["DTSTART"]).dt),
            str(each["SUMMARY"]),
            str(each.get("LOCATION", "")),
            int(each["SEQUENCE"]),
        ]
        for each in Calendar.from_ical(body).events
    )


@pytest.mark.parametrize("prefix", CALENDARS)
@pytest.mark.parametrize("reader", ["ics", "vobject", "libical", "ical.js", "node-ical"])
def test_a_program_reads_every_entry_of_a_calendar(reader, prefix, read, served, tmp_path):
    path = tmp_path / "calendar.ics"
    path.write_bytes(body := served.get(f"/2.3.0/{prefix}/?format=ics&limit=1000"))
    assert read(reader, path) == entries(body) != []


# A calendar that is kept up to date ----------------------------------------------------------------

VDIRSYNCER = """
[general]
status_path = "status"
[pair launches]
a = "there"
b = "here"
collections = null
[storage there]
type = "http"
url = "{url}"
[storage here]
type = "filesystem"
path = "copy"
fileext = ".ics"
"""
KHAL = """
[calendars]
[[launches]]
path = {folder}/copy
[locale]
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
default_timezone = UTC
local_timezone = UTC
[sqlite]
path = {folder}/khal.db
"""
KEY = "00000000-0000-4000-8000-000000000001"
MADE = f"Launch.objects.create(id='{KEY}', name='Moved', net=datetime(2001, 5, 6, 7, 8, tzinfo=UTC), last_updated=NOW)"
MOVED = f"Launch.objects.filter(id='{KEY}').update(net=datetime(2001, 5, 9, 10, 11, tzinfo=UTC), last_updated=NOW)"
DELETED = f"Launch.objects.get(id='{KEY}').delete()"
SHELL = "from datetime import UTC, datetime; from launches.models import Launch; NOW = datetime.now(UTC); "


def test_a_program_follows_what_is_added_moved_and_deleted(python, served, tmp_path):
    url = f"{served.address}/2.3.0/launches/?format=ics&limit=1000"
    (tmp_path / "copy").mkdir()
    (tmp_path / "vdirsyncer.conf").write_text(VDIRSYNCER.format(url=url))
    (tmp_path / "khal.conf").write_text(KHAL.format(folder=tmp_path))
    vdirsyncer = [python.with_name("vdirsyncer"), "--config", "vdirsyncer.conf"]
    khal = [python.with_name("khal"), "--config", "khal.conf", "list", "--format", "{start-long} {title}"]

    def synced(change=None):
        """The entries of a month, and how many files the copy has."""
        if change:
            manage = [sys.executable, settings.BASE_DIR / "manage.py", "shell", "-v0", "-c", SHELL + change]
            run(*manage, DATABASE_URL=served.database)
        said([*vdirsyncer, "sync"], tmp_path)
        found = said([*khal, "--day-format", "", "2001-05-01", "30d"], tmp_path).split("\n")
        return list(filter(None, found)), len(list((tmp_path / "copy").iterdir()))

    said(["sh", "-c", 'yes | "$@"', "sh", *vdirsyncer, "discover"], tmp_path)
    before, number = synced()
    assert synced(MADE) == ([*before, "2001-05-06 07:08 Moved"], number + 1)
    assert synced(MOVED) == ([*before, "2001-05-09 10:11 Moved"], number + 1)
    assert synced(DELETED) == (before, number)
