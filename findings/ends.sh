#!/usr/bin/env bash
# khal 0.14.1 has an event that begins at a moment, and has no end, last an hour.
#
# RFC 5545 (3.6.1) says of such an event that it ends when it begins; so do ical.js 2.2.1, node-ical, libical 3.0 and
# icalendar 7.3.2. A launch or a docking is such a moment: in khal's lists it takes an hour, and stands in the way of what
# comes 30 minutes later (`khal list` of an interval shows it there). An end that is written out, and equal to the start,
# makes no difference but a warning. A server that wants a moment shown as one cannot. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check khal==0.14.1 icalendar==7.3.2
cd "$folder"
mkdir calendar
cat > khal.conf <<CONFIG
[calendars]
[[launches]]
path = $folder/calendar
[locale]
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
default_timezone = UTC
local_timezone = UTC
[sqlite]
path = $folder/khal.db
CONFIG
event() {
    printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:-//example//EN BEGIN:VEVENT "UID:$1" DTSTAMP:20260101T000000Z \
        DTSTART:20260701T100000Z "${@:2}" "SUMMARY:$1" END:VEVENT END:VCALENDAR > "calendar/$1.ics"
}
event none
event same DTEND:20260701T100000Z
venv/bin/python - <<'PYTHON'
import subprocess
from datetime import timedelta
from pathlib import Path

from icalendar import Calendar

for path in sorted(Path("calendar").iterdir()):
    (event,) = Calendar.from_ical(path.read_bytes()).events
    print("icalendar:", path.stem, event.duration)
    assert event.duration == timedelta()
command = ["venv/bin/khal", "-c", "khal.conf", "list", "--day-format", "", "--format", "{title} {start-time}-{end-time}", "2026-07-01"]
shown = sorted(filter(None, subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()))
print("khal:", *shown)
assert shown == ["none 10:00-11:00", "same 10:00-11:00"], "It is not so any more"
PYTHON
echo "As stated."
