"""As of when the data are, and that the sample says that it is one."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from django.urls import reverse

from spacedevs.dataset import as_of, sample
from spacedevs.dataset.models import Mirror, MirroredEndpoint
from spacedevs.db import dataset_version
from tests.support import factories

pytestmark = pytest.mark.django_db
RECORDED = "2026-07-15T01:21:00Z"
READ = datetime(2024, 3, 5, 7, 28, tzinfo=UTC)


@pytest.fixture
def station():
    return factories.space_station(name="Mir", status__name="Active", founded=None, deorbited=None)


@pytest.fixture
def sampled(station):
    """A row of the sample is enough to tell."""
    factories.agency(id=sample.keys_of_ours()["agencies.agency"][0])


@pytest.fixture
def mirrored(station):
    """A mirror that has read two endpoints and is at the third."""
    mirror = Mirror.objects.create(base="https://example.org/2.3.0")
    for path, ended in (("pads", READ - timedelta(days=1)), ("launches", READ), ("agencies", None)):
        MirroredEndpoint.objects.create(mirror=mirror, path=path, ended=ended)
    return mirror


def told(get, station):
    """What the dataset and a station say, which is the same."""
    data, now = get("dataset/"), get(f"space_stations/{station.pk}/now/")
    assert (data["source"], data["as_of"]) == (now["source"], now["as_of"])
    return now["source"], now["as_of"]


def pages(client, station):
    addresses = reverse("stations"), reverse("station", args=[station.pk]), "/2.3.0/", "/2.3.0/agencies/"
    return [client.get(address, headers={"accept": "text/html"}).text for address in addresses]


def test_the_sample_is_as_of_its_recording_and_every_page_of_it_says_what_it_is(client, get, station, sampled):
    assert told(get, station) == ("sample", RECORDED)
    assert ["A sample," in page and "15 July 2026" in page for page in pages(client, station)] == [True] * 4


def test_days_of_the_sample_are_counted_up_to_its_recording(client, station, sampled):
    factories.docking_event(space_station_target=station, docking=sample.RECORDED - timedelta(days=7))
    assert "15 July" in (page := client.get(reverse("station", args=[station.pk])).text)
    assert "7 days" in page


def test_data_of_ones_own_are_as_of_their_last_change(client, get, station):
    changed = dataset_version.moment(dataset_version.current())
    assert told(get, station) == ("own", f"{changed:%Y-%m-%dT%H:%M:%SZ}")
    assert ["A sample," in page for page in pages(client, station)] == [False] * 4
    assert [f"{changed:%-d %B %Y, %H:%M} UTC" in page for page in pages(client, station)] == [True, True, False, False]


def test_a_mirror_is_as_of_when_it_last_read_an_endpoint_to_its_end(client, get, station, mirrored):
    assert told(get, station) == ("mirror", "2024-03-05T07:28:00Z")
    assert "as last read" in client.get(reverse("stations")).text
    MirroredEndpoint.objects.update(ended=None)
    assert told(get, station) == ("mirror", None)


def test_what_is_told_of_a_mirror_holds_until_the_next_full_five_minutes(client, get, station, mirrored):
    """So that two servers tell the same, and keep it for no longer."""
    ahead = as_of.full_step() + timedelta(minutes=10)
    MirroredEndpoint.objects.filter(path="launches").update(ended=ahead)
    assert told(get, station) == ("mirror", "2024-03-04T07:28:00Z")
    until = parsedate_to_datetime(client.get(f"/2.3.0/space_stations/{station.pk}/now/")["Expires"])
    assert (until - as_of.full_step()) % timedelta(minutes=5) == timedelta()


def test_the_admin_says_as_of_when_the_data_are(editor, station):
    assert "Last changed" in editor.get(reverse("admin:index")).text
    factories.agency(id=sample.keys_of_ours()["agencies.agency"][0])
    assert "A sample," in editor.get(reverse("admin:index")).text


@pytest.mark.parametrize(
    ("version", "moment"),
    [
        ("0199E71103A0" + "A" * 20, datetime(2025, 10, 15, 8, 51, 16, tzinfo=UTC)),
        ("019F635C-E460-7000-8000-000000000000".lower(), datetime(2026, 7, 15, 1, 21, tzinfo=UTC)),
        ("F" * 32, None),
        (None, None),
    ],
)
def test_a_version_tells_when_it_came_to_be(version, moment):
    assert dataset_version.moment(version) == moment


def test_a_new_version_is_of_now(station):
    assert abs(dataset_version.moment(dataset_version.current()) - datetime.now(UTC)) < timedelta(minutes=5)
