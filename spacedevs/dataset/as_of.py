"""The time of the data ("as of"), for `dataset/`, `now/`, the pages for people and the admin.

For the sample it is the time of its recording, even after changes. For a mirror it is the time when it last finished
reading an endpoint. For other data it is the last change, which the dataset version contains.

A cached response is valid for its version, but a mirror goes on reading without changes. So the time of a mirror is
taken at every full five minutes, and valid until the next. Of a mirror that follows the changes of its upstream it is
the last time before then at which all changes were here."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import Error
from django.db.models import Max, Q
from django.utils import timezone

from spacedevs.db import dataset_version

from . import sample
from .models import Mirror

SAMPLE, MIRROR, OWN = "sample", "mirror", "own"
STEP = timedelta(minutes=5)


class AsOf(NamedTuple):
    """The source of the data in one word, and their time; None if unknown."""

    source: str
    moment: datetime | None

    @property
    def is_sample(self) -> bool:
        return self.source == SAMPLE

    @property
    def now(self) -> datetime:
        """The moment up to which pages count days: the time of the sample, otherwise now."""
        return self.moment if self.is_sample else timezone.now()

    @property
    def changes_at(self) -> datetime | None:
        """When a response with this value changes although nothing is written."""
        return full_step() + STEP if self.source == MIRROR else None


def as_of() -> AsOf:
    """The source and time of the data."""
    step = full_step()
    names = "endpoints__ended", "followed", "followed_before"
    read = Mirror.objects.filter(endpoints__isnull=False).aggregate(
        any=Max("id"), **{f"last_{name}": Max(name, filter=Q(**{f"{name}__lte": step})) for name in names}
    )
    if read["any"]:
        last = max(filter(None, (read[f"last_{name}"] for name in names)), default=None)
        return AsOf(MIRROR, last and last.replace(microsecond=0))
    if sample.is_there():
        return AsOf(SAMPLE, sample.RECORDED)
    return AsOf(OWN, dataset_version.moment(dataset_version.current()))


def full_step() -> datetime:
    """The last full five minutes."""
    now = timezone.now().timestamp()
    return datetime.fromtimestamp(now - now % STEP.total_seconds(), UTC)


def context(request) -> dict:
    """The context processor: lazy, so that other pages need no query; empty if the database fails."""
    return {"as_of": as_of_if_known}


def as_of_if_known() -> AsOf | None:
    try:
        return as_of()
    except Error:
        return None
