"""Liveness and readiness, for orchestrators and load balancers."""

import json
from http import HTTPStatus
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from spacedevs.db import dataset_version
from spacedevs.throttling.file_counter import counter


class Health:
    """Answers /livez and /readyz for any host name, because probes use IP addresses."""

    def __init__(self, application):
        self.application = application
        self.is_migrated = False
        self.asked = {"/livez": lambda: (200, {"live": True}), "/readyz": self.ready}

    def __call__(self, environ, start_response):
        probe = self.asked.get(environ.get("PATH_INFO"))
        if probe is None or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self.application(environ, start_response)
        status, content = probe()
        body = json.dumps(content).encode()
        about = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Cache-Control": "no-store"}
        start_response(f"{status} {HTTPStatus(status).phrase}", list(about.items()))
        return [body] if environ["REQUEST_METHOD"] == "GET" else []

    def ready(self) -> tuple[int, dict]:
        """Ready if the database can be read and has all tables.

        A Redis that is down is reported but does not make the server unready: limits are off meanwhile."""
        version = dataset_version.current()
        migrations = "unknown" if version is None else "ok" if self.has_migrated() else "missing"
        content = {"database": "down" if version is None else "ok", "migrations": migrations}
        if settings.REDIS_URL:
            content["redis"] = "ok" if counter().answers() else "down"
        is_ready = (content["database"], migrations) == ("ok", "ok")
        return (200 if is_ready else 503), {"ready": is_ready, "release": settings.RELEASE, **content}

    def has_migrated(self) -> bool:
        """Whether all migrations are applied; cached once true."""
        if not self.is_migrated:
            connection = connections[DEFAULT_DB_ALIAS]
            try:
                applied = MigrationRecorder(connection).applied_migrations()
                # The executor knows which migrations replace others, but it imports all of them.
                self.is_migrated = applied.keys() >= names() or not unapplied(MigrationExecutor(connection))
            except Error:
                return False
        return self.is_migrated


def names() -> set[tuple[str, str]]:
    """The app and the name of each migration of this release."""
    return {
        (each.label, file.stem)
        for each in apps.get_app_configs()
        for file in Path(each.path, "migrations").glob("[!_]*.py")
    }


def unapplied(executor: MigrationExecutor) -> int:
    """How many migrations this release has that were not applied to the database."""
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
