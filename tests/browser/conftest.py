"""A real browser before our pages: each carries a strict policy, and no complaint is let go."""

import re
import shutil
from base64 import b64decode
from threading import RLock

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, User
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from django.db.backends.signals import connection_created
from django.test import Client, override_settings
from playwright.sync_api import sync_playwright
from pytest_django.live_server_helper import LiveServer

from spacedevs.editing.sites import EditingSite

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",  # the tests need no network
]
FOREIGN = re.compile(r"^https?://(?!localhost[:/])")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
DOT = b64decode("R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==")  # a picture of one pixel
PASSWORD = "correct horse battery staple"


def strict(get_response):
    """Middleware that gives each page the strict policy."""

    def middleware(request):
        response = get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            response["Content-Security-Policy"] = POLICY
        return response

    return middleware


@pytest.fixture(scope="session")
def live_server():
    """The server of pytest-django, with that middleware around all others."""
    with override_settings(MIDDLEWARE=[f"{__name__}.strict", *django_settings.MIDDLEWARE]):
        server = LiveServer("localhost")  # which loads the middleware
    yield server
    server.stop()


@pytest.fixture(scope="session", autouse=True)
def readers_wait_for_no_writer(django_db_setup):
    """Threads share SQLite's database of the tests, which is in memory: there a reader of a table that another thread
    writes would fail at once. In a file, as it is served, readers and a writer do not meet."""

    def share(connection, **about):
        if connection.vendor == "sqlite" and connection.connection:
            connection.connection.execute("PRAGMA read_uncommitted = 1")

    connection_created.connect(share)
    for connection in connections.all(initialized_only=True):
        share(connection)
    yield
    connection_created.disconnect(share)


@pytest.fixture(autouse=True)
def one_request_at_a_time(monkeypatch):
    """All threads of the server of the tests use one connection, on which two snapshots cannot begin."""
    turn, respond = RLock(), WSGIHandler.get_response

    def in_turn(handler, request):
        with turn:
            return respond(handler, request)

    monkeypatch.setattr(WSGIHandler, "get_response", in_turn)


@pytest.fixture(autouse=True)
def sidebar(monkeypatch):
    """Pages for editors have the list of all tables beside them."""
    monkeypatch.setattr(EditingSite, "enable_nav_sidebar", True)


@pytest.fixture(scope="package")
def chromium():
    """Ends with this folder: Playwright keeps a loop running in the thread of the tests."""
    if CHROMIUM is None:
        pytest.skip("needs Debian's chromium")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def browse(chromium, live_server, settings, tmp_path):
    """Opens a browser that nobody else uses; returns its page. What it complains of fails the test.

    With `pictures` it gets a dot for each picture of other servers; it then keeps no copies of our files."""
    settings.MEDIA_ROOT = tmp_path
    complaints, contexts = [], []

    def new_page(pictures=True, **options):
        context = chromium.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        if pictures:
            context.route(FOREIGN, lambda route: route.fulfill(body=DOT, content_type="image/gif"))
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        return page

    yield new_page
    said = list(complaints)  # what is still asked for while a browser closes is nobody's concern
    for context in contexts:
        context.unroute_all(behavior="ignoreErrors")
        context.close()
    assert said == []


def new_editor(name):
    user = User.objects.create_user(name, password=PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name="editors"))
    return user


@pytest.fixture
def open_browser(browse, live_server):
    """Logs an editor in, in a browser of their own; returns its page."""

    def open_as(name):
        client, page = Client(), browse(pictures=False)
        client.force_login(new_editor(name))
        session = {"name": django_settings.SESSION_COOKIE_NAME, "url": live_server.url}
        session["value"] = client.cookies[django_settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([session])
        return page

    return open_as
