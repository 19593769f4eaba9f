"""Copying an upstream: all that it has, then again and again what changed.

An endpoint is read page by page; the rows of a page, what was seen and where to go on are written in one
transaction, so that a mirror can be killed at any point. Pages overlap by a row: where the first one of a
page is none that has been seen, rows have moved meanwhile, and reading goes back. A reading ends when as
many rows were seen as upstream counts; else it is begun again. That a row has vanished is believed only
when upstream answers 404 to its own address."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cached_property
from math import ceil

from django.db import models, transaction
from django.utils import timezone

from .endpoints import endpoints, objects
from .ingest import Outcome, Record, ingest_each, records
from .models import Mirror, MirroredEndpoint, MirroredRow
from .statistics import DERIVED, IMPORTED, choose, derive_what_was_told
from .upstream import TooLarge, Upstream

# What is looked at first: stations, what docks at them, what will fly to them, and who is aboard.
FIRST = "space_stations", "docking_events", "launches/upcoming", "events/upcoming", "expeditions", "astronauts"
LIMIT, OVERLAP = 100, 1  # rows of a page, and of those the ones that the page before has shown
FEWEST = OVERLAP + 1  # rows of a page with which reading goes on
REPEATS = 5  # readings of a list that does not hold still, until others have their turn
LOOKING_BACK = timedelta(hours=1)  # for clocks that disagree, and for changes that were not yet committed
EVERYTHING = timedelta(days=7)  # after which an endpoint that tells its changes is read as a whole again
CHANGES = timedelta(hours=1)  # after which its changes are asked for again


def paths() -> list[str]:
    """The endpoints that are read, in this order; a part of a list only where it is wanted first."""
    whole = [path for path, endpoint in endpoints().items() if not endpoint.part]
    return [*FIRST, *sorted(path for path in whole if path not in FIRST), *objects()]


class Mirroring:
    """One run of a mirror."""

    def __init__(
        self, mirror: Mirror, upstream: Upstream, chosen: list[str], delete=False, tell: Callable = lambda text: None
    ):
        self.mirror, self.upstream, self.chosen, self.delete, self.tell = mirror, upstream, chosen, delete, tell
        self.outcome = Outcome()
        self.limits = {}  # rows of a page, by path, where it is fewer than elsewhere

    @cached_property
    def states(self) -> list[MirroredEndpoint]:
        return [MirroredEndpoint.objects.get_or_create(mirror=self.mirror, path=path)[0] for path in self.chosen]

    def once(self):
        """Ends the round that was begun, or begins and ends the next."""
        if all(state.round >= self.mirror.round for state in self.states):
            self.begin_round()
        while state := self.next_one():
            self.go_on(state)
        self.end_round()

    def watch(self, rest: Callable[[], None]) -> Iterator[None]:
        """Goes round for ever; between the pages of a round, changes are asked for as they are due."""
        while True:
            for state in filter(self.is_due, self.states):
                self.read_to_the_end(state)
            state = self.next_one()
            if state:
                self.go_on(state)
            else:
                self.end_round()
                self.begin_round()
                rest()
            yield

    def begin_round(self):
        self.mirror.round = max(self.mirror.round, *(state.round for state in self.states)) + 1
        self.mirror.save(update_fields=["round"])

    def end_round(self):
        """Has figures derived here, where a server like this one derives them and all that they follow from is here.

        As they were told they would stand still, while upstream's go on by the minute; and what they follow from may
        have changed while their own row, by its `last_updated`, has not. No other figures are shown than upstream's:
        where it was filled by SQL, and what follows was not recomputed, they stay as they were told."""
        before = self.mirror.statistics
        is_like_us = before != ""  # or not known yet; it costs a call
        told = self.upstream.statistics() if is_like_us and self.is_whole() else None
        if told in (None, before):
            return
        with transaction.atomic():
            if told == DERIVED:
                if not derive_what_was_told():
                    return
                self.tell("Upstream derives its figures from its rows; from now on they are derived here too.")
            elif before == DERIVED:
                choose(IMPORTED)
                self.mirror.endpoints.update(full_ended=None)  # so that all are read again as they are told
            self.mirror.statistics = told
            self.mirror.save(update_fields=["statistics"])

    def is_whole(self) -> bool:
        """Whether everything that upstream has is here."""
        return set(self.chosen) == set(paths()) and all(state.full_ended for state in self.states)

    def next_one(self) -> MirroredEndpoint | None:
        return next((state for state in self.states if state.round < self.mirror.round), None)

    def is_due(self, state) -> bool:
        """Whether changes are to be asked for, whoever's turn it is."""
        is_known = tells_changes(state) and state.full_ended and not (state.is_reading and not state.since)
        return bool(is_known and timezone.now() - state.ended > CHANGES)

    def read_to_the_end(self, state):
        self.go_on(state)
        while state.is_reading:
            self.go_on(state)

    def go_on(self, state):
        """Reads the next page of an endpoint; at its end looks for what has vanished."""
        if state.path in objects():
            self.read_object(state)
            return
        if not state.is_reading:
            self.begin(state)
        asked_from = max(state.offset - OVERLAP, 0)
        page, moment = self.read(state, asked_from)
        with transaction.atomic():
            place = f"{state.path}/?offset={asked_from}"
            outcome = ingest_each(records(place, page, endpoints()[state.path]))
            self.note(state, page, asked_from, moment)
        self.account(outcome)
        self.tell(f"{state.path}: {min(state.offset, page['count'])} of {page['count']}")
        if not state.is_reading:
            self.look_for_vanished(state)

    def read_object(self, state):
        """Reads what is no list, at one go."""
        value, _ = self.upstream.object(state.path)
        with transaction.atomic():
            self.account(ingest_each([Record(f"{state.path}/#", value)]))
            state.round, state.count = self.mirror.round, 1
            state.ended = state.full_ended = timezone.now()
            state.save()
        self.tell(f"{state.path}: read")

    def read(self, state, asked_from) -> tuple[dict, datetime]:
        """A page of an endpoint, with fewer rows once it was larger than we hold."""
        while True:
            limit = self.limits.get(state.path, LIMIT)
            try:
                return self.upstream.page(state.path, **self.parameters(state, limit), offset=asked_from)
            except TooLarge as error:
                if limit == FEWEST:
                    raise
                self.limits[state.path] = max(limit // 4, FEWEST)
                self.tell(f"{error}; asking for {self.limits[state.path]} rows at a time.")

    def account(self, outcome):
        for refusal in outcome.refused:
            self.tell(f"Refused: {refusal}")
        self.outcome.add(outcome)

    def parameters(self, state, limit) -> dict:
        endpoint = endpoints()[state.path]
        asked = {"limit": limit}
        if endpoint.modes:
            asked["mode"] = "detailed"
        if state.since:
            asked |= {"last_updated__gte": f"{state.since:%Y-%m-%dT%H:%M:%SZ}", "ordering": "last_updated"}
        elif "id" in endpoint.ordering_fields:
            asked["ordering"] = "id"
        return asked

    def begin(self, state):
        """Begins a reading: of what changed, where upstream tells that and we know the rest."""
        is_known = tells_changes(state) and state.full_ended and timezone.now() - state.full_ended < EVERYTHING
        state.since = state.changes_from - LOOKING_BACK if is_known else None
        state.repeats = 0
        self.start_over(state)

    def start_over(self, state):
        state.sweep += 1
        state.is_reading, state.offset, state.began = True, 0, None

    def note(self, state, page, asked_from, moment):
        """Notes what a page has shown, and where to go on."""
        keys = [str(record["id"]) for record in page["results"] if isinstance(record, dict) and "id" in record]
        seen = state.rows.filter(sweep=state.sweep)
        has_moved = asked_from and keys and not seen.filter(key=keys[0]).exists()
        MirroredRow.objects.bulk_create(
            [MirroredRow(endpoint=state, key=key, sweep=state.sweep) for key in dict.fromkeys(keys)],
            update_conflicts=True,
            unique_fields=["endpoint", "key"],
            update_fields=["sweep", "vanished"],
        )
        state.count, state.began = page["count"], state.began or moment
        state.offset = max(asked_from - LIMIT, 0) if has_moved else asked_from + len(page["results"])
        if not has_moved and (not page["results"] or state.offset >= page["count"]):
            self.end(state, seen.count() == page["count"])
        state.save()

    def end(self, state, is_complete):
        """Ends a reading that has come to the last page, or begins it again."""
        if not is_complete and state.repeats < REPEATS:
            state.repeats += 1
            self.start_over(state)
            return
        state.is_reading, state.round = False, self.mirror.round
        if not is_complete:
            self.tell(f"{state.path} did not hold still; it will be read again in the next round.")
            return
        state.changes_from, state.ended = state.began, timezone.now()
        if not state.since:
            state.full_sweep, state.full_ended = state.sweep, state.ended

    # What has vanished ---------------------------------------------------------------------------

    def look_for_vanished(self, state):
        """Asks for each row that the last full reading did not show."""
        if endpoints()[state.path].part:
            return  # from a part of a list rows go without vanishing
        for row in state.rows.filter(sweep__lt=state.full_sweep, vanished=None):
            record = self.upstream.record(f"{state.path}/{row.key}")
            with transaction.atomic():
                if record is None:
                    self.let_vanish(state, row)
                else:
                    place = f"{state.path}/{row.key}/#"
                    self.account(ingest_each([Record(place, record, endpoints()[state.path])]))
                    row.sweep = state.full_sweep
                row.save()

    def let_vanish(self, state, row):
        row.vanished = timezone.now()
        self.tell(f"{state.path}/{row.key} has vanished upstream.")
        if self.delete:
            try:
                endpoints()[state.path].queryset.model._base_manager.filter(pk=row.key).delete()
            except models.ProtectedError:
                self.tell(f"{state.path}/{row.key} stays, for others need it.")


def tells_changes(state) -> bool:
    """Whether an endpoint can be asked for what changed."""
    endpoint = endpoints().get(state.path)
    return bool(endpoint) and "last_updated__gte" in endpoint.filterset_class.base_filters


def pages_left(state) -> int:
    """How many more calls the first reading of an endpoint takes, as far as that is known."""
    if state.full_ended:
        return 0
    return max(ceil(((state.count or 1) - state.offset) / (LIMIT - OVERLAP)), 1)
