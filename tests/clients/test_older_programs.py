"""Programs that people install and that speak older versions run as they are: the host that they ask is ours.

Each is pinned here and installed beside the tests, which are skipped where it cannot be had."""

import json
import os
import shutil
import ssl
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.conf import settings

from tests.bench.servers import free_port, started
from tests.support.sample import new_database, run

from .installing import install

pytestmark = pytest.mark.clients

UPSTREAM = "ll.thespacedevs.com"
REDIRECTED = Path(__file__).parent / "redirected"
ROWS = """
import django
django.setup()
from datetime import UTC, datetime, timedelta
from agencies.models import Agency, Program
from crew.models import Astronaut, AstronautFlight, AstronautRole
from events.models import Event
from launches.models import FirstStage, Launch, Rocket, SpacecraftFlight
from media_assets.models import InfoURL, VidURL
from tests.support.factories import row
soon = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0)
links = {
    "info_urls": [row(InfoURL, url="https://example.org/mission", title="About it")],
    "vid_urls": [row(VidURL, url="https://example.org/stream", title="Live")],
}
starship = row(Program, name="Starship", image__image_url="https://example.org/program.jpg")
about = {"image__image_url": "https://example.org/launch.jpg", "status__id": 1, "status__name": "Go for Launch"}
launch = row(
    Launch,
    name="Ariane 5 ES | ATV 5",
    net=soon,
    window_start=soon,
    window_end=soon,
    last_updated=soon,
    rocket=row(
        Rocket,
        configuration__name="Ariane 5",
        configuration__full_name="Ariane 5 ES",
        configuration__leo_capacity=21000,
        configuration__to_thrust=11400,
        configuration__launch_mass=760,
        configuration__max_stage=2,
        configuration__length=53,
        configuration__successful_launches=7,
        configuration__maiden_flight="2008-03-09",
    ),
    launch_service_provider=row(Agency, name="Arianespace", abbrev="ASA", type__name="Commercial"),
    mission__name="ATV 5",
    mission__description="It brings cargo to the station.",
    mission__type__name="Resupply",
    pad__name="ELA-3",
    pad__latitude=5.239,
    pad__longitude=-52.768,
    pad__map_url="https://example.org/map",
    pad__location__name="Kourou, French Guiana",
    status__abbrev="Go",
    net_precision__id=1,
    net_precision__name="Minute",
    program=[starship],
    **about,
    **links,
)
pilot = row(AstronautFlight, astronaut=row(Astronaut, name="Alexander Gerst"), role=row(AstronautRole, role="Pilot"))
row(SpacecraftFlight, launch=launch, spacecraft__name="Georges Lemaître", launch_crew=[pilot])
row(FirstStage, launch=launch, launcher__serial_number="L5103")
past = row(Launch, name="Starship | Flight 1", net=soon - timedelta(days=9), program=[starship])
for name, date in (("Docking", soon), ("Undocking", soon - timedelta(days=9))):
    row(
        Event,
        name=name,
        date=date,
        location="ISS",
        description="It is worth a look.",
        type__name="Docking",
        image__image_url="https://example.org/event.jpg",
        last_updated=soon,
        launches=[launch],
        program=[starship],
        **links,
    )
print(soon.isoformat())
"""


class Front(BaseHTTPRequestHandler):
    """Speaks TLS to programs that know no other way, and passes on what they ask."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        said = {**dict(self.headers.items()), "X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1"}
        asked = Request(f"{self.server.behind}{self.path}", headers=said)
        try:
            response = urlopen(asked)
        except HTTPError as error:
            response = error
        body = response.read()
        self.send_response(response.status)
        for name, value in response.headers.items():
            if name.lower() not in ("transfer-encoding", "connection", "content-length", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        self.server.asked.append(self.path)


@pytest.fixture(scope="module")
def there(folder):
    """A server that is asked as if it were upstream: its address, what was asked of it, and when the launch is."""
    if not shutil.which("openssl"):
        pytest.skip("needs openssl")
    port, manage = free_port(), [sys.executable, settings.BASE_DIR / "manage.py"]
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={UPSTREAM}"),
        *("-addext", f"subjectAltName=DNS:{UPSTREAM}", "-keyout", key, "-out", certificate),
    )
    with new_database(folder, migrated=True) as url:
        environment = {"DATABASE_URL": url, "SPACEDEVS_ALLOWED_HOSTS": f"localhost,127.0.0.1,{UPSTREAM}"}
        environment |= {"SPACEDEVS_TLS": "true", "SPACEDEVS_PROXIES": "1"}
        code = [sys.executable, "-c", ROWS]
        variables = {"DJANGO_SETTINGS_MODULE": "spacedevs.settings", "PYTHONPATH": str(settings.BASE_DIR)}
        soon = subprocess.run(
            code, env={**os.environ, **environment, **variables}, capture_output=True, text=True, check=True
        ).stdout.strip()
        serve = [*manage, "serve", "--no-prepare", "--port", str(port)]
        with started(serve, port, "/readyz", os.environ | environment):
            front = ThreadingHTTPServer(("127.0.0.1", 0), Front)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            front.socket = context.wrap_socket(front.socket, server_side=True)
            front.behind, front.asked = f"http://127.0.0.1:{port}", []
            Thread(target=front.serve_forever, daemon=True).start()
            yield front, certificate, soon
            front.shutdown()
            front.server_close()


@pytest.fixture(scope="module")
def program(folder, there):
    """Installs a package, and runs code with it: what it prints, and the paths that were asked meanwhile."""
    front, certificate, _ = there

    def program(package, *command):
        python = folder / package.partition("==")[0] / "bin" / "python"
        uv = [sys.executable, "-m", "uv", "--quiet"]
        if not python.exists():
            run(*uv, "venv", "--python", sys.executable, python.parents[1])
            install(package, *uv, "pip", "install", "--python", python, package)
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REDIRECTED),
            "REDIRECTED_TO": str(front.server_address[1]),
            "REQUESTS_CA_BUNDLE": str(certificate),
            "SSL_CERT_FILE": str(certificate),
        }
        front.asked.clear()
        done = subprocess.run([python, *command], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout, list(front.asked)

    return program


PYLAUNCHES = """
import asyncio, json
from pylaunches import PyLaunches

async def main():
    async with PyLaunches() as client:
        print(json.dumps([
            await client.launch_upcoming(filters={"mode": "detailed", "limit": 1}),
            await client.event(filters={"limit": 1}),
            await client.event_upcoming(filters={"limit": 1}),
            await client.event_previous(filters={"limit": 1}),
            await client.dashboard_starship(),
        ]))

asyncio.run(main())
"""


def test_pylaunches_has_pictures_links_ship_and_crew(program, there):
    told, asked = program("pylaunches==2.0.0", "-c", PYLAUNCHES)
    (launch,), (first,), (event,), (past,), starship = json.loads(told)
    ship = launch["rocket"]["spacecraft_stage"]
    assert asked == [
        "/2.2.0/launch/upcoming/?mode=detailed&limit=1",
        "/2.2.0/event/?limit=1",
        "/2.2.0/event/upcoming/?limit=1",
        "/2.2.0/event/previous/?limit=1",
        "/2.2.0/dashboard/starship/",
    ]
    assert (launch["name"], launch["image"], launch["status"]["name"], launch["pad"]["latitude"]) == (
        "Ariane 5 ES | ATV 5",
        "https://example.org/launch.jpg",
        "Go for Launch",
        "5.239",
    )
    assert launch["url"] == f"https://{UPSTREAM}/2.2.0/launch/{launch['id']}/"
    assert [each["url"] for each in launch["vidURLs"]] == ["https://example.org/stream"]
    assert [each["url"] for each in launch["infoURLs"]] == ["https://example.org/mission"]
    assert ship["spacecraft"]["name"] == "Georges Lemaître"
    assert [each["astronaut"]["name"] for each in ship["launch_crew"]] == ["Alexander Gerst"]
    assert launch["rocket"]["launcher_stage"][0]["launcher"]["serial_number"] == "L5103"
    assert (first["name"], event["name"], past["name"]) == ("Undocking", "Docking", "Undocking")
    assert (event["feature_image"], event["video_url"], event["news_url"]) == (
        "https://example.org/event.jpg",
        "https://example.org/stream",
        "https://example.org/mission",
    )
    assert event["launches"][0]["image"] == "https://example.org/launch.jpg"
    assert [each["name"] for each in starship["previous"]["launches"]] == ["Starship | Flight 1"]
    assert starship["upcoming"]["events"][0]["feature_image"] == "https://example.org/event.jpg"


NEXTINSPACE = """
import json, nextinspace
items = nextinspace.nextinspace(2, include_launcher=True)
print(json.dumps([[type(item).__name__, {**vars(item), "launcher": vars(getattr(item, "launcher", None) or item)}]
                  for item in items], default=str))
"""


def test_nextinspace_has_launch_launcher_and_event(program, there):
    _, _, soon = there
    told, asked = program("nextinspace==3.0.1", "-c", NEXTINSPACE)
    items = dict(json.loads(told))
    launch, event = items["Launch"], items["Event"]
    assert {each.split("?")[0].strip("/") for each in asked} > {"2.1.0/launch", "2.1.0/event/upcoming"}
    assert (launch["name"], launch["location"], launch["type_"], launch["description"]) == (
        "Ariane 5 ES | ATV 5",
        "ELA-3, Kourou, French Guiana",
        "Resupply",
        "It brings cargo to the station.",
    )
    assert launch["date"] == soon.replace("T", " ")
    assert {name: launch["launcher"][name] for name in ("name", "payload_leo", "liftoff_thrust", "height")} == {
        "name": "Ariane 5 ES",
        "payload_leo": 21000,
        "liftoff_thrust": 11400,
        "height": 53.0,
    }
    assert (event["name"], event["location"], event["type_"]) == ("Docking", "ISS", "Docking")


def test_the_command_of_nextinspace_shows_them(program):
    told, _ = program("nextinspace==3.0.1", "-m", "nextinspace", "--launches-only", "--verbose")
    assert all(word in told for word in ("Ariane 5 ES | ATV 5", "Kourou, French Guiana", "It brings cargo"))
    (shown,) = json.loads(program("nextinspace==3.0.1", "-m", "nextinspace", "--events-only", "--json")[0])
    assert (shown["name"], shown["location"]) == ("Docking", "ISS")


LAUNCHLIBRARY = """
import asyncio, json, warnings
warnings.simplefilter("ignore")
import launchlibrary

def told(launch):
    return [launch.name, str(launch.net), launch.status["name"], launch.tbdtime, launch.tbddate, launch.inhold,
            [each["url"] for each in launch.vid_urls], launch.pad.name, launch.pad.latitude, launch.pad.location.name]

async def main():
    api = launchlibrary.Api()
    print(json.dumps({
        "next": [told(each) for each in api.next_launches(1)],
        "later": [told(each) for each in await api.async_next_launches(1)],
        "launches": [each.name for each in api.fetch_launch(limit=1, search="ATV")],
        "pads": [each.longitude for each in api.fetch_pad(name="ELA-3")],
        "locations": [each.pads[0].name for each in api.fetch_location(name="Kourou, French Guiana")],
        "rockets": [each.name for each in api.fetch_rocket(name="Ariane 5")],
    }))
    await api.network.sess.close()

asyncio.run(main())
"""


def test_python_launch_library_has_launches_pads_locations_and_rockets(program, there):
    _, _, soon = there
    told, asked = program("python-launch-library==2.0.3", "-c", LAUNCHLIBRARY)
    links = ["https://example.org/stream"]
    launch = ["Ariane 5 ES | ATV 5", soon.replace("T", " "), "Go", False, False, False, links]
    launch += ["ELA-3", "5.239", "Kourou, French Guiana"]
    assert {each.split("/")[1] for each in asked} == {"2.0.0"}
    assert json.loads(told) == {
        "next": [launch],
        "later": [launch],
        "launches": ["Ariane 5 ES | ATV 5"],
        "pads": ["-52.768"],
        "locations": ["ELA-3"],
        "rockets": ["Ariane 5"],
    }
