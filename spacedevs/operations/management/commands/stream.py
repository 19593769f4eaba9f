"""Serves the stream of changes and the tools for agents alone, where a proxy leads to it."""

from django.conf import settings
from django.core.management import BaseCommand

from spacedevs.operations import processes, streaming
from spacedevs.operations.management.commands.serve import between, free_address


class Command(BaseCommand):
    help = "Serve the stream of changes, /2.3.0/changes/stream/, and tools for agents, /mcp/, in a process of its own."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=between(1, 65535), default=settings.STREAM_PORT or 8001)

    def handle(self, *, host, port, **options):
        address = free_address(host, port)
        if settings.LOG_FORMAT == "text":
            self.stdout.write(f"The stream of changes listens on {host}, port {port} (press Ctrl-C to stop).")
            self.stdout.flush()
        streaming.serve(processes.listening(address, port))
