from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from spacedevs.api.parts import Part

NOW, DAY = timedelta(), timedelta(days=1)

UPCOMING = Part(Q(net__gte=Now() - DAY), {"net": DAY})  # each stays for a day after its time
PREVIOUS = Part(Q(net__lte=Now()), {"net": NOW})
