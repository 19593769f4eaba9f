"""A process that asks as often as it is told: python -m tests.throttling.asking FOLDER TIMES"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import django
from django.conf import settings

django.setup()

from spacedevs.throttling.middleware import Throttle  # noqa: E402 - it needs the apps to be loaded
from tests.support.wsgi import Application, Asker  # noqa: E402

if __name__ == "__main__":
    settings.LIMITS_DIR = Path(sys.argv[1])
    ask = Asker(Throttle(Application()))
    sys.stdin.readline()  # all processes begin together
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: ask(REMOTE_ADDR="192.0.2.1"), range(int(sys.argv[2]))))
    print([status for status, _, _ in answers].count("200 OK"))
