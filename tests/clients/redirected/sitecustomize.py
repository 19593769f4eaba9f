"""Leads programs that ask upstream to a server under test, as an entry in the hosts file would, with its port."""

import os
import socket

asked = socket.getaddrinfo


def redirected(host, port, *args, **kwargs):
    if host in ("ll.thespacedevs.com", b"ll.thespacedevs.com"):
        host, port = "127.0.0.1", int(os.environ["REDIRECTED_TO"])
    return asked(host, port, *args, **kwargs)


socket.getaddrinfo = redirected
