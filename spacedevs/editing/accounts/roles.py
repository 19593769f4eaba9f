"""Permissions of the roles: one group of users for each role, which `migrate` creates and updates."""

from django.apps import apps as installed_apps
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

ROLES = {
    "editors": {*settings.NOUNS},  # data only
    "admins": {"auth", "limits", "axes", "changes"},  # users, API keys, locked-out logins and webhooks
}


def grant(app_config, using, apps=installed_apps, **kwargs):
    """After each migrate: grants the permissions of an app to the groups that need them.

    Other permissions of the groups stay."""
    roles = [role for role, labels in ROLES.items() if app_config.label in labels]
    if not roles or "auth" not in apps.app_configs:
        return
    create_permissions(app_config, verbosity=0, using=using)  # this handler may run before Django's own
    permissions = Permission.objects.using(using).filter(content_type__app_label=app_config.label)
    for role in roles:
        group, _ = Group.objects.using(using).get_or_create(name=role)
        group.permissions.add(*permissions)
