"""Fixtures for all tests: databases, clients, totals that stay as given, the contract and ../shared."""

import asyncio
import gc
import mimetypes
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import get_commands
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import override_settings

from spacedevs.db.change_log import postgresql as change_log
from spacedevs.editing.sites import EditingSite
from tests.contract import facts
from tests.support import templates
from tests.support.clocks import hold_minute

BROWSER = Path(__file__).parent / "browser"
SHARED = Path(django_settings.BASE_DIR).parent / "shared"
STARTED = hold_minute(datetime.now(UTC))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Workers of `-n` begin with the files that take longest: otherwise one works on such a file while others rest."""
    if hasattr(config, "workerinput"):
        longest = (Path(__file__).parent / "longest.txt").read_text("utf-8").split()
        places = {name: place for place, name in enumerate(longest)}
        items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))


def pytest_collection_finish():
    """What is there before the first test stays, and is not looked through again and again for garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, request):
    """Each test database begins as a copy of a migrated one."""
    if not request.config.getoption("reuse_db"):  # one that was kept may have been migrated long ago
        get_commands()["migrate"] = templates.AfterMigration()
    default = django_settings.DATABASES["default"]
    if default["ENGINE"].endswith("postgresql"):
        default["TEST"]["TEMPLATE"] = templates.postgres_template(django_settings.DATABASE_URL)
    else:
        templates.begin_as_copy(templates.sqlite_template())


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup):
    """From here on, to migrate is to migrate."""
    get_commands.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def quick_settings():
    """Pages are tested without collecting static files first, and passwords with a hash that takes no time."""
    plain = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    with override_settings(
        WHITENOISE_AUTOREFRESH=True,
        STORAGES=django_settings.STORAGES | plain,
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ):
        yield


@pytest.fixture(scope="session", autouse=True)
def no_sidebar():
    """The list of all tables that stands beside each page for editors takes a fifth of its time.

    tests/browser sees it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EditingSite, "enable_nav_sidebar", False)
        yield


@pytest.fixture(autouse=True)
def no_loop_runs(request):
    """Where a loop runs, Django keeps other connections than in a process that forks from there, which has no loop."""
    loop = asyncio._get_running_loop()
    assert loop is None or BROWSER in request.path.parents, f"{loop} was left running by an earlier test"


@pytest.fixture(autouse=True)
def figures_as_told(settings):
    """Statistics keep the values from the test, unless the test uses `derived`."""
    settings.STATISTICS = "imported"


@pytest.fixture(autouse=True)
def others_hold_nothing_back(request, monkeypatch):
    """Workers of `-n` write to other databases of one server. A transaction of theirs that ends just after the
    snapshot of a reader could be of any database, so the change log would wait for the next reading. Tests do not read
    twice: for them only transactions that are open in their own database hold it back, but for `as_served`."""
    is_postgresql = django_settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    if is_postgresql and request.node.get_closest_marker("as_served") is None:
        here = change_log.SETTLED.replace("NOT EXISTS", "EXISTS").replace("<> current_data", "= current_data")
        monkeypatch.setattr(change_log, "SETTLED", here)


@pytest.fixture
def derived(settings):
    """Statistics are derived from the rows, as by default."""
    settings.STATISTICS = ""


@pytest.fixture(scope="session")
def shared():
    """The folder beside the project with the published contract, recorded responses, and tools that compare."""
    if not SHARED.is_dir():
        if os.environ.get("REQUIRE_SHARED"):
            pytest.fail("needs ../shared, with the contract and recorded responses")
        pytest.skip("needs ../shared, with the contract and recorded responses")
    return SHARED


@pytest.fixture(scope="session")
def contract():
    """The facts of Launch Library 2.3.0; tests/contract/facts.py describes their form."""
    return facts.load("2.3.0")


@pytest.fixture
def get(client):
    """Requests the API and returns the JSON of a successful response."""

    def ask(address, **parameters):
        response = client.get(address if address.startswith("http") else f"/2.3.0/{address}", parameters)
        assert response.status_code == 200, (address, parameters, response.content)
        return response.json()

    return ask


@pytest.fixture
def django():
    """Django's WSGI application with the connection, and so the transaction, of the test."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield WSGIHandler()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def no_types(monkeypatch):
    """A machine without media types."""
    empty = mimetypes.MimeTypes()
    empty.types_map = ({}, {})
    monkeypatch.setattr(mimetypes, "_db", empty)
    assert mimetypes.guess_type("a.png") == (None, None)


@pytest.fixture
def editor(client):
    """A client that is logged in with all permissions."""
    client.force_login(User.objects.create(username="editor", is_staff=True, is_superuser=True))
    return client
