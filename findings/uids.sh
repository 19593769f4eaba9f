#!/usr/bin/env bash
# vdirsyncer 0.21.0 replaces the UID of each event of a calendar that it reads by http by a digest of the event's content.
#
# RFC 5545 (3.8.4.7) has UIDs stay as they are, so that a reader knows a revision, with a higher SEQUENCE, for the event
# that it has. A storage of type "http" keeps none of them: when a server moves an event by an hour, the pair deletes the
# event that it has and adds another one. So an alarm that was set in the copy is gone, and no other program knows that
# both are one event. Its other storages keep UIDs; no option tells this one to. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check vdirsyncer==0.21.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import re
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example//EN
BEGIN:VEVENT
UID:launch-1
SEQUENCE:{revision}
DTSTAMP:20260101T0{revision}0000Z
DTSTART:20260701T1{revision}0000Z
SUMMARY:A launch
END:VEVENT
END:VCALENDAR
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *about):
        pass


web, copy = Path("web"), Path("copy")
web.mkdir(), copy.mkdir()
server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=web))
Thread(target=server.serve_forever, daemon=True).start()
Path("config").write_text(f"""
[general]
status_path = "status"
[pair launches]
a = "there"
b = "here"
collections = null
[storage there]
type = "http"
url = "http://127.0.0.1:{server.server_address[1]}/launches.ics"
[storage here]
type = "filesystem"
path = "copy"
fileext = ".ics"
""")


def vdirsyncer(*what):
    program = [Path(sys.executable).with_name("vdirsyncer"), "--config", "config", *what]
    return subprocess.run(program, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, input="y\n" * 9, text=True).stdout


def synced(revision):
    """What is said, and the UIDs in the copy, after the event has this revision."""
    (web / "launches.ics").write_text(EVENT.format(revision=revision).replace("\n", "\r\n"), newline="")
    said = vdirsyncer("sync")
    return said, [re.search(r"UID:(\S+)", path.read_text())[1] for path in copy.glob("*.ics")]


(web / "launches.ics").write_text(EVENT.format(revision=1).replace("\n", "\r\n"), newline="")
vdirsyncer("discover")
(_, [first]), (said, [second]) = synced(1), synced(2)
print("UID on the server:    launch-1\nUID in the copy:      ", first, "\nafter one revision:   ", second, sep="")
print(said)
assert "launch-1" not in (first, second), "UIDs are kept now"
assert first != second and "Deleting item" in said, "a revision is known for the same event now"
PYTHON
echo "As stated."
