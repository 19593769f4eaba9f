"""manage.py: what a machine fails at, as a disk that is full, or is told that cannot be, is said in a line and not by
a traceback."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import InterfaceError, InternalError, OperationalError


def run(arguments):
    """Runs a command; exits with 1 where the machine, its database or its configuration fails."""
    try:
        execute_from_command_line(arguments)
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
