"""Our server without snapshots, but vouching for what it read: the control that must mix commits."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spacedevs.settings")
settings.MIDDLEWARE.remove("spacedevs.http.snapshots.OneSnapshot")
handler = get_wsgi_application()

from spacedevs.http.response_cache import ResponseCache  # noqa: E402 - it needs the settings
from tests.support.wsgi import claiming  # noqa: E402

application = ResponseCache(claiming(handler))
