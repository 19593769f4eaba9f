"""Ctrl-C ends a command with one line and exit code 130, at any point."""

import os
import signal
import sys

CODE = 130  # the exit code for SIGINT


def say(name):
    print(f"{name}: interrupted", file=sys.stderr, flush=True)


def end_at_once(name):
    """Until `raise_again`, Ctrl-C ends this process without a traceback of its imports.

    If the parent ignores SIGINT, as a shell does for background jobs, it stays ignored."""

    def end(signum, frame):
        say(name)
        os._exit(CODE)

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, end)


def raise_again():
    """Makes Ctrl-C raise KeyboardInterrupt again, so that the command can clean up."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
