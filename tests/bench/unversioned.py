"""Our server, but with a response cache that never asks for the version: the control that must go stale."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spacedevs.settings")
handler = get_wsgi_application()

from spacedevs.http.response_cache import ResponseCache  # noqa: E402 - it needs the settings
from tests.support.wsgi import claiming  # noqa: E402

application = ResponseCache(claiming(handler), version=lambda: "always the same")
