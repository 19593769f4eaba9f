"""What every endpoint of a database answers, as digests: python -m tests.production.answers"""

import os
from hashlib import sha256

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spacedevs.settings")
django.setup()

from django.test import Client  # noqa: E402 - it needs the apps to be loaded

from spacedevs.api.endpoints import endpoints  # noqa: E402

if __name__ == "__main__":
    client = Client(SERVER_NAME="localhost")
    for path, endpoint in sorted(endpoints().items()):
        keys = endpoint.queryset.order_by("pk").values_list("pk", flat=True)
        asked = [f"/2.3.0/{path}/?limit=100&mode={mode}" for mode in (*endpoint.modes, "")]
        for address in [*asked, *(f"/2.3.0/{path}/{key}/" for key in keys[:5])]:
            answer = client.get(address)
            print(address, answer.status_code, sha256(answer.content).hexdigest())
