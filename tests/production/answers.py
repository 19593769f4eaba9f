"""What every endpoint of a database answers at a minute, as digests.

python -m tests.production.answers 2026-05-04T03:02"""

import os
import sys
from datetime import datetime
from hashlib import sha256

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spacedevs.settings")
django.setup()

from django.test import Client  # noqa: E402 - it needs the apps to be loaded

from spacedevs.api.registry import endpoints  # noqa: E402
from tests.support.clocks import hold_minute  # noqa: E402

if __name__ == "__main__":
    hold_minute(datetime.fromisoformat(sys.argv[1]))
    client = Client(SERVER_NAME="localhost")
    for path, endpoint in sorted(endpoints().items()):
        keys = endpoint.queryset.order_by("pk").values_list("pk", flat=True)
        asked = [f"/2.3.0/{path}/?limit=100&mode={mode}" for mode in (*endpoint.modes, "")]
        pages = [f"{address}&offset={offset}" for address in asked for offset in range(0, max(len(keys), 1), 100)]
        for address in [*pages, *(f"/2.3.0/{path}/{key}/" for key in keys[:5])]:
            answer = client.get(address)
            print(address, answer.status_code, sha256(answer.content).hexdigest())
