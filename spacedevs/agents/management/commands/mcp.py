"""Serves the tools to one agent at standard input and output."""

from importlib import import_module

from django.core.management import BaseCommand


class Command(BaseCommand):
    help = "Serve the tools for agents to a client of the Model Context Protocol that starts this command (stdio)."
    requires_system_checks = []

    def handle(self, **options):
        protocol = import_module("spacedevs.agents.protocol")
        protocol.serve_stdio(protocol.server())
