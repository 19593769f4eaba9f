"""Follows the changes of an upstream that tells them, as a Softdock does, instead of reading its lists again.

The cursor of now is taken before everything is read once. From then on the changes since the cursor are requested, and
their rows and the next cursor are written in one transaction, so that a mirror can be killed at any point.

A record shows other rows as they are when upstream answers. It is imported before later changes or not at all: stored
for later it could bring old values back. So a record that cannot be imported is marked as wanted and requested anew,
again and again. That is also so if it names a row that is not here, such as a stage that names its type: the row may
be one that was renamed, and its own record is still to come. A deletion counts like a 404 of the row's own URL.

While more changes wait, the next response is requested during the import of the one before: see ahead.py."""

from collections import defaultdict
from contextlib import nullcontext, suppress
from functools import cached_property
from time import monotonic

from django.db import DataError, IntegrityError, transaction
from django.utils import timezone

from spacedevs.api.models import KnownByName
from spacedevs.api.registry import endpoints
from spacedevs.dataset.as_of import full_step
from spacedevs.dataset.models import MirroredRow
from spacedevs.db.pending import postponed, settle
from spacedevs.sync.importing.outcome import Outcome, Record
from spacedevs.sync.importing.records import ingest_each, uncollected
from spacedevs.wording import counted

from .ahead import Ahead, Told
from .endpoint_reader import Reading, store
from .upstream import Passing, Rejected, TooLarge, TooSlow, Unavailable
from .upstream_answers import Change, Changes, is_key

LIMIT = 500  # changes of a response
WITH_RECORDS = {"include": "record", "mode": "detailed"}
PAUSE, MAX_PAUSE = 1, 3  # seconds from one request to the next, and at most after failures
MAX_DELAY = 3_600  # seconds after which a wanted record is requested again at the latest
MAX_WANTED = 20  # wanted records that are requested together
CHECKS = 300  # seconds between two looks at the source of upstream's statistics, or every twentieth request
EXPIRED = 400, 410  # what upstream answers to a cursor of another database, another release, or long ago


class Follower:
    """Follows the changes for a run of a mirror."""

    def __init__(self, run):
        self.run, self.mirror, self.upstream = run, run.mirror, run.upstream
        self.limit = LIMIT  # 0: without the records
        self.is_refused = False  # whether upstream refused to tell its changes; then rounds go on
        self.is_following = False
        self.failures = 0  # in a row
        self.checked = 0.0  # when statistics were last looked at
        self.delays: dict[int, tuple[float, float]] = {}  # by wanted row: seconds, and when it is due
        self.ahead: Ahead | None = None  # the next response, if it was requested already
        self.has_postponed = False  # whether what follows from the last response is pending
        self.may_ask_ahead = True  # until that fails; then again after the last waiting change

    def begin(self):
        """Before a round: takes the cursor of now, if upstream is a Softdock that tells its changes."""
        self.is_following, self.run.intake.complete = False, ()
        if self.mirror.cursor:
            self.is_refused = False
            if not self.run.has_all_chosen() and not self.run.next_one():
                self.run.begin_round()
            return
        if self.is_refused or self.mirror.statistics == "" or not self.covers_parts():
            return
        try:
            cursor = self.upstream.cursor()
        except Rejected:
            self.is_refused = True
        except Passing as error:
            self.run.tell(f"It is not known whether upstream tells its changes: {error}")
        else:
            self.start_from(cursor)

    def covers_parts(self) -> bool:
        """Whether of each subset, such as upcoming launches, the whole list is mirrored, too."""
        shown = {reading.endpoint.queryset.model for reading in self.readings.values() if reading.endpoint}
        parts = [reading.endpoint for reading in self.run.readings if reading.endpoint and reading.endpoint.part]
        return all(part.queryset.model in shown for part in parts)

    @cached_property
    def readings(self) -> dict:
        """The readings of all endpoints whose changes are told, by path."""
        whole = (each for each in self.run.readings if each.endpoint is None or not each.endpoint.part)
        return {reading.path: reading for reading in whole}

    def start_from(self, cursor):
        """Stores a cursor, and lets everything be read after it."""
        with transaction.atomic():
            self.keep(cursor)
            self.run.read_all_again()
            self.run.begin_round()
        self.is_following = False

    @property
    def can_follow(self) -> bool:
        """Whether everything has been read since there is a cursor."""
        return bool(self.mirror.cursor) and not self.is_refused and self.run.has_all_chosen()

    def go_on(self) -> float:
        """Takes in the next changes; returns the seconds until the next request."""
        try:
            return self.step()
        except Rejected as error:
            self.settle_postponed()
            self.refuse(error)
            return 0
        except (Passing, Unavailable) as error:
            self.settle_postponed()
            self.failures += 1
            if self.failures == 1:
                self.run.tell(f"Changes cannot be requested, which is tried again and again: {error}")
            return max(min(PAUSE * self.failures, MAX_PAUSE), self.upstream.budget.pace)
        finally:
            self.run.outcome = Outcome()  # everything was reported

    def start(self):
        """Ends the round before, and forgets that endpoints were read that this run does not follow."""
        self.run.take_waiting()
        self.mirror.endpoints.exclude(path__in=self.run.chosen).update(full_ended=None)
        lists = [reading for reading in self.readings.values() if reading.endpoint]
        self.run.intake.complete = {model_of(reading) for reading in lists}
        self.run.tell("Everything is here; from now on only upstream's changes are requested.")
        self.is_following = True

    def refuse(self, error):
        """Begins anew if the cursor has expired; otherwise lists are read until upstream tells its changes again."""
        self.is_following = False
        if error.status in EXPIRED:
            self.run.tell("The cursor of upstream's changes has expired; everything is read again.")
            self.mirror.cursor = ""
            self.begin()
        if error.status not in EXPIRED or not self.mirror.cursor:
            self.run.tell(f"Upstream does not tell its changes; its lists are read instead: {error}")
            self.is_refused = True
            self.run.begin_round()

    @uncollected()
    def step(self) -> float:
        told = self.requested() or self.told(self.upstream, self.request())
        page = told.page
        if not self.is_following:
            self.start()
        self.ask_ahead(page)
        before, records = self.mirror.cursor, self.records_of(page, self.mirror.cursor, told.objects)
        if told.later:
            records = self.records_of(told.later, page.cursor, {}) + records
        is_more = page.has_more and page.cursor != before
        with postponed() if is_more else nullcontext():  # totals are recomputed after the last response
            try:
                outcome = self.take(page, records)
            except (DataError, IntegrityError) as error:
                self.run.tell(f"Changes could not be imported together, so each record is requested: {error}")
                outcome = self.take(page, None)
        if is_more:
            self.has_postponed = True
        else:
            self.settle_postponed()
        self.run.account(outcome)
        if page.changes:
            self.run.tell(f"{counted(len(page.changes), 'change')} taken in.")
        if is_more:
            return 0
        is_more = self.ask_for_wanted()
        pace = self.upstream.budget.pace
        if not self.checked or monotonic() >= self.checked + max(CHECKS, 20 * pace):
            self.checked = monotonic()
            self.run.follow_statistics()
        return 0 if is_more else max(PAUSE, pace)

    def settle_postponed(self):
        """Recomputes totals after responses that were followed by others at once."""
        if self.has_postponed:
            self.has_postponed = False
            settle()

    def request(self) -> Changes:
        """Requests the next changes: fewer at a time after too large a response, in the end without the records."""
        while True:
            query = {"limit": self.limit, **WITH_RECORDS} if self.limit else {"limit": LIMIT}
            try:
                page = self.upstream.changes(since=self.mirror.cursor, **query)
            except (TooLarge, TooSlow):
                if not self.limit:
                    raise
                self.limit //= 4
                continue
            self.limit = LIMIT
            if self.failures:
                self.run.tell("Upstream tells its changes again.")
            self.failures = 0
            return page

    # The next response -------------------------------------------------------------------------------

    def ask_ahead(self, page):
        """Lets a thread request the changes after a response, if there are more and the budget is large enough."""
        self.may_ask_ahead |= not page.has_more
        calls = 2 + sum(1 for reading in self.readings.values() if not reading.endpoint)
        is_further = page.has_more and page.cursor != self.mirror.cursor
        if is_further and self.may_ask_ahead and self.upstream.budget.has_room(calls):
            self.ahead = Ahead(page.cursor, self.upstream.beside, self.told_since)

    def told_since(self, upstream, since) -> Told:
        """Everything at once, in the thread."""
        return self.told(upstream, upstream.changes(since=since, limit=LIMIT, **WITH_RECORDS))

    def requested(self) -> Told | None:
        """The next response, if it was requested already and is one."""
        ahead, self.ahead = self.ahead, None
        if ahead is None or ahead.since != self.mirror.cursor:
            return None
        told = ahead.result()
        self.upstream.budget.count(ahead.asked)
        self.may_ask_ahead = told is not None
        return told

    # One response ------------------------------------------------------------------------------------

    def told(self, upstream, page) -> Told:
        """A response with all that its import needs: objects as they are now, and the records of renamed rows that
        later responses tell, if upstream sends them: earlier responses may already show the new names."""
        changed = {change.path for change in page.changes if change.id is None}
        objects = [path for path, reading in self.readings.items() if path in changed and not reading.endpoint]
        shown = {path: upstream.object(path) for path in objects}
        named = ",".join(path for path, reading in self.readings.items() if reading.endpoint and is_named(reading))
        later = None
        if page.has_more and named:
            with suppress(Passing, Rejected):
                later = upstream.changes(since=page.cursor, endpoints=named, limit=LIMIT, **WITH_RECORDS)
        return Told(page, later, shown)

    def records_of(self, page, since, objects) -> list[Record]:
        """The records to import: those of mirrored endpoints, and of others if their rows are here; and objects."""
        place = f"changes/?since={since}#/results"
        found = [
            Record(f"{place}/{number}/record", change.record, endpoints()[change.path])
            for number, change in enumerate(page.changes)
            if change.record is not None and (change.path in self.readings or is_here(change))
        ]
        return [*found, *(Record(f"{path}/#", shown) for path, shown in objects.items())]

    def take(self, page, records: list[Record] | None) -> Outcome:
        """Writes the rows of a response and its cursor; without records, all rows are only marked as wanted."""
        changes: dict[Reading, dict[str, Change]] = defaultdict(dict)
        for change in page.changes:
            reading = self.readings.get(change.path)
            if reading and reading.endpoint and is_key(model_of(reading), str(change.id)):
                changes[reading][change.id] = change
        gone = {
            reading: [key for key, change in by_key.items() if change.is_deleted and records is not None]
            for reading, by_key in changes.items()
        }
        owners = [(model_of(reading), to_key(reading, key)) for reading, keys in gone.items() for key in keys]
        with transaction.atomic():
            outcome = ingest_each(records or [], gone=owners, complete=self.run.intake.complete)
            rows: list[MirroredRow] = []
            for reading, by_key in changes.items():
                there = [key for key in by_key if key not in gone[reading]]
                missing = {key for key in there if records is None or by_key[key].record is None}
                rows += reading.rows_of(there, missing | reading.missing(outcome))
            for reading, keys in gone.items():
                known = {row.key: row for row in reading.state.rows.filter(key__in=keys)}
                new = {key: MirroredRow(endpoint=reading.state, key=key, sweep=reading.state.sweep) for key in keys}
                vanished = list((new | known).values())
                if vanished:
                    reading.let_vanish(*vanished)
                rows += vanished
            store(rows)
            self.keep(page.cursor, is_current=not page.has_more)
        return outcome

    def keep(self, cursor, is_current=False):
        """Stores a cursor, and whether all changes up to now are here."""
        mirror, now = self.mirror, timezone.now()
        if is_current:
            if mirror.followed and mirror.followed <= full_step():
                mirror.followed_before = mirror.followed
            mirror.followed = now
        mirror.cursor, mirror.cursor_read = cursor, now
        mirror.save(update_fields=["cursor", "cursor_read", "followed", "followed_before"])

    # Wanted records ----------------------------------------------------------------------------------

    def ask_for_wanted(self) -> bool:
        """Requests records that could not be imported, each less and less often; returns whether more are due."""
        rows = MirroredRow.objects.filter(endpoint__mirror=self.mirror, is_wanted=True).order_by("id")
        wanted = list(rows.filter(endpoint__path__in=list(self.readings)).select_related("endpoint"))
        self.delays = {row.pk: self.delays.get(row.pk, (0.0, 0.0)) for row in wanted}
        due = [row for row in wanted if self.delays[row.pk][1] <= monotonic()]
        for row in due[:MAX_WANTED]:
            delay = min(max(2 * self.delays[row.pk][0], PAUSE), MAX_DELAY)
            self.delays[row.pk] = delay, monotonic() + delay
            reading = self.readings[row.endpoint.path]
            try:
                reading.look_for(row)
            except (Rejected, Passing, DataError, IntegrityError) as error:
                self.run.tell(f"Refused: {reading.path}/{row.key}: {error}")
                if not self.upstream.is_well:
                    break
        if due:
            self.run.take_waiting()
        return len(due) > MAX_WANTED


def model_of(reading: Reading):
    return reading.endpoint.queryset.model


def is_named(reading: Reading) -> bool:
    """Whether records show rows of an endpoint by their names only."""
    return issubclass(model_of(reading), KnownByName)


def to_key(reading: Reading, text: str):
    """The key of a row from its text."""
    return model_of(reading)._meta.pk.to_python(text)


def is_here(change: Change) -> bool:
    """Whether the row of a change in an endpoint that is not mirrored is here, because another record shows it."""
    endpoint = endpoints().get(change.path)
    if endpoint is None or endpoint.part or not is_key(endpoint.queryset.model, str(change.id)):
        return False
    return endpoint.queryset.model._base_manager.filter(pk=change.id).exists()
