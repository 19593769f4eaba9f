"""Ctrl-C: it ends a command with one line and exit code 130, wherever the command is."""

import os
import signal
import sys

CODE = 130  # what shells say of a command that SIGINT has ended


def say(name):
    print(f"{name}: interrupted", file=sys.stderr, flush=True)


def end_at_once(name):
    """Until `raise_again`, has Ctrl-C end this process without a traceback of what is being loaded.

    Where whoever started the process has it ignored, as a shell does for what runs behind, it stays so."""

    def end(signum, frame):
        say(name)
        os._exit(CODE)

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, end)


def raise_again():
    """Has Ctrl-C raise KeyboardInterrupt, so that what was begun is tidied up."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
