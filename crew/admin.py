from django.contrib import admin

from crew import models
from spacedevs.api.admin import LookupAdmin

admin.site.register((models.AstronautRole, models.AstronautStatus, models.AstronautType), LookupAdmin)
