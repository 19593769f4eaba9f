"""Prometheus is told what was asked, how long it took, and how old the data are."""

import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.mmap_dict import MmapedDict

from agencies.models import AgencyType
from spacedevs.changes.models import Delivery, Subscription
from spacedevs.dataset.models import Mirror
from spacedevs.db.models import PendingUpdate
from spacedevs.http.response_cache import ResponseCache
from spacedevs.operations import metrics
from spacedevs.operations.metrics import Metered, Now, cache_in
from tests.production import FILES
from tests.support.wsgi import BODY, Application, Asker

COUNT = "spacedevs_request_seconds_count"


def value(name, **labels):
    return REGISTRY.get_sample_value(name, labels) or 0


@pytest.fixture
def application():
    return Application()


@pytest.fixture
def ask(application):
    """Asks, and returns what was counted: how many requests of an endpoint by what they were answered."""
    asker = Asker(Metered(ResponseCache(application, lambda: "1")))

    def asked(path, endpoint, answer, **environ):
        before = value(COUNT, endpoint=endpoint, answer=answer)
        asker(path, HTTP_HOST="testserver", **environ)
        return value(COUNT, endpoint=endpoint, answer=answer) - before

    return asked


def test_an_answer_is_made_then_kept_then_known_to_the_client(ask):
    path = "/2.3.0/launches/"
    assert ask(path, "launches", "made") == 1
    assert ask(path, "launches", "kept") == 1
    assert ask(path, "launches", "unchanged", HTTP_IF_NONE_MATCH='"other"') == 0
    kept = Asker(Metered(ResponseCache(Application(), lambda: "1")))
    etag = kept(path)[1]["ETag"]
    before = value(COUNT, endpoint="launches", answer="unchanged")
    assert kept(path, HTTP_IF_NONE_MATCH=etag)[0] == "304 Not Modified"
    assert value(COUNT, endpoint="launches", answer="unchanged") == before + 1


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [
        ("/2.3.0/launches/", "launches"),
        ("/2.3.0/launches/upcoming/", "launches/upcoming"),
        ("/2.3.0/launches/0a1b/", "launches"),
        ("/2.3.0/config/orbits/3/", "config/orbits"),
        ("/2.3.0/api-throttle/", "api-throttle"),
        ("/2.3.0/docs/", "docs"),
        ("/2.3.0/whatever/anybody/asks/", "other"),
        ("/admin/", "other"),
        ("", "other"),
    ],
)
def test_there_are_no_more_endpoints_than_there_are(path, endpoint, ask):
    assert ask(path, endpoint, "made") == 1


@pytest.mark.parametrize("status", ["429 Too Many Requests", "401 Unauthorized"])
def test_who_was_refused_is_counted_apart(status, application, ask):
    application.status = status
    before = value("spacedevs_responses_total", status=status[:3])
    assert ask("/2.3.0/launches/", "launches", "refused") == 1
    assert value("spacedevs_responses_total", status=status[:3]) == before + 1


def test_an_application_that_breaks_is_counted_as_one():
    before = value("spacedevs_responses_total", status="500")
    with pytest.raises(ZeroDivisionError):
        Asker(Metered(lambda *asked: 1 / 0))()
    assert value("spacedevs_responses_total", status="500") == before + 1


def test_the_memory_of_kept_answers_is_told(application):
    door = Metered(ResponseCache(application, lambda: "1"))
    Asker(door)(HTTP_HOST="testserver")
    assert value("spacedevs_kept_bytes") == cache_in(door).answers.size > len(BODY)


def now(collector=None):
    """What is told of how things are."""
    registry = CollectorRegistry()
    registry.register(collector or Now())
    return generate_latest(registry).decode()


@pytest.mark.django_db
def test_the_version_of_the_dataset_is_told_and_since_when(settings, monkeypatch):
    settings.RELEASE = "1.2.3"
    monkeypatch.setattr(metrics, "time", lambda: 1_800_000_000)
    collector = Now()
    first = now(collector)
    monkeypatch.setattr(metrics, "time", lambda: 1_800_000_060)
    same = now(collector)
    AgencyType.objects.create(name="new")
    later = now(collector)
    assert 'spacedevs_release_info{release="1.2.3"} 1.0' in first
    assert "spacedevs_database_up 1.0" in first
    since = [
        re.search(r"^spacedevs_dataset_since_seconds (\S+)", text, re.MULTILINE)[1] for text in (first, same, later)
    ]
    versions = [re.search(r'spacedevs_dataset_info\{version="(.+)"\}', text)[1] for text in (first, same, later)]
    assert [float(moment) for moment in since] == [1.8e9, 1.8e9, 1.80000006e9]
    assert (versions[0] == versions[1], versions[1] == versions[2]) == (True, False)


@pytest.mark.django_db
def test_what_has_to_follow_a_change_is_told_and_since_when(monkeypatch):
    def told():
        return re.findall(r"^spacedevs_pending_updates\S* (\S+)$", now(), re.MULTILINE)

    assert told() == ["0.0", "0.0"]
    for minutes in (5, 1):
        PendingUpdate.objects.create(kind="figures", since=timezone.now() - timedelta(minutes=minutes))
    moment = PendingUpdate.objects.earliest("since").since
    monkeypatch.setattr(metrics.timezone, "now", lambda: moment + timedelta(minutes=5))
    assert told() == ["2.0", "300.0"]


@pytest.mark.django_db
def test_what_webhooks_have_not_delivered_is_told(monkeypatch):
    def told():
        return re.findall(r"^spacedevs_webhook\S* (\S+)$", now(), re.MULTILINE)

    assert told() == ["0.0", "0.0", "0.0"]
    subscription = Subscription.objects.create(name="A bot", failing_since=timezone.now())
    Subscription.objects.create(name="Another", stopped="It failed.")
    Subscription.objects.create(name="Switched off", stopped="It failed.", active=False)
    for state in ("pending", "pending", "delivered", "given_up"):
        delivery = Delivery.objects.create(subscription=subscription, state=state)
    monkeypatch.setattr(
        metrics.timezone, "now", lambda: Delivery.objects.earliest("id").created + timedelta(minutes=5)
    )
    assert (told(), delivery.state) == (["2.0", "300.0", "2.0"], "given_up")


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer")
def test_a_transaction_that_holds_changes_back_is_told():
    def told():
        [seconds] = re.findall(r"^spacedevs_changes_held_back_seconds (\S+)$", now(), re.MULTILINE)
        return float(seconds) > 0

    open_one = connection.copy()
    try:
        open_one.set_autocommit(False)
        with open_one.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")
        assert not told()
        AgencyType.objects.create(name="waits")
        assert told()
        open_one.rollback()
        assert not told()
    finally:
        open_one.close()


@pytest.mark.django_db
def test_the_age_of_what_is_mirrored_is_told(monkeypatch):
    moment = timezone.now()
    monkeypatch.setattr(metrics.timezone, "now", lambda: moment)
    mirror = Mirror.objects.create(base="https://ll.example.org/2.3.0")
    mirror.endpoints.create(path="launches", ended=moment - timedelta(minutes=5))
    mirror.endpoints.create(path="config/orbits")
    labels = 'endpoint="launches",upstream="https://ll.example.org/2.3.0"'
    assert re.findall("^spacedevs_mirror_age.*", now(), re.MULTILINE) == [
        f"spacedevs_mirror_age_seconds{{{labels}}} 300.0"
    ]


@pytest.mark.django_db
def test_what_is_followed_is_as_old_as_the_last_time_at_which_all_changes_were_here(monkeypatch):
    moment = timezone.now()
    monkeypatch.setattr(metrics.timezone, "now", lambda: moment)
    mirror = Mirror.objects.create(base="https://softdock.example.org/2.3.0", followed=moment - timedelta(seconds=2))
    ended = moment - timedelta(minutes=5)
    mirror.endpoints.create(path="agencies", ended=ended, full_ended=ended)
    mirror.endpoints.create(path="launches", ended=ended)  # to be read again
    told = re.findall(r'^spacedevs_mirror_age_seconds{endpoint="(\w+)",.*} (.*)', now(), re.MULTILINE)
    assert sorted(told) == [("agencies", "2.0"), ("launches", "300.0")]


def test_a_database_that_is_down_is_told(monkeypatch):
    monkeypatch.setattr(metrics.dataset_version, "current", lambda: None)
    told = now()
    assert "spacedevs_database_up 0.0" in told
    assert "spacedevs_dataset" not in told


def test_what_a_worker_kept_ends_with_the_worker(settings, tmp_path):
    settings.METRICS_ROOT = tmp_path
    ended, alive = tmp_path / "gauge_livesum_999999999.db", tmp_path / f"gauge_livesum_{metrics.os.getpid()}.db"
    for path in (ended, alive):
        MmapedDict(str(path)).close()
    metrics.Workers(None, str(tmp_path)).collect()
    assert (ended.exists(), alive.exists()) == (False, True)


@pytest.mark.django_db
def test_the_dashboard_shows_nothing_that_is_not_told():
    dashboard = json.loads((FILES / "grafana" / "dashboard.json").read_text())
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"spacedevs_\w+", target["expr"])
    }
    told = "".join([generate_latest(REGISTRY).decode(), now(), *map(str, [metrics.mirror_ages().name])])
    told += "spacedevs_redis_up"
    assert {name for name in asked if name.removesuffix("_bucket").removesuffix("_count") not in told} == set()
    assert len(asked) > 7
