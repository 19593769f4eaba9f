from django.contrib import admin

from events import models
from spacedevs.api.admin import LookupAdmin

admin.site.register((models.EventType, models.RoadClosureStatus, models.NoticeType), LookupAdmin)
