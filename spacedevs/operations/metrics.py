"""What Prometheus is told, on a port of its own: what the workers have counted together, and how things are now.

Workers count in files of METRICS_ROOT. A process beside them adds these up when it is asked, and looks at the
database itself; so who asks for numbers keeps no request waiting, and clients cannot ask for them."""

import os
from collections.abc import Iterator
from contextlib import suppress
from time import perf_counter, sleep, time

from django.conf import settings
from django.db import Error
from django.db.models import Min
from django.urls import reverse
from django.utils import timezone
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from spacedevs.api.registry import all_paths
from spacedevs.dataset.models import MirroredEndpoint
from spacedevs.db import dataset_version, pending
from spacedevs.db.models import PendingUpdate
from spacedevs.http.response_cache import IS_KEPT, ResponseCache
from spacedevs.operations import processes, workers
from spacedevs.throttling.file_counter import counter

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)  # seconds
SHORT = {"304": "unchanged", "401": "refused", "429": "refused"}  # answers that are nothing but a word
SECONDS = Histogram(
    "spacedevs_request_seconds",
    "How long requests took, by endpoint and by what the answer was: kept, made, unchanged or refused.",
    ["endpoint", "answer"],
    buckets=BUCKETS,
)
RESPONSES = Counter("spacedevs_responses", "Answers by their status.", ["status"])
READS = Counter("spacedevs_reads", "Answers that were made, by the database that was read.", ["database"])
KEPT_BYTES = Gauge("spacedevs_kept_bytes", "Memory that kept answers take.", multiprocess_mode="livesum")


class Metered:
    """Counts requests and how long they took."""

    def __init__(self, application):
        self.application = application
        self.root, self.known = reverse("api-root"), {*all_paths(), "dataset", "dump", "docs", "schema"}
        self.timers, self.counters = {}, {}  # looked up here, for the library's own way takes a lock
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
        """The endpoint that a path belongs to, of which there are as many as there are, whatever is asked."""
        if not path.startswith(self.root):
            return "other"
        first, _, rest = path.removeprefix(self.root).partition("/")
        both = f"{first}/{rest.partition('/')[0]}"
        return both if both in self.known else first if first in self.known else "other"


def cache_in(application) -> ResponseCache | None:
    """The response cache behind some doors."""
    while application is not None and not isinstance(application, ResponseCache):
        application = getattr(application, "application", None)
    return application


# The port ----------------------------------------------------------------------------------------


class Workers(MultiProcessCollector):
    """What the workers have counted; of those that ended, what does not end with them."""

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
    """How things are when Prometheus asks."""

    version, since = None, 0.0

    def collect(self) -> Iterator:
        yield InfoMetricFamily("spacedevs_release", "The release that runs.", {"release": settings.RELEASE})
        version = dataset_version.current()
        yield GaugeMetricFamily("spacedevs_database_up", "Whether the database answers.", version is not None)
        if settings.REDIS_URL:
            yield GaugeMetricFamily(
                "spacedevs_redis_up", "Whether the counts of limits are there.", counter().answers()
            )
        if version is not None:
            yield from self.dataset(version)
            with suppress(Error):
                yield mirror_ages()
                yield from pending_updates()

    def dataset(self, version) -> Iterator:
        if version != self.version:
            self.version, self.since = version, time()
        yield InfoMetricFamily("spacedevs_dataset", "The version of the dataset.", {"version": version})
        about = "When this process first saw the version of the dataset, seconds since 1970."
        yield GaugeMetricFamily("spacedevs_dataset_since_seconds", about, self.since)


def pending_updates() -> Iterator:
    """What commits have left to be done, which is nothing but for a moment."""
    about = "Notes of figures and search texts that have still to follow a change."
    yield GaugeMetricFamily("spacedevs_pending_updates", about, pending.count())
    oldest = PendingUpdate.objects.aggregate(oldest=Min("since"))["oldest"]
    about = "How long ago the oldest of these changes was made; 0 if there is none."
    age = (timezone.now() - oldest).total_seconds() if oldest else 0
    yield GaugeMetricFamily("spacedevs_pending_updates_age_seconds", about, max(age, 0))


def mirror_ages() -> GaugeMetricFamily:
    about = "How long ago an endpoint of the upstream that is mirrored was last read to its end."
    ages = GaugeMetricFamily("spacedevs_mirror_age_seconds", about, labels=["upstream", "endpoint"])
    now = timezone.now()
    for state in MirroredEndpoint.objects.exclude(ended=None).select_related("mirror"):
        ages.add_metric([state.mirror.base, state.path], (now - state.ended).total_seconds())
    return ages


def serve_until(parent, host, port):
    """In a process beside the workers: answers Prometheus for as long as their parent is there."""
    registry = CollectorRegistry()
    registry.register(Now())
    Workers(registry, str(settings.METRICS_ROOT))
    start_http_server(port, host, registry)
    while os.getppid() == parent:
        sleep(1)


def forget():
    """Lets workers count from nothing."""
    for path in settings.METRICS_ROOT.glob("*.db"):
        path.unlink()


def begin():
    """Starts to tell Prometheus what there is; the process ends with the one that calls this."""
    arguments = f"{__name__}.{serve_until.__name__}", os.getpid(), settings.METRICS_HOST, settings.METRICS_PORT
    # A fork shares what is loaded already. There is no thread yet that it could leave behind in a lock.
    process = processes.context().Process(target=workers.run, args=arguments, daemon=True)
    process.start()
    return process
