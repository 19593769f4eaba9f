"""The WSGI application: Django, and around it the middleware that WSGI_MIDDLEWARE in the settings lists."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

from spacedevs.db.connections import bound_statements

from .checks import refuse_faults

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spacedevs.settings")
application = get_wsgi_application()
refuse_faults()
bound_statements()
for door in settings.WSGI_MIDDLEWARE:
    application = import_string(door)(application)
