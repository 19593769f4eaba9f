"""Copying an upstream: all that it has, then again and again what changed.

An endpoint is read page by page; the rows of a page, what was seen and where to go on are written in one
transaction, so that a mirror can be killed at any point. Pages overlap by a row: where the first one of a
page is none that has been seen, rows have moved meanwhile, and reading goes back. A reading ends when as
many rows were seen as upstream counts; else it is begun again. That a row has vanished is believed only
when upstream answers 404 to its own address.

An endpoint that fails has its next turn in the next round: it keeps no other waiting."""

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
from .upstream import Passing, Rejected, Unavailable, Upstream

# What is looked at first: stations, what docks at them, what will fly to them, and who is aboard.
FIRST = "space_stations", "docking_events", "launches/upcoming", "events/upcoming", "expeditions", "astronauts"

MAX_ASKED = 20  # in a round: records that are asked for because others claim what they show


def paths() -> list[str]:
    """The endpoints that are read, in this order; a part of a list only where it is wanted first."""
    whole = [path for path, endpoint in endpoints().items() if not endpoint.part]
    return [*FIRST, *sorted(path for path in whole if path not in FIRST), *objects()]


def shown_at(model, key) -> tuple[str, str] | None:
    """The endpoint and the key of the record that shows a row: its own, or that of what it belongs to."""
    own = next((path for path, each in endpoints().items() if each.queryset.model is model and not each.part), None)
    if own:
        return own, str(key)
    owners = [column for column in model._meta.concrete_fields if is_part(column)]
    found = [(column.related_model, getattr(model._base_manager.get(pk=key), column.attname)) for column in owners]
    return next((shown_at(*owner) for owner in found if owner[1] is not None), None)


def is_part(column) -> bool:
    return column.is_relation and column.remote_field.on_delete is models.CASCADE


class Mirroring:
    """One run of a mirror."""

    def __init__(
        self, mirror: Mirror, upstream: Upstream, chosen: list[str], delete=False, tell: Callable = lambda text: None
    ):
        self.mirror, self.upstream, self.chosen, self.delete, self.tell = mirror, upstream, chosen, delete, tell
        self.outcome, self.pages_refused = Outcome(), 0
        self.intake = Intake()
        self.failed = {}  # what is wrong with endpoints that have had their turn, by path

    @cached_property
    def readings(self) -> list[Reading]:
        of = MirroredEndpoint.objects
        return [Reading(self, of.get_or_create(mirror=self.mirror, path=path)[0]) for path in self.chosen]

    @property
    def states(self) -> list[MirroredEndpoint]:
        return [reading.state for reading in self.readings]

    def once(self):
        """Ends the round that was begun, or begins and ends the next; where nothing is left of it but endpoints that
        fail, both."""
        try:
            if not self.read_round():
                self.begin_round()
                self.read_round()
            self.end_round()
        except Unavailable:
            self.account(self.intake.end())
            raise

    def read_round(self) -> bool:
        """Reads what is left of a round; returns whether any of it could be read."""
        has_read = False
        while reading := self.next_one():
            has_read |= self.attempt(reading, reading.go_on)
        return has_read

    def watch(self, rest: Callable[[], None]) -> Iterator[None]:
        """Goes round for ever; between the pages of a round, changes are asked for as they are due."""
        while True:
            for reading in self.readings:
                if reading.is_due and reading.path not in self.failed:
                    self.attempt(reading, reading.to_the_end)
            reading = self.next_one()
            if reading:
                self.attempt(reading, reading.go_on)
            else:
                self.end_round()
                self.begin_round()
                rest()
                self.failed.clear()
                self.outcome = Outcome()  # all of it has been told
            yield

    def attempt(self, reading, step: Callable) -> bool:
        """Takes a step with an endpoint; one that fails is left alone for the rest of the round."""
        try:
            step()
        except (Passing, Rejected, DataError, IntegrityError) as error:
            self.failed[reading.path] = str(error)
            self.tell(f"{reading.path} fails, others go on: {error}")
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
        """Has figures derived here, where a server like this one derives them and all that they follow from is here.

        As they were told they would stand still, while upstream's go on by the minute; and what they follow from may
        have changed while their own row, by its `last_updated`, has not. No other figures are shown than upstream's:
        where it was filled by SQL, and what follows was not recomputed, they stay as they were told."""
        self.take_waiting()
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

    def take_waiting(self):
        """Takes in what claimed a row of another's, once the round has shown whether that one has let it go.

        Where it was not read, or is no more, upstream is asked for it."""
        self.account(self.intake.take_again())
        for model, key in self.intake.holders[:MAX_ASKED]:
            try:
                self.ask_about(model, key)
            except (Passing, Rejected) as error:
                self.tell(f"{model.__name__} {key} cannot be asked for: {error}")
        self.account(self.intake.end())

    def ask_about(self, model, key):
        """Asks what a row shows now."""
        path, shown = shown_at(model, key) or (None, None)
        record = self.upstream.record(path, shown) if path else {}
        if record is None:
            self.intake.gone.add((model, key))
        elif path:
            self.account(self.intake.take([Record(f"{path}/{shown}/#", record, endpoints()[path])]))

    def is_whole(self) -> bool:
        """Whether everything that upstream has is here."""
        return set(self.chosen) == set(paths()) and all(state.full_ended for state in self.states)

    def next_one(self) -> Reading | None:
        left = (each for each in self.readings if each.state.round < self.mirror.round)
        return next((reading for reading in left if reading.path not in self.failed), None)
