"""manage.py: what a machine fails at, as a disk that is full, or is told that cannot be, is said in a line and not by
a traceback."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import InterfaceError, InternalError, OperationalError

from spacedevs import interrupts


def run(arguments):
    """Runs a command; exits with 1 where the machine, its database or its configuration fails.

    Who reads the output from a pipe gets each line when it is written."""
    sys.stdout.reconfigure(line_buffering=True)
    interrupts.raise_again()
    try:
        execute_from_command_line(arguments)
    except KeyboardInterrupt:
        interrupts.end_at_once(arguments[1])  # a second one is not to break off what Python does at its end
        interrupts.say(arguments[1])
        sys.exit(interrupts.CODE)
    except (OSError, OperationalError, InterfaceError, InternalError, ImproperlyConfigured) as error:
        if "--traceback" in arguments:
            raise
        if isinstance(error, BrokenPipeError):  # whoever read has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes what is left at its end
            sys.exit(1)
        sys.exit(f"{arguments[1]} failed: {words(error)} (--traceback tells more)")


def words(error) -> str:
    """What a system or a database says, in one line."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}{f': {error.filename}' if error.filename else ''}"
    return " ".join(str(error).split())
