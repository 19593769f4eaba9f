import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from spacedevs.api.caching import ResponseCache
from spacedevs.api.configuration import refuse_faults
from spacedevs.api.database import bound_statements

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spacedevs.settings")
application = get_wsgi_application()
refuse_faults()
bound_statements()
if not settings.DEBUG:  # while it is on, pages change with their templates, not only with the data
    application = ResponseCache(application)

from spacedevs.limits.throttle import Throttle  # noqa: E402 - it needs the apps to be loaded

application = Throttle(application)
