"""Prepares and serves in one process: it loads Django once, and granian's workers are its forks where that is safe."""

import ipaddress
import os
import socket
import sys

from django.conf import settings
from django.core import checks
from django.core.management import BaseCommand, CommandError, call_command, load_command_class
from django.db import connections

from spacedevs.checks import CONFIGURATION, faults
from spacedevs.operations import launching, processes
from spacedevs.operations.workers import warm_up

WELCOME = """
{product} serves on {url}/ (press Ctrl-C to stop). Open:
  {url}/2.3.0/          the browsable API
  {url}/docs/           the documentation
  {url}/admin/          the admin; `python3 dev.py manage createsuperuser` creates a user
"""
ANY_ADDRESS = """
The server listens on every address, but answers only to the host names {hosts}.
Set SPACEDEVS_ALLOWED_HOSTS=name1,name2 to the names that clients use."""


def free_address(host, port):
    """The IP address of the host, after a check that the port is free: granian would share a used one."""
    try:
        family, *_, (address, *_) = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as error:
        raise CommandError(f"Cannot listen on {host}, port {port}: {error.strerror}") from error
    return address


def free_port(address) -> int:
    """A port that is free now."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def between(least, most):
    """An argparse type: a number within these bounds."""

    def number(text):
        if not least <= int(text) <= most:
            raise ValueError
        return int(text)

    number.__name__ = f"number from {least} to {most}"
    return number


class Command(BaseCommand):
    help = "Prepare the database and the static files, then serve the API."
    requires_system_checks = []  # prepare fixes what they may report

    def add_arguments(self, parser):
        # Hosts for containers set PORT and reach the server from outside.
        parser.add_argument("--host", default="0.0.0.0" if settings.PORT else "127.0.0.1")  # noqa: S104
        parser.add_argument("--port", type=between(1, 65535), default=str(settings.PORT or 8000))
        parser.add_argument(
            "--workers", type=between(1, 256), default=1, help="processes that handle requests (default 1)"
        )
        parser.add_argument(
            "--threads", type=between(1, 64), help="threads per worker (default 4 with one worker, 2 with more)"
        )
        parser.add_argument("--empty", action="store_true", help="do not load the sample data")
        parser.add_argument(
            "--no-prepare", action="store_true", help="skip the preparation, which another process has done"
        )

    def handle(self, *, host, port, workers, threads, empty, no_prepare, **options):
        address = free_address(host, port)
        self.refuse_faults(ipaddress.ip_address(address).is_loopback)
        processes.choose_start_method()
        if not no_prepare:
            prepare = load_command_class("spacedevs.operations", "prepare")
            call_command(prepare, empty=empty)
            if prepare.has_worked and processes.are_forked():
                self.begin_anew()
        named = f"[{host}]" if ":" in host else host
        hosts = settings.ALLOWED_HOSTS
        welcome = ""
        if ipaddress.ip_address(address).is_unspecified:
            welcome, named = ANY_ADDRESS.format(hosts=", ".join(hosts)), "localhost"
        elif named not in hosts:
            hosts = [*hosts, named]
        if settings.LOG_FORMAT == "text":  # otherwise only programs read the output
            self.stdout.write(welcome + WELCOME.format(product=settings.PRODUCT, url=f"http://{named}:{port}"))
            self.stdout.flush()  # otherwise each fork would print it again
        metrics = [settings.METRICS_HOST, settings.METRICS_PORT] if settings.METRICS_PORT else None
        if metrics:
            free_address(*metrics)
            self.forget_metrics()
        threads = threads or processes.threads(workers)
        layout = launching.Layout(
            address, port, workers, threads, hosts, self.stream_port(address), metrics, settings.LOGGING
        )
        if processes.are_forked():
            warm_up(hosts)
        connections.close_all()  # a worker must not share a connection with its parent
        if processes.are_forked():
            processes.share_memory()
            launching.serve(layout)
        else:
            launching.serve_anew(layout)

    def begin_anew(self):
        """Replaces this process by a new Python with the same arguments, which skips the preparation.

        The preparation loaded migrations and compressors, and all forks would keep that memory while they run."""
        connections.close_all()
        self.stdout.flush()
        command = [sys.executable, *sys.orig_argv[1:], "--no-prepare"]
        os.execv(sys.executable, command)  # noqa: S606 - no shell is what we want

    def forget_metrics(self):
        """Removes the counters of former runs."""
        for path in settings.METRICS_ROOT.glob("*.db"):
            path.unlink()

    def stream_port(self, address) -> int:
        """The port for the stream of changes; 0 for none.

        Clients elsewhere, and those of a proxy, reach only ports that the operator opened: so there it must be
        chosen."""
        if settings.STREAM_PORT:
            free_address(address, settings.STREAM_PORT)
            return settings.STREAM_PORT
        is_here = ipaddress.ip_address(address).is_loopback and not settings.PROXIES
        return free_port(address) if is_here else 0

    def refuse_faults(self, loopback):
        """Stops with invalid settings before anything changes, and prints warnings."""
        found = [*faults(loopback), *checks.run_checks(tags=[CONFIGURATION])]
        for complaint in found:
            if not complaint.is_serious():
                self.stderr.write(complaint.msg)
        serious = dict.fromkeys(complaint.msg for complaint in found if complaint.is_serious())
        if serious:
            raise CommandError("\n".join(serious))
