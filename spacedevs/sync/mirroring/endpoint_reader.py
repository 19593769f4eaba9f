"""Reading one endpoint of an upstream, page by page.

Whatever upstream answers, a reading ends: a page that cannot be read is passed over where more are to come, and one
that brings a reading no further, as where each begins with a row that nobody has seen, does so but a few times."""

from datetime import datetime, timedelta
from math import ceil

from django.db import models, transaction
from django.utils import timezone

from spacedevs.api.registry import endpoints
from spacedevs.dataset.models import MirroredEndpoint, MirroredRow
from spacedevs.sync.importing.outcome import Outcome, Record
from spacedevs.sync.importing.records import records
from spacedevs.wording import counted

from .upstream import Passing, Rejected, TooLarge, TooSlow
from .upstream_answers import Page, is_key, key_of

LIMIT, OVERLAP = 100, 1  # rows of a page, and of those the ones that the page before has shown
MIN_PAGE_ROWS = OVERLAP + 1  # rows of a page with which reading goes on
REPEATS = 5  # readings of a list that does not hold still, until others have their turn
STALLED = 12  # pages in a row that bring a reading no further, until it ends
SKIPPED = 3  # pages in a row that cannot be read, until their endpoint has failed
FRUITLESS = 12  # rounds in which it has, until its reading begins anew and does not go on where it was
LOOKING_BACK = timedelta(hours=1)  # for clocks that disagree, and for changes that were not yet committed
EVERYTHING = timedelta(days=7)  # after which an endpoint that tells its changes is read as a whole again
CHANGES = timedelta(hours=1)  # after which its changes are asked for again


def is_within(moment: datetime | None, length: timedelta) -> bool:
    """Whether something was so short a time ago; what lies far ahead was noted by a clock that was wrong."""
    return moment is not None and abs(timezone.now() - moment) < length


class Reading:
    """How one endpoint is read in a run of a mirror: its state, and what need not be kept."""

    def __init__(self, run, state: MirroredEndpoint):
        self.run, self.state, self.path = run, state, state.path
        self.endpoint = endpoints().get(self.path)  # none of what is no list
        self.limit = LIMIT
        self.looked = None  # when changes were asked for last
        self.skipped = self.ahead = 0  # pages that could not be read just now, and the rows until the next one
        self.furthest = self.stalled = self.nameless = 0  # the last: rows that no key could be made of
        self.seen_before = None  # how many rows the reading before has shown, of how many

    def tell(self, text):
        self.run.tell(text)

    @property
    def tells_changes(self) -> bool:
        """Whether an endpoint can be asked for what changed."""
        return self.endpoint is not None and "last_updated__gte" in self.endpoint.filterset_class.base_filters

    @property
    def is_due(self) -> bool:
        """Whether changes are to be asked for, whoever's turn it is."""
        state = self.state
        is_known = self.tells_changes and state.full_ended and not (state.is_reading and not state.since)
        return bool(is_known) and not (is_within(state.ended, CHANGES) or is_within(self.looked, CHANGES))

    def to_the_end(self):
        self.looked = timezone.now()
        self.go_on()
        while self.state.is_reading:
            self.go_on()

    def go_on(self):
        """Reads the next page; at the end looks for what has vanished."""
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
            self.note(page, asked_from, moment)
        self.run.account(outcome)
        self.tell(f"{self.path}: {min(state.offset, page.count)} of {page.count}")
        if not state.is_reading:
            self.look_for_vanished()

    def read_object(self):
        """Reads what is no list, at one go."""
        value, state = self.run.upstream.object(self.path), self.state
        with transaction.atomic():
            outcome = self.run.intake.take([Record(f"{self.path}/#", value)])
            state.round, state.count = self.run.mirror.round, 1
            state.ended = state.full_ended = timezone.now()
            state.save()
        self.run.account(outcome)
        self.tell(f"{self.path}: read")

    def page(self, asked_from) -> tuple[Page, datetime]:
        """A page, with fewer rows once it was larger than we hold, or took too long."""
        while True:
            try:
                return self.run.upstream.page(self.path, **self.parameters(), offset=asked_from)
            except (TooLarge, TooSlow) as error:
                if self.limit == MIN_PAGE_ROWS:
                    raise
                self.limit = max(self.limit // 4, MIN_PAGE_ROWS)
                self.tell(f"{error}; asking for {counted(self.limit, 'row')} at a time.")

    def parameters(self) -> dict:
        since, asked = self.state.since, {"limit": self.limit}
        if self.endpoint.modes:
            asked["mode"] = "detailed"
        if since:
            asked |= {"last_updated__gte": f"{since:%Y-%m-%dT%H:%M:%SZ}", "ordering": "last_updated"}
        elif "id" in self.endpoint.ordering_fields:
            asked["ordering"] = "id"
        return asked

    def skip(self, asked_from, error):
        """Passes over a page that cannot be read, where others are known to come; if these cannot be read either, all
        of them are asked for again in the next round."""
        state, beyond = self.state, asked_from + self.limit
        self.skipped, self.ahead, self.limit = self.skipped + 1, beyond - state.offset, LIMIT
        if self.skipped > SKIPPED or not state.began or beyond >= state.count:
            self.skipped = self.ahead = 0
            raise error
        self.tell(f"Refused: a page of {self.path}: {error}")

    def fail(self):
        """Is as it was before a page that could not be read; a reading that fails there in every round is given up."""
        state = self.state
        state.refresh_from_db()
        state.repeats += 1
        state.is_reading = state.is_reading and state.repeats <= FRUITLESS
        state.save(update_fields=["repeats", "is_reading"])

    def begin(self):
        """Begins a reading: of what changed, where upstream tells that and we know the rest."""
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

    def note(self, page, asked_from, moment):
        """Notes what a page has shown, and where to go on."""
        state, seen = self.state, self.state.rows.filter(sweep=self.state.sweep)
        keys = [key_of(self.endpoint.queryset.model, record) for record in page.results]
        shown_before = OVERLAP if asked_from and not self.ahead else 0
        has_moved = any(not seen.filter(key=key).exists() for key in filter(None, keys[:shown_before]))
        self.nameless += keys[shown_before:].count(None)
        before, after = seen.count(), self.note_rows(keys, seen)
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
        """Counts the pages that were passed over, now that one behind them could be read."""
        if self.skipped:
            self.state.repeats = max(self.state.repeats, REPEATS)  # it is not whole by being read again at once
        self.run.pages_refused += self.skipped
        self.skipped = self.ahead = 0

    def note_rows(self, keys, seen) -> int:
        """Notes that these rows are there; returns how many this reading has shown by now."""
        state = self.state
        MirroredRow.objects.bulk_create(
            [MirroredRow(endpoint=state, key=key, sweep=state.sweep) for key in dict.fromkeys(filter(None, keys))],
            update_conflicts=True,
            unique_fields=["endpoint", "key"],
            update_fields=["sweep", "vanished"],
        )
        return seen.count()

    def end(self, is_complete, seen):
        """Ends a reading that has come to the last page, or begins it again, unless that showed nothing new before."""
        state = self.state
        is_worth_it = state.repeats < REPEATS and seen != self.seen_before
        self.seen_before = seen
        if not is_complete and is_worth_it:
            state.repeats += 1
            self.start_over()
            return
        state.is_reading, state.round = False, self.run.mirror.round
        if not is_complete:
            shown, told = seen
            about = f"{self.path} has shown {counted(shown, 'row')}, and counts {told}"
            self.tell(f"{about}; it will be read again in the next round.")
            return
        state.changes_from, state.ended = state.began, timezone.now()
        if not state.since:
            state.full_sweep, state.full_ended = state.sweep, state.ended

    # What has vanished ---------------------------------------------------------------------------

    def look_for_vanished(self):
        """Asks for each row that the last full reading did not show."""
        if self.endpoint.part:
            return  # from a part of a list rows go without vanishing
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
        """Asks for a row itself; one that an earlier release has noted may have a key that no address can end in."""
        if not is_key(self.endpoint.queryset.model, row.key):
            row.delete()
            return
        record, outcome = self.run.upstream.record(self.path, row.key), Outcome()
        with transaction.atomic():
            if record is None:
                self.let_vanish(row)
            else:
                outcome = self.run.intake.take([Record(f"{self.path}/{row.key}/#", record, self.endpoint)])
                row.sweep = self.state.full_sweep
            row.save()
        self.run.account(outcome)

    def let_vanish(self, row):
        row.vanished = timezone.now()
        self.tell(f"{self.path}/{row.key} has vanished upstream.")
        if self.run.delete:
            try:
                self.endpoint.queryset.model._base_manager.filter(pk=row.key).delete()
            except models.ProtectedError:
                self.tell(f"{self.path}/{row.key} stays, for others need it.")


def pages_left(state) -> int:
    """How many more calls the first reading of an endpoint takes, as far as that is known."""
    if state.full_ended:
        return 0
    return max(ceil(((state.count or 1) - state.offset) / (LIMIT - OVERLAP)), 1)
