"""Metrics for Prometheus, on a port of their own: the counters of all workers, and the present state.

Workers count in files of METRICS_ROOT. A separate process adds them up at each scrape and queries the database itself;
so a scrape delays no request, and clients of the API cannot read the metrics."""

import os
from collections.abc import Iterator
from contextlib import suppress
from time import perf_counter, sleep, time

from django.conf import settings
from django.db import Error
from django.db.models import Count, Min, Q
from django.utils import timezone
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from spacedevs.api.registry import all_paths
from spacedevs.changes.models import Delivery, Subscription
from spacedevs.dataset.models import MirroredEndpoint
from spacedevs.db import dataset_version, pending
from spacedevs.db.change_log.reading import held_back
from spacedevs.db.models import PendingUpdate
from spacedevs.http.response_cache import IS_KEPT, ResponseCache
from spacedevs.http.versions import roots
from spacedevs.throttling.file_counter import counter

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)  # seconds
SHORT = {"304": "unchanged", "401": "refused", "429": "refused"}  # tiny responses
SECONDS = Histogram(
    "spacedevs_request_seconds",
    "Duration of requests, by endpoint and by outcome: kept (cached), made (rendered), unchanged (304) or refused.",
    ["endpoint", "answer"],
    buckets=BUCKETS,
)
RESPONSES = Counter("spacedevs_responses", "Responses by status.", ["status"])
READS = Counter("spacedevs_reads", "Rendered responses, by the database that was read.", ["database"])
KEPT_BYTES = Gauge("spacedevs_kept_bytes", "Memory of cached responses.", multiprocess_mode="livesum")


class Metered:
    """Counts requests and measures their duration."""

    def __init__(self, application):
        self.application = application
        about = "dataset", "dump", "docs", "schema"
        self.known = {root: {*all_paths(version), *about} for version, root in roots().items()}
        self.timers, self.counters = {}, {}  # cached here, because the library's lookup takes a lock
        self.answers = getattr(cache_in(application), "answers", None)

    def __call__(self, environ, start_response):
        said, began = [], perf_counter()

        def start(status, *about):
            said.append(status[:3])
            return start_response(status, *about)

        try:
            return self.application(environ, start)
        finally:
            self.count(environ, said[-1] if said else "500", perf_counter() - began)

    def count(self, environ, status, seconds):
        answer = SHORT.get(status) or ("kept" if environ.get(IS_KEPT) else "made")
        what = self.endpoint(environ.get("PATH_INFO", "")), answer
        if what not in self.timers:
            self.timers[what] = SECONDS.labels(*what)
        if status not in self.counters:
            self.counters[status] = RESPONSES.labels(status)
        self.timers[what].observe(seconds)
        self.counters[status].inc()
        if answer == "made" and self.answers:
            KEPT_BYTES.set(self.answers.size)

    def endpoint(self, path) -> str:
        """The endpoint of a path; their number is limited, whatever clients request."""
        root = next(filter(path.startswith, self.known), None)
        if root is None:
            return "other"
        first, _, rest = path.removeprefix(root).partition("/")
        both = f"{first}/{rest.partition('/')[0]}"
        return both if both in self.known[root] else first if first in self.known[root] else "other"


def cache_in(application) -> ResponseCache | None:
    """The response cache inside of WSGI middleware."""
    while application is not None and not isinstance(application, ResponseCache):
        application = getattr(application, "application", None)
    return application


# The port ----------------------------------------------------------------------------------------


class Workers(MultiProcessCollector):
    """The counters of the workers, including ended ones; gauges only of running ones."""

    def collect(self):
        for path in settings.METRICS_ROOT.glob("gauge_live*_*.db"):
            pid = int(path.stem.rpartition("_")[2])
            if not is_alive(pid):
                mark_process_dead(pid, str(settings.METRICS_ROOT))
        return super().collect()


def is_alive(pid) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Now:
    """The state at the time of a scrape."""

    version, since = None, 0.0

    def collect(self) -> Iterator:
        yield InfoMetricFamily("spacedevs_release", "The running release.", {"release": settings.RELEASE})
        version = dataset_version.current()
        yield GaugeMetricFamily("spacedevs_database_up", "Whether the database answers.", version is not None)
        if settings.REDIS_URL:
            yield GaugeMetricFamily(
                "spacedevs_redis_up", "Whether requests can be counted for rate limits.", counter().answers()
            )
        if version is not None:
            yield from self.dataset(version)
            with suppress(Error):
                yield mirror_ages()
                yield from pending_updates()
                yield from changes()

    def dataset(self, version) -> Iterator:
        if version != self.version:
            self.version, self.since = version, time()
        yield InfoMetricFamily("spacedevs_dataset", "The version of the dataset.", {"version": version})
        about = "When this process first saw the version of the dataset, seconds since 1970."
        yield GaugeMetricFamily("spacedevs_dataset_since_seconds", about, self.since)


def pending_updates() -> Iterator:
    """The pending updates of commits; normally none for longer than a moment."""
    about = "Pending updates of statistics and search texts."
    yield GaugeMetricFamily("spacedevs_pending_updates", about, pending.count())
    oldest = PendingUpdate.objects.aggregate(oldest=Min("since"))["oldest"]
    about = "Age of the oldest pending update; 0 if there is none."
    age = (timezone.now() - oldest).total_seconds() if oldest else 0
    yield GaugeMetricFamily("spacedevs_pending_updates_age_seconds", about, max(age, 0))


def changes() -> Iterator:
    """What waits between a commit and those who follow the changes."""
    about = "For how long an open transaction has held back committed changes of others; 0 if none wait."
    yield GaugeMetricFamily("spacedevs_changes_held_back_seconds", about, max(held_back(), 0))
    waiting = Delivery.objects.filter(state=Delivery.State.PENDING).aggregate(
        number=Count("pk"), oldest=Min("created")
    )
    about = "Messages of webhooks that are neither confirmed nor given up."
    yield GaugeMetricFamily("spacedevs_webhook_pending", about, waiting["number"])
    about = "Age of the oldest of them; 0 if there is none."
    age = (timezone.now() - waiting["oldest"]).total_seconds() if waiting["oldest"] else 0
    yield GaugeMetricFamily("spacedevs_webhook_pending_age_seconds", about, max(age, 0))
    failing = Subscription.objects.filter(Q(failing_since__isnull=False) | ~Q(stopped=""), active=True)
    about = "Webhooks whose receivers fail, or that were stopped."
    yield GaugeMetricFamily("spacedevs_webhook_failing", about, failing.count())


def mirror_ages() -> GaugeMetricFamily:
    about = "Time since the mirror last finished reading an endpoint of its upstream, or had all its changes."
    ages = GaugeMetricFamily("spacedevs_mirror_age_seconds", about, labels=["upstream", "endpoint"])
    now = timezone.now()
    for state in MirroredEndpoint.objects.exclude(ended=None).select_related("mirror"):
        ages.add_metric([state.mirror.base, state.path], (now - state.current).total_seconds())
    return ages


def serve_until(parent, host, port):
    """In the separate process: answers Prometheus until the parent ends."""
    registry = CollectorRegistry()
    registry.register(Now())
    Workers(registry, str(settings.METRICS_ROOT))
    start_http_server(port, host, registry)
    while os.getppid() == parent:
        sleep(1)
