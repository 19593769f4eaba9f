"""Whether the server in this container may be sent requests: a health check that costs no start of Django."""

import os
import sys
from http.client import HTTPConnection

server = HTTPConnection("127.0.0.1", int(sys.argv[1] if sys.argv[1:] else os.environ.get("PORT") or 8000), timeout=4)
server.request("GET", "/readyz")
sys.exit(server.getresponse().status != 200)
