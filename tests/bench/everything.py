"""What is done inside a process whose answers are compared while all rows may change."""

from django.conf import settings
from django.db import models
from django.utils.module_loading import import_string

from spacedevs.api.filters.field_selection import branches
from spacedevs.api.views import Resource
from spacedevs.db.dataset_version import data_models
from spacedevs.db.footprints.recording import Footprint
from spacedevs.db.paths import column_name, is_column
from spacedevs.http.response_cache import IS_KEPT, ResponseCache

kept = 0


def every_address() -> list[str]:
    """Pages of all lists of all versions in all modes, pages by filters and orders, and some records."""
    from tests.support.routes import ROUTERS  # noqa: PLC0415 - needs the apps

    found = []
    for version, router in ROUTERS.items():
        for prefix, resource, _ in router.registry:
            if issubclass(resource, Resource):
                root = f"/{version or settings.CURRENT_VERSION}/{prefix}/"
                found += [f"{root}?limit=5&mode={mode}" for mode in resource.modes or ["normal"]]
                found.append(f"{root}?limit=5&fields={','.join([*branches(resource.ladder[-1])][::3])}")
                found += [f"{root}?limit=3&ordering=-{name}" for name in [*resource.ordering_fields][:2]]
                found += [f"{root}{key}/" for key in resource.rows().values_list("pk", flat=True)[:3]]
                if resource.search_fields:
                    found.append(f"{root}?search=e&limit=2")
    return found


def every_table() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The tables with their keys and their columns, each with its kind."""
    return [
        (table, column_name(model._meta.pk), [(column_name(each), kind(each)) for each in columns(model)])
        for table, model in data_models().items()
        if isinstance(model._meta.pk, models.IntegerField)
    ]


def columns(model):
    return [each for each in model._meta.get_fields() if is_column(each) and not each.primary_key]


def kind(field) -> str:
    kinds = {"text": (models.CharField, models.TextField), "number": models.IntegerField, "flag": models.BooleanField}
    return next((name for name, classes in kinds.items() if isinstance(field, classes)), "")


def forget_rows():
    """Makes this process forget which rows its answers show."""
    Footprint.has = lambda self, row: False


def get(address) -> tuple[int, bytes]:
    """The status and the body of an answer; it is noted whether it was kept."""
    global kept
    asked = import_string("tests.bench.inside.environ")(address, {})
    said = []
    parts = cache()(asked, lambda *head: said.extend(head))
    try:
        kept += asked.get(IS_KEPT, False)
        return int(said[0].split()[0]), b"".join(parts)
    finally:
        getattr(parts, "close", lambda: None)()


def cache() -> ResponseCache:
    """The response cache of this process."""
    found = import_string("tests.bench.inside.application")()
    while not isinstance(found, ResponseCache):
        found = found.application
    return found


def times_kept() -> int:
    return kept
