"""How the processes of a server begin, whether they are forked or spawned.

A process that is spawned knows nothing of its parent but what it is passed, and imports this module before Django is
set up: so nothing that needs models may be imported here."""

import ctypes
import os
import signal
import sys
from contextlib import suppress

import django
from django.conf import settings
from django.core.servers.basehttp import get_internal_wsgi_application
from django.utils.module_loading import import_string

from .processes import leave_ctrl_c_to_parent

PR_SET_PDEATHSIG = 1  # of linux/prctl.h


def end_with_parent(parent):
    """Where the system can do so, has this process told to end when its parent is no more, however that ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended before
        sys.exit()


def load_application(allowed_hosts, parent):
    """In a worker: the WSGI application, which answers to these hosts."""
    with suppress(OSError):  # a worker that got Ctrl-C as well as granian's main process could wait for ever
        os.setpgrp()
    leave_ctrl_c_to_parent()
    end_with_parent(parent)
    settings.ALLOWED_HOSTS = allowed_hosts
    application = get_internal_wsgi_application()
    import_string("spacedevs.operations.updates.begin")()
    return application


def run(function, *arguments):
    """In a process beside the workers: calls the function that has this dotted name."""
    leave_ctrl_c_to_parent()
    django.setup()
    import_string(function)(*arguments)
