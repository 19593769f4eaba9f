"""Error handling of manage.py: failures of the system or the configuration give one line instead of a traceback."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import InterfaceError, InternalError, OperationalError

from spacedevs import interrupts


def run(arguments):
    """Runs a command; exits with 1 if the system, the database or the configuration fails.

    Output is line-buffered, also in a pipe."""
    sys.stdout.reconfigure(line_buffering=True)
    interrupts.raise_again()
    try:
        execute_from_command_line(arguments)
    except KeyboardInterrupt:
        interrupts.end_at_once(arguments[1])  # a second Ctrl-C must not interrupt Python's shutdown
        interrupts.say(arguments[1])
        sys.exit(interrupts.CODE)
    except (OSError, OperationalError, InterfaceError, InternalError, ImproperlyConfigured) as error:
        if "--traceback" in arguments:
            raise
        if isinstance(error, BrokenPipeError):  # the reader has closed the pipe
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes the rest at exit
            sys.exit(1)
        sys.exit(f"{arguments[1]} failed: {words(error)} (use --traceback for details)")


def words(error) -> str:
    """The message of the system or the database in one line."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}{f': {error.filename}' if error.filename else ''}"
    return " ".join(str(error).split())
