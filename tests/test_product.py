"""The product says what it is called wherever people or programs meet it, and that it is independent."""

import tomllib

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from spacedevs.sync.outbound import Client
from tests.support import factories

pytestmark = pytest.mark.django_db
PAGES = [
    *("/2.3.0/?format=api", "/2.3.0/docking_events/?format=api", "/2.3.0/docs/"),
    *("/docs/", "/docs/reference/", "/stations/", "/stations/1/"),
]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_says_who_serves_it_and_that_they_are_independent(address, client):
    factories.space_station(pk=1)
    page = client.get(address).content.decode()
    title, footer = (page.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0] for tag in ("title", "footer"))
    said = title.endswith(" Softdock"), "Softdock" in footer, "not affiliated with The Space Devs" in footer
    assert said == (True, True, True)


@pytest.mark.parametrize("version", ["2.3.0", "2.2.0", "2.0.0"])
def test_a_page_says_which_version_it_is_about_and_leads_to_its_root(version, client):
    for path in ("?format=api", "api-throttle/?format=api", "docs/"):
        page = client.get(f"/{version}/{path}").content.decode()
        bar = page.partition("</header>")[0]
        assert (f"<span>Launch Library {version}</span>" in bar, bar.count(f'href="/{version}/"')) == (True, 1)


def test_the_admin_and_its_log_in_are_called_so(client):
    log_in = client.get("/admin/login/").content.decode()
    client.force_login(User.objects.create(username="editor", is_staff=True, is_superuser=True))
    pages = [log_in, client.get("/admin/").content.decode()]
    assert [page.partition("<title>")[2].partition("</title>")[0].rpartition(" | ")[2].strip() for page in pages] == [
        "Softdock"
    ] * 2


def test_programs_meet_the_name_too(client):
    calendar = client.get("/2.3.0/docking_events/?format=ics").content.decode()
    assert "PRODID:-//Softdock//Launch Library 2.3.0//EN" in calendar
    about = client.get("/2.3.0/schema/?format=json").json()["info"]
    assert (about["title"], "Softdock" in about["description"]) == ("Launch Library 2", True)
    asking = Client()
    assert asking.http.headers["User-Agent"] == f"Softdock/{settings.RELEASE}"
    asking.close()


def test_the_distribution_and_the_image_are_named_so():
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["name"] == settings.PRODUCT.lower() == "softdock"
    assert 'image.title="Softdock"' in (settings.BASE_DIR / "Dockerfile").read_text("utf-8")
