"""Reads an endpoint of an upstream server, page by page.

A reading ends for any responses: an unreadable page is skipped if more follow, and the number of pages in a row
without progress is limited, for example if each begins with an unknown row."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil

from django.db import models, transaction
from django.utils import timezone

from spacedevs.api.registry import endpoints
from spacedevs.dataset.models import MirroredEndpoint, MirroredRow
from spacedevs.db.bulk import upsert
from spacedevs.db.paths import column_of
from spacedevs.sync.importing.outcome import Outcome, Record
from spacedevs.sync.importing.records import records
from spacedevs.wording import counted

from .upstream import Passing, Rejected, TooLarge, TooSlow
from .upstream_answers import Page, is_key, key_of

LIMIT, OVERLAP = 100, 1  # rows of a page, and the overlap with the previous page
MIN_PAGE_ROWS = OVERLAP + 1  # smallest page size for resuming
REPEATS = 5  # readings of a changing list before other endpoints are read
STALLED = 12  # pages in a row without progress that end a reading
SKIPPED = 3  # unreadable pages in a row that make the endpoint fail
FRUITLESS = 12  # failed rounds after which the reading restarts instead of resuming
LOOKING_BACK = timedelta(hours=1)  # for different clocks and uncommitted changes
EVERYTHING = timedelta(days=7)  # after this time, an endpoint with change queries is read completely again
CHANGES = timedelta(hours=1)  # after this time, its changes are requested again


def is_within(moment: datetime | None, length: timedelta) -> bool:
    """Whether a moment is less than a duration ago; moments in the far future come from a wrong clock and do not
    count."""
    return moment is not None and abs(timezone.now() - moment) < length


class Reading:
    """The reading of an endpoint in a run of a mirror: its stored state and temporary values."""

    def __init__(self, run, state: MirroredEndpoint):
        self.run, self.state, self.path = run, state, state.path
        self.endpoint = endpoints().get(self.path)  # None for an endpoint that is not a list
        self.limit = LIMIT
        self.looked = None  # when changes were last requested
        self.skipped = self.ahead = 0  # skipped unreadable pages, and the rows up to the next one
        self.furthest = self.stalled = self.nameless = 0  # the last: rows without a valid key
        self.seen_before = None  # rows shown by the previous reading, and the count

    def tell(self, text):
        self.run.tell(text)

    @property
    def tells_changes(self) -> bool:
        """Whether the endpoint supports queries for changes."""
        return self.endpoint is not None and "last_updated__gte" in self.endpoint.filterset_class.base_filters

    @property
    def is_due(self) -> bool:
        """Whether a query for changes is due, regardless of turns."""
        state = self.state
        is_known = self.tells_changes and state.full_ended and not (state.is_reading and not state.since)
        return bool(is_known) and not (is_within(state.ended, CHANGES) or is_within(self.looked, CHANGES))

    def to_the_end(self):
        self.looked = timezone.now()
        self.go_on()
        while self.state.is_reading:
            self.go_on()

    def go_on(self):
        """Reads the next page; at the end looks for vanished rows."""
        if self.endpoint is None:
            self.read_object()
            return
        state = self.state
        if not state.is_reading:
            self.begin()
        asked_from = state.offset + self.ahead if self.ahead else max(state.offset - OVERLAP, 0)
        try:
            page, moment = self.page(asked_from)
        except (Passing, Rejected) as error:
            self.skip(asked_from, error)
            return
        with transaction.atomic():
            place = f"{self.path}/?offset={asked_from}"
            outcome = self.run.intake.take(records(place, {"results": page.results}, self.endpoint))
            self.note(page, asked_from, moment, self.missing(outcome))
        self.run.account(outcome)
        self.tell(f"{self.path}: {min(state.offset, page.count)} of {page.count}")
        if not state.is_reading:
            self.look_for_vanished()

    def read_object(self):
        """Reads an endpoint that is not a list."""
        value, state = self.run.upstream.object(self.path), self.state
        with transaction.atomic():
            outcome = self.run.intake.take([Record(f"{self.path}/#", value)])
            state.round, state.count = self.run.mirror.round, 1
            state.ended = state.full_ended = timezone.now()
            state.save()
        self.run.account(outcome)
        self.tell(f"{self.path}: read")

    def page(self, asked_from) -> tuple[Page, datetime]:
        """Requests a page, with fewer rows after one that was too large or too slow."""
        while True:
            try:
                return self.run.upstream.page(self.path, **self.parameters(), offset=asked_from)
            except (TooLarge, TooSlow) as error:
                if self.limit == MIN_PAGE_ROWS:
                    raise
                self.limit = max(self.limit // 4, MIN_PAGE_ROWS)
                self.tell(f"{error}; requesting {counted(self.limit, 'row')} at a time.")

    def parameters(self) -> dict:
        since, query = self.state.since, {"limit": self.limit}
        if self.endpoint.modes:
            query["mode"] = "detailed"
        if since:
            query |= {"last_updated__gte": f"{since:%Y-%m-%dT%H:%M:%SZ}", "ordering": "last_updated"}
        elif "id" in self.endpoint.ordering_fields:
            query["ordering"] = "id"
        return query

    def skip(self, asked_from, error):
        """Skips an unreadable page if more follow; if those are unreadable too, all of them are requested again in the
        next round."""
        state, beyond = self.state, asked_from + self.limit
        self.skipped, self.ahead, self.limit = self.skipped + 1, beyond - state.offset, LIMIT
        if self.skipped > SKIPPED or not state.began or beyond >= state.count:
            self.skipped = self.ahead = 0
            raise error
        self.tell(f"Refused: a page of {self.path}: {error}")

    def fail(self):
        """Returns to the state before an unreadable page; gives the reading up if it fails there in every round."""
        state = self.state
        state.refresh_from_db()
        state.repeats += 1
        state.is_reading = state.is_reading and state.repeats <= FRUITLESS
        state.save(update_fields=["repeats", "is_reading"])

    def begin(self):
        """Starts a reading: only of changes, if upstream supports this and everything else is known."""
        state = self.state
        is_known = self.tells_changes and is_within(state.full_ended, EVERYTHING)
        is_known = is_known and state.changes_from <= timezone.now()
        state.since = state.changes_from - LOOKING_BACK if is_known else None
        state.repeats, self.seen_before = 0, None
        self.start_over()

    def start_over(self):
        state = self.state
        state.sweep += 1
        state.is_reading, state.offset, state.began = True, 0, None
        self.furthest = self.stalled = self.nameless = self.skipped = self.ahead = 0

    def missing(self, outcome) -> set[str]:
        """The keys of the records that were not imported, or wait."""
        refusals = [*outcome.refused, *self.run.intake.waiting.values()]
        records = [each.record for each in refusals if each.record.endpoint is self.endpoint]
        return {key for record in records if (key := key_of(self.endpoint.queryset.model, record.value))}

    def note(self, page, asked_from, moment, missing):
        """Stores the rows of a page, and the position to continue from."""
        state, seen = self.state, self.state.rows.filter(sweep=self.state.sweep)
        keys = [key_of(self.endpoint.queryset.model, record) for record in page.results]
        shown_before = OVERLAP if asked_from and not self.ahead else 0
        has_moved = any(not seen.filter(key=key).exists() for key in filter(None, keys[:shown_before]))
        self.nameless += keys[shown_before:].count(None)
        before = seen.count()
        store(self.rows_of(keys, missing))
        after = seen.count()
        back = min(self.limit, max(len(keys), MIN_PAGE_ROWS))
        beyond = max(asked_from - back, 0) if has_moved else asked_from + len(keys)
        is_further = after > before and beyond > self.furthest and not has_moved
        self.stalled = 0 if is_further else self.stalled + 1
        self.furthest = max(self.furthest, beyond)
        is_last = not has_moved and (beyond >= page.count or beyond <= max(state.offset, asked_from))
        state.count, state.began, state.offset = page.count, state.began or moment, beyond
        self.settle_skipped()
        if is_last or self.stalled > STALLED:
            shown = after + self.nameless
            self.end(is_last and shown == page.count, (shown, page.count))
        state.save()

    def settle_skipped(self):
        """Counts the skipped pages, after a later one was readable."""
        if self.skipped:
            self.state.repeats = max(self.state.repeats, REPEATS)  # to read it again at once would not complete it
        self.run.pages_refused += self.skipped
        self.skipped = self.ahead = 0

    def rows_of(self, keys, missing) -> list[MirroredRow]:
        """These rows, marked as seen, and those without their record as wanted."""
        state = self.state
        return [
            MirroredRow(endpoint=state, key=key, sweep=state.sweep, is_wanted=key in missing)
            for key in dict.fromkeys(filter(None, keys))
        ]

    def end(self, is_complete, seen):
        """Ends a reading after the last page, or restarts it if rows are missing, unless the last restart found
        none."""
        state = self.state
        is_worth_it = state.repeats < REPEATS and seen != self.seen_before
        self.seen_before = seen
        if not is_complete and is_worth_it:
            state.repeats += 1
            self.start_over()
            return
        state.is_reading, state.round = False, self.run.mirror.round
        if not is_complete:
            shown, count = seen
            about = f"{self.path} listed {counted(shown, 'row')}, but counts {count}"
            self.tell(f"{about}; it will be read again in the next round.")
            return
        state.changes_from, state.ended = state.began, timezone.now()
        if not state.since:
            state.full_sweep, state.full_ended = state.sweep, state.ended

    # Vanished rows -------------------------------------------------------------------------------

    def look_for_vanished(self):
        """Requests each row that the last full reading did not list."""
        if self.endpoint.part:
            return  # a row can leave a subset without being deleted
        failures = 0
        for row in self.state.rows.filter(sweep__lt=self.state.full_sweep, vanished=None):
            try:
                self.look_for(row)
                failures = 0
            except (Passing, Rejected) as error:
                self.tell(f"Refused: {self.path}/{row.key}: {error}")
                failures += 1
            if failures > REPEATS:
                break

    def look_for(self, row):
        """Requests a row itself; a key that an earlier release stored may be invalid in a URL."""
        if not is_key(self.endpoint.queryset.model, row.key):
            row.delete()
            return
        record, outcome = self.run.upstream.record(self.path, row.key), Outcome()
        with transaction.atomic():
            if record is None:
                self.let_vanish(row)
            else:
                outcome = self.run.intake.take([Record(f"{self.path}/{row.key}/#", record, self.endpoint)])
                row.sweep, row.vanished = self.state.full_sweep, None
                row.is_wanted = row.key in self.missing(outcome)
            row.save()
        self.run.account(outcome)

    def let_vanish(self, *rows):
        """Marks rows as deleted upstream, and deletes them if the mirror may; one that others need stays wanted."""
        for row in rows:
            if not row.vanished:
                self.tell(f"{self.path}/{row.key} has vanished upstream.")
            row.vanished, row.is_wanted = timezone.now(), False
        if self.run.delete:
            try:
                self.endpoint.queryset.model._base_manager.filter(pk__in=[row.key for row in rows]).delete()
            except models.ProtectedError:
                if len(rows) > 1:  # all of them stay because of one
                    for row in rows:
                        self.let_vanish(row)
                    return
                rows[0].is_wanted = True
                self.tell(f"{self.path}/{rows[0].key} stays, because other rows need it.")


def store(rows: Iterable[MirroredRow]):
    """Stores the state of rows, of any endpoints."""
    names = "endpoint_id", "key", "sweep", "vanished", "is_wanted"
    columns = [column_of(MirroredRow, name) for name in names]
    upsert(columns[:2], columns[2:], [[getattr(row, name) for name in names] for row in rows])


def pages_left(state) -> int:
    """The number of requests that the first reading of an endpoint still needs, if known."""
    if state.full_ended:
        return 0
    return max(ceil(((state.count or 1) - state.offset) / (LIMIT - OVERLAP)), 1)
