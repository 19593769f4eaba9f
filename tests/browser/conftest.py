"""A real browser before our pages: each carries a strict policy, and no complaint is let go."""

import shutil
from base64 import b64decode
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import sync_playwright

from spacedevs.editing.sites import EditingSite

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
DOT = b64decode("R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==")  # a picture of one pixel
PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def sidebar(monkeypatch):
    """Pages for editors have the list of all tables beside them."""
    monkeypatch.setattr(EditingSite, "enable_nav_sidebar", True)


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None:
        pytest.skip("needs Debian's chromium")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop runs in the thread of the tests
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def browse(chromium, live_server, settings, tmp_path):
    """Opens a browser that nobody else uses; returns its page. What it complains of fails the test."""
    settings.MEDIA_ROOT = tmp_path
    complaints, contexts = [], []

    def guarded(route):
        if route.request.url.startswith("data:"):
            return route.continue_()
        if urlsplit(route.request.url).netloc != urlsplit(live_server.url).netloc:
            return route.fulfill(body=DOT, content_type="image/gif")  # the tests need no network
        answer = route.fetch(max_redirects=0)
        headers = dict(answer.headers)
        if "text/html" in headers.get("content-type", ""):
            headers["content-security-policy"] = POLICY
        return route.fulfill(response=answer, headers=headers)

    def new_page(**options):
        context = chromium.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        context.route("**/*", guarded)
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


@pytest.fixture
def open_browser(browse):
    """Logs an editor in, in a browser of their own; returns its page."""

    def open_as(name):
        user = User.objects.create_user(name, password=PASSWORD, is_staff=True)
        user.groups.add(Group.objects.get(name="editors"))
        page = browse()
        page.goto("/admin/")
        page.fill("[name=username]", name)
        page.fill("[name=password]", PASSWORD)
        page.click("[type=submit]")
        page.wait_for_selector("#attention")
        return page

    return open_as
