"""Turns the changes of a subscription into deliveries, in the transaction that moves its cursor."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from spacedevs.api.render_plan.compiled import as_json
from spacedevs.changes.records import DELETED, UPDATED, Change, changes_after
from spacedevs.changes.told import records_of, told
from spacedevs.db.change_log.reading import Expired, Log
from spacedevs.db.snapshots import snapshot
from spacedevs.sync.exporting.jsonl import FromNowhere

from .models import Delivery, MatchedRecord, Subscription
from .queries import Query

PAGE = 100  # changes that are queued by one transaction
STORED_EVERY = timedelta(hours=1)  # so that a cursor without changes does not expire


@dataclass
class Found:
    """What the log has for a subscription."""

    cursor: str
    messages: list[tuple[str, str]] = field(default_factory=list)  # the record, and the body
    came: set[str] = field(default_factory=set)  # keys of records that match since
    left: set[str] = field(default_factory=set)  # and that match no more
    has_more: bool = False
    is_whole: bool = True  # whether nothing waits for an open transaction
    is_new: bool = True  # whether anything changed
    has_expired: bool = False


def begin(subscription: Subscription):
    """Sets a subscription, which is not saved yet, to the present end of the log."""
    log = Log.read()
    subscription.cursor = log.cursor(log.now)


def match_anew(subscription: Subscription):
    """Stores which records match now, after the query was set."""
    subscription.matched.all().delete()
    query = Query.of(subscription.query)
    if query.chooses:
        keys = query.rows().values_list("pk", flat=True).distinct()
        write_matches(subscription, {str(key) for key in keys})


def queue(subscription: Subscription) -> Found:
    """Queues the next page of its changes, unless another process has."""
    with snapshot():
        found = look(subscription)
    is_due = timezone.now() > subscription.looked + STORED_EVERY
    if not (found.is_new or found.has_expired or is_due):
        return found
    now = timezone.now()
    moved = {"cursor": found.cursor, "looked": now, **({"missed": now} if found.has_expired else {})}
    same = {name: getattr(subscription, name) for name in ("cursor", "query", "fields", "stopped")}
    with transaction.atomic():
        if not Subscription.objects.filter(pk=subscription.pk, active=True, **same).update(**moved):
            return found
        Delivery.objects.bulk_create(
            Delivery(subscription=subscription, record=record, payload=payload) for record, payload in found.messages
        )
        if found.has_expired:
            match_anew(subscription)
        else:
            subscription.matched.filter(key__in=found.left).delete()
            write_matches(subscription, found.came)
    subscription.cursor, subscription.looked = found.cursor, now
    return found


def write_matches(subscription: Subscription, keys: set[str]):
    rows = [MatchedRecord(subscription=subscription, key=key) for key in keys]
    MatchedRecord.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)


def look(subscription: Subscription) -> Found:
    """What the log has after the cursor, and the messages for it, of one state of the data."""
    query, log = Query.of(subscription.query), Log.read()
    try:
        position = log.position(subscription.cursor)
    except (Expired, ValueError):
        return Found(log.cursor(log.now), has_expired=True, is_whole=log.is_whole)
    page = changes_after(log, position, {query.record_path}, PAGE)
    keys = {change.ref.key for change in page.changes}
    now = query.matching(keys)
    before = set(subscription.matched.filter(key__in=map(str, keys)).values_list("key", flat=True))
    told_of = [
        change
        for change in page.changes
        if counts(change, change.ref.key in now, str(change.ref.key) in before, query, subscription.wanted)
    ]
    request = FromNowhere()
    records = records_of(told_of, query.mode, request)
    return Found(
        log.cursor(page.until),
        [message(change, change.ref.key in now, records.get(change.ref), log, request) for change in told_of],
        {str(key) for key in now} - before if query.chooses else set(),
        before - {str(key) for key in now},
        page.has_more,
        log.is_whole,
        bool(page.changes or page.has_more),
    )


def counts(change: Change, matches: bool, matched: bool, query: Query, wanted: set[str]) -> bool:
    """Whether a change is told.

    Whether a deleted record matched cannot be seen any more, and the clock may have changed it: so each is told. If
    the changed fields are unknown, any may have changed."""
    if change.action == DELETED:
        return True
    if not (matches or matched):
        return False
    moved = query.chooses and matches != matched
    return moved or change.action != UPDATED or not (wanted and change.fields) or bool(wanted & change.fields)


def message(change: Change, matches: bool, record, log: Log, request) -> tuple[str, str]:
    """The name of the record, and the body of the message."""
    data = {**told(change, log, request), "matches": matches, "record": record}
    moment = datetime.fromtimestamp(change.moment, UTC).isoformat(timespec="milliseconds")
    body = {"type": f"record.{change.action}", "timestamp": moment.replace("+00:00", "Z"), "data": data}
    return f"{change.ref.path}/{change.ref.key}", as_json(body).decode()
