from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from spacedevs.api.parts import Part

ACTIVE = Part(  # expeditions that have begun and not ended
    Q(start__lte=Now()) & (Q(end=None) | Q(end__gt=Now())),
    {"start": timedelta(), "end": timedelta()},
)
