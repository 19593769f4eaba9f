"""The entry points of a server's processes, forked or spawned.

A spawned process imports this module before Django is set up, so this module must not import anything that needs
models."""

import ctypes
import os
import signal
import sys
from contextlib import suppress
from wsgiref.util import setup_testing_defaults

import django
from django.conf import settings
from django.core.servers.basehttp import get_internal_wsgi_application
from django.utils.module_loading import import_string

from spacedevs.db import dataset_version

from .processes import leave_ctrl_c_to_parent

PR_SET_PDEATHSIG = 1  # of linux/prctl.h


def end_with_parent(parent):
    """Asks Linux to end this process when its parent ends for any reason."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # the parent ended before
        sys.exit()


def warm_up(allowed_hosts):
    """Before the workers are forked: loads the application, and has it answer a few requests.

    What these load and compile is then in memory once, and the first answers of each worker come sooner."""
    import_string("spacedevs.operations.updates.begin")
    settings.ALLOWED_HOSTS = allowed_hosts
    application = django_itself = get_internal_wsgi_application()
    while hasattr(django_itself, "application"):  # without what counts, logs and keeps
        django_itself = django_itself.application
    if dataset_version.current() is not None:
        ask(application, "/readyz")
        for _ in range(2):  # the interpreter adapts code that runs again
            ask(django_itself, f"/{settings.CURRENT_VERSION}/launches/", "limit=1")


def ask(application, path, query=""):
    """Has a WSGI application answer a request in this process."""
    environ = {
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "HTTP_HOST": settings.ALLOWED_HOSTS[0].lstrip("."),
        "HTTP_ACCEPT": "application/json",
        "wsgi.url_scheme": "https" if settings.TLS else "http",
        "wsgi.errors": sys.stderr,
    }
    setup_testing_defaults(environ)
    response = application(environ, lambda status, headers: None)
    b"".join(response)
    getattr(response, "close", lambda: None)()


def load_application(allowed_hosts, parent, stream_port=0):
    """In a worker: the WSGI application, for these host names, beside a stream of changes at this port."""
    with suppress(OSError):  # a worker that gets Ctrl-C like granian's main process could hang
        os.setpgrp()
    leave_ctrl_c_to_parent()
    end_with_parent(parent)
    settings.ALLOWED_HOSTS = allowed_hosts
    settings.STREAM_PORT = stream_port
    application = get_internal_wsgi_application()
    import_string("spacedevs.operations.updates.begin")()
    return application


def run(function, *arguments):
    """In a separate process: calls the function with this dotted name."""
    leave_ctrl_c_to_parent()
    django.setup()
    import_string(function)(*arguments)
