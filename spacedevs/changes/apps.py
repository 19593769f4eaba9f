"""Keeps the triggers of the change log right, after each migrate and at each start."""

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.models.signals import post_migrate, pre_migrate

from spacedevs.db.change_log import upkeep
from spacedevs.db.change_log.tables import logged_tables
from spacedevs.db.dataset_version import data_models


class ChangesConfig(AppConfig):
    name = "spacedevs.changes"
    label = "changes"
    verbose_name = "Webhooks"  # on the pages for editors

    def ready(self):
        pre_migrate.connect(before_migrate, sender=self)
        post_migrate.connect(keep_log, sender=self)
        upkeep.logged.append(logged)
        checks.register(check_log)


def before_migrate(using, plan=(), **kwargs):
    """Removes the triggers if tables change that they log."""
    if any(migration.app_label in settings.NOUNS for migration, _ in plan):
        upkeep.remove(using)


def keep_log(using=DEFAULT_DB_ALIAS, **kwargs):
    """Creates the log and its triggers where they are missing."""
    upkeep.keep(using, logged())


def logged():
    """What the log keeps of each data table; its owners follow from the serializers."""
    from .owners import owners  # noqa: PLC0415 - the serializers can be imported only after the models

    return logged_tables(owners(), data_models())


def check_log(databases=None, **kwargs):
    """Reports data tables whose changes are not logged."""
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            there = upkeep.is_there(cursor)
            missing = [table.table for table, *_ in upkeep.wrong(cursor, logged())] if there else []
    except Error as error:
        return [checks.Warning(f"The change log could not be checked: {error}", id="changes.W001")]
    if not missing:
        return []
    complaint = checks.Warning if databases else checks.Error  # migrate runs it with databases, and repairs them
    about = f"Triggers are missing, so changes of these tables are not logged: {', '.join(missing)}."
    return [complaint(about, hint="Run migrate to repair them.", id="changes.E001")]
