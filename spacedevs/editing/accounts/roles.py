"""Who may do what: a group of users for each role, made and kept by migrate."""

from django.apps import apps as installed_apps
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

ROLES = {
    "editors": {*settings.NOUNS},  # data, and nothing else
    "admins": {"auth", "limits", "axes"},  # users, keys, and who is locked out
}


def grant(app_config, using, apps=installed_apps, **kwargs):
    """After each migrate: gives the permissions of an app to the groups whose business it is.

    What a group was given beside them stays."""
    roles = [role for role, labels in ROLES.items() if app_config.label in labels]
    if not roles or "auth" not in apps.app_configs:
        return
    create_permissions(app_config, verbosity=0, using=using)  # this may come before Django's own turn
    permissions = Permission.objects.using(using).filter(content_type__app_label=app_config.label)
    for role in roles:
        group, _ = Group.objects.using(using).get_or_create(name=role)
        group.permissions.add(*permissions)
