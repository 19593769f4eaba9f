from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from spacedevs.api.parts import Part

NOW, DAY = timedelta(), timedelta(days=1)

UPCOMING = Part(Q(date__gte=Now() - DAY), {"date": DAY})  # each stays for a day after its time
PREVIOUS = Part(Q(date__lte=Now()), {"date": NOW})
