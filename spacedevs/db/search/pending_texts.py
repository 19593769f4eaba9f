"""Search texts that a trigger has noted as pending, because they were too many to compute at once: see triggers.py.

Until they are computed, a search finds the rows by their old texts."""

import json

from django.apps import apps
from django.db import connection
from django.db.models.signals import m2m_changed, post_delete, post_save

from spacedevs.db import pending
from spacedevs.db.models import PendingUpdate

from .sources import sources
from .text import SearchText
from .triggers import triggers_of


@pending.step
def rewrite_pending(limits: pending.Limits) -> bool:
    """Recomputes the texts of one note; returns whether there may be others."""
    kinds = {each.kind: each for each in triggers_of(connection)}
    with pending.turn(limits):
        note = PendingUpdate.objects.filter(kind__in=kinds).order_by("pk").first()
        if note is not None:
            with pending.done([note]):
                kinds[note.kind].rewrite(json.loads(note.keys))  # type: ignore[arg-type]  # a trigger names them
        return note is not None


def watch() -> None:
    """Processes right after a commit what its triggers may have noted."""
    fields = filter(None, map(SearchText.of, apps.get_models()))
    for model in {source.model for field in fields for source in sources(field)}:
        for signal in (m2m_changed,) if model._meta.auto_created else (post_save, post_delete):
            signal.connect(pending.settle_if_pending, sender=model)
