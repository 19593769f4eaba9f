"""As of when the data are, in one place for all that tell it: `dataset/`, `now/`, the pages for people and the admin.

The sample is as of its recording, whatever has been changed in it since. A mirror is as of when it last read an
endpoint of its upstream to the end. Data of one's own are as of their last change, which their version tells.

An answer that is kept holds for its version, and a mirror reads on without a change. So what is told of a mirror is
what was so at the last full five minutes of the clock, and holds until the next."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import Error
from django.db.models import Max, Q
from django.utils import timezone

from spacedevs.db import dataset_version

from . import sample
from .models import MirroredEndpoint

SAMPLE, MIRROR, OWN = "sample", "mirror", "own"
STEP = timedelta(minutes=5)


class AsOf(NamedTuple):
    """Where the data come from, in one word, and the moment that they are as of; None where nobody knows it."""

    source: str
    moment: datetime | None

    @property
    def is_sample(self) -> bool:
        return self.source == SAMPLE

    @property
    def now(self) -> datetime:
        """The moment up to which pages count days: the sample stands still."""
        return self.moment if self.is_sample else timezone.now()

    @property
    def changes_at(self) -> datetime | None:
        """When an answer that tells it would be another though nothing was written."""
        return full_step() + STEP if self.source == MIRROR else None


def as_of() -> AsOf:
    """As of when the data are."""
    read = MirroredEndpoint.objects.aggregate(any=Max("mirror"), last=Max("ended", filter=Q(ended__lte=full_step())))
    if read["any"]:
        return AsOf(MIRROR, read["last"] and read["last"].replace(microsecond=0))
    if sample.is_there():
        return AsOf(SAMPLE, sample.RECORDED)
    return AsOf(OWN, dataset_version.moment(dataset_version.current()))


def full_step() -> datetime:
    """The last of the moments at which a mirror's is taken."""
    now = timezone.now().timestamp()
    return datetime.fromtimestamp(now - now % STEP.total_seconds(), UTC)


def context(request) -> dict:
    """For templates: a page that does not tell it does not ask. A page about a database that fails tells nothing."""
    return {"as_of": as_of_if_known}


def as_of_if_known() -> AsOf | None:
    try:
        return as_of()
    except Error:
        return None
