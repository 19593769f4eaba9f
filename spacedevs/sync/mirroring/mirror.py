"""Mirrors an upstream server: all its data, then changes again and again.

An endpoint is read page by page. The rows of a page, the seen keys and the next position are written in one
transaction, so that a mirror can be killed at any point. Pages overlap by a row: if the first row of a page is
unknown, rows have moved meanwhile, and the reading goes back. A reading is complete when it has seen as many rows as
upstream counts; otherwise it restarts. A row counts as deleted only if upstream answers 404 to its own URL.

A failed endpoint is read again in the next round, so that it does not delay others.

An upstream that tells its changes is read completely once, and then followed: see follower.py."""

from collections.abc import Callable, Iterator
from functools import cached_property

from django.db import DataError, IntegrityError, models, transaction

from spacedevs.api.registry import endpoints, objects
from spacedevs.dataset.models import Mirror, MirroredEndpoint
from spacedevs.statistics.origin import DERIVED, IMPORTED, choose
from spacedevs.statistics.recompute import derive_what_was_told
from spacedevs.sync.importing.outcome import Outcome, Record
from spacedevs.sync.importing.record_queue import Intake

from .endpoint_reader import Reading
from .follower import Follower
from .upstream import Passing, Rejected, Unavailable, Upstream

# Read first: stations, docking events, upcoming launches and expeditions.
FIRST = "space_stations", "docking_events", "launches/upcoming", "events/upcoming", "expeditions", "astronauts"

PAUSE = 300  # seconds from a complete round to the next, and after a failure of upstream
MAX_ASKED = 20  # per round: records that are requested because others claim their rows


def paths() -> list[str]:
    """The endpoints in the order of reading; subsets only if they have priority."""
    whole = [path for path, endpoint in endpoints().items() if not endpoint.part]
    return [*FIRST, *sorted(path for path in whole if path not in FIRST), *objects()]


def shown_at(model, key) -> tuple[str, str] | None:
    """The endpoint and the key of the record that shows a row: its own, or that of its owner."""
    own = next((path for path, each in endpoints().items() if each.queryset.model is model and not each.part), None)
    if own:
        return own, str(key)
    owners = [column for column in model._meta.concrete_fields if is_part(column)]
    found = [(column.related_model, getattr(model._base_manager.get(pk=key), column.attname)) for column in owners]
    return next((shown_at(*owner) for owner in found if owner[1] is not None), None)


def is_part(column) -> bool:
    return column.is_relation and column.remote_field.on_delete is models.CASCADE


class Mirroring:
    """A run of a mirror."""

    def __init__(
        self, mirror: Mirror, upstream: Upstream, chosen: list[str], delete=False, tell: Callable = lambda text: None
    ):
        self.mirror, self.upstream, self.chosen, self.delete, self.tell = mirror, upstream, chosen, delete, tell
        self.outcome, self.pages_refused = Outcome(), 0
        self.intake = Intake()
        self.failed = {}  # errors of endpoints in this round, by path
        self.follower = Follower(self)

    @cached_property
    def readings(self) -> list[Reading]:
        of = MirroredEndpoint.objects
        return [Reading(self, of.get_or_create(mirror=self.mirror, path=path)[0]) for path in self.chosen]

    @property
    def states(self) -> list[MirroredEndpoint]:
        return [reading.state for reading in self.readings]

    def once(self):
        """Completes the current round or the next one; both, if only failing endpoints are left in the current one."""
        try:
            if not self.read_round():
                self.begin_round()
                self.read_round()
            self.end_round()
        except Unavailable:
            self.account(self.intake.end())
            raise

    def read_round(self) -> bool:
        """Reads the rest of a round; returns whether anything was readable."""
        has_read = False
        while reading := self.next_one():
            has_read |= self.attempt(reading, reading.go_on)
        return has_read

    def watch(self, rest: Callable[[float], None]) -> Iterator[None]:
        """Follows an upstream that tells its changes; otherwise runs rounds forever, and between pages requests
        changes when they are due. `rest` waits for some seconds."""
        self.follower.begin()
        while True:
            if self.follower.can_follow:
                if pause := self.follower.go_on():
                    rest(pause)
                yield
                continue
            for reading in self.readings:
                if reading.is_due and reading.path not in self.failed:
                    self.attempt(reading, reading.to_the_end)
            reading = self.next_one()
            if reading:
                self.attempt(reading, reading.go_on)
            else:
                self.end_round()
                self.begin_round()
                rest(PAUSE)
                self.follower.begin()
                self.failed.clear()
                self.outcome = Outcome()  # everything was reported
            yield

    def attempt(self, reading, step: Callable) -> bool:
        """Reads a page of an endpoint; a failed endpoint is skipped for the rest of the round."""
        try:
            step()
        except (Passing, Rejected, DataError, IntegrityError) as error:
            self.failed[reading.path] = str(error)
            self.tell(f"{reading.path} failed, others continue: {error}")
            reading.fail()
            return False
        return True

    def account(self, outcome):
        for refusal in outcome.refused:
            self.tell(f"Refused: {refusal}")
        self.outcome.add(outcome)

    def begin_round(self):
        self.mirror.round = max(self.mirror.round, *(state.round for state in self.states)) + 1
        self.mirror.save(update_fields=["round"])

    def end_round(self):
        self.take_waiting()
        self.follow_statistics()

    def follow_statistics(self):
        """Switches to derived statistics, if upstream is a Softdock that derives its own and all source rows are here.

        Imported values would stand still while upstream's change every minute; and source rows may change without a
        change of the dependent row's `last_updated`. If the derived values would differ from upstream's, for example
        because upstream was filled by SQL without recomputation, they stay imported."""
        before = self.mirror.statistics
        is_like_us = before != ""  # or still unknown; it costs a request
        origin = self.upstream.statistics() if is_like_us and self.is_whole() else None
        if origin in (None, before):
            return
        with transaction.atomic():
            if origin == DERIVED:
                if not derive_what_was_told():
                    return
                self.tell("Upstream derives its statistics from its rows; from now on this server does so too.")
            elif before == DERIVED:
                choose(IMPORTED)
                self.read_all_again()  # with upstream's values
            self.mirror.statistics = origin
            self.mirror.save(update_fields=["statistics"])

    def take_waiting(self):
        """Imports waiting records that claim rows of other owners, after the round has shown whether these were
        released.

        An owner that was not read or no longer exists is requested from upstream."""
        self.account(self.intake.take_again())
        for model, key in self.intake.holders[:MAX_ASKED]:
            try:
                self.ask_about(model, key)
            except (Passing, Rejected) as error:
                self.tell(f"{model.__name__} {key} could not be requested: {error}")
        self.account(self.intake.end())

    def ask_about(self, model, key):
        """Requests the present record of a row."""
        path, shown = shown_at(model, key) or (None, None)
        record = self.upstream.record(path, shown) if path else {}
        if record is None:
            self.intake.gone.add((model, key))
        elif path:
            self.account(self.intake.take([Record(f"{path}/{shown}/#", record, endpoints()[path])]))

    def read_all_again(self):
        """Lets the next round read everything, not only changes."""
        self.mirror.endpoints.update(full_ended=None, is_reading=False)
        for state in self.states:
            state.full_ended, state.is_reading = None, False

    def is_whole(self) -> bool:
        """Whether the mirror is complete."""
        return set(self.chosen) == set(paths()) and self.has_all_chosen()

    def has_all_chosen(self) -> bool:
        return all(state.full_ended for state in self.states)

    def next_one(self) -> Reading | None:
        left = (each for each in self.readings if each.state.round < self.mirror.round)
        return next((reading for reading in left if reading.path not in self.failed), None)
