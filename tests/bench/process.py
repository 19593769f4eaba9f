"""Django in a process of its own: each side of a comparison has its own memory, connections and settings."""

import os
import signal
import warnings
from contextlib import suppress
from multiprocessing import get_context

import django
from django.utils.module_loading import import_string

SETTINGS = {"DJANGO_SETTINGS_MODULE": "spacedevs.settings"}


def calls(pipe):
    """What the other end asks for, until it is closed."""
    with suppress(EOFError):
        while True:
            yield pipe.recv()


def answer(pipe, environment):
    """In the new process: calls what it is told to."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the other end, which then ends this one
    os.environ.update(environment)
    warnings.filterwarnings("ignore", "No directory at")  # static files are not served here
    django.setup()
    for name, arguments in calls(pipe):
        pipe.send(import_string(f"tests.bench.{name}")(*arguments))


class Process:
    """A process that calls functions of this package by name: process.call("data.stamp")."""

    def __init__(self, environment):
        context = get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=answer, args=(other, SETTINGS | environment), daemon=True)
        self.process.start()
        other.close()  # so that the end of the process is noticed here

    def call(self, name, *arguments):
        try:
            self.pipe.send((name, arguments))
            return self.pipe.recv()
        except (EOFError, ConnectionError):
            raise SystemExit(f"{name} failed; the process that called it says why, above.") from None

    def close(self):
        self.pipe.close()
        self.process.join(5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
