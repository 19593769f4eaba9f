import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

from spacedevs.api.configuration import refuse_faults
from spacedevs.db.connections import bound_statements

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spacedevs.settings")
application = get_wsgi_application()
refuse_faults()
bound_statements()
for door in settings.DOORS:
    application = import_string(door)(application)
