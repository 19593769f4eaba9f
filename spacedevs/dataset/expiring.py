"""When pages must be made again although nothing is written: they count days, and hours to a launch that is near."""

from datetime import UTC, datetime, time, timedelta

from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import http_date

from .as_of import AsOf

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEAR = 2 * DAY  # what is nearer is counted in hours


def expiring(response: HttpResponse, told: AsOf | None, *moments: datetime | None, near: datetime | None = None):
    """The response with an `Expires` of the first of these moments, at the latest midnight UTC.

    `told` is the time of the data that the page names. If `near` is within two days, it expires with the hour."""
    now = timezone.now()
    tomorrow = datetime.combine(now.date() + DAY, time(), UTC)
    hour = now.replace(minute=0, second=0, microsecond=0) + HOUR
    is_near = near and abs(near - now) <= NEAR
    ends = min(filter(None, [tomorrow, told and told.changes_at, hour if is_near else None, *moments]))
    response["Expires"] = http_date(ends.timestamp())
    return response
