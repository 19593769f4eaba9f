"""Serves the tools to one agent at standard input and output."""

from importlib import import_module

from django.conf import settings
from django.core.management import BaseCommand

from spacedevs.agents.endpoint import api_of


class Command(BaseCommand):
    help = "Serve the tools for agents to a client of the Model Context Protocol that starts this command (stdio)."
    requires_system_checks = []

    def handle(self, **options):
        protocol = import_module("spacedevs.agents.protocol")
        protocol.serve_stdio(protocol.server(settings.PRODUCT, settings.RELEASE, api_of))
