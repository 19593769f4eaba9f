from django.db.models import Q

from spacedevs.api.parts import Part

DOCKED = Part(Q(departure=None))  # stays that last
