"""Who gets in, and what they may do there."""

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.urls import reverse

from stations.models import SpaceStation
from tests.admin import page
from tests.factories import space_station

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery staple"


@pytest.fixture
def log_in(client):
    """Tries to log in, from an address; returns the status of the answer."""

    def attempt(password=PASSWORD, username="anna", address="192.0.2.1"):
        fields = {"username": username, "password": password}
        return client.post(reverse("admin:login"), fields, REMOTE_ADDR=address).status_code

    return attempt


def user(role, name="anna"):
    """A user of the pages for editors, in this group."""
    made = User.objects.create_user(name, password=PASSWORD, is_staff=True)
    made.groups.add(Group.objects.get(name=role))
    return made


def allowed(client, *addresses):
    return [client.get(address).status_code == 200 for address in addresses]


def test_editors_edit_data_and_no_users(client):
    client.force_login(user("editors"))
    mir = space_station()
    data = page(SpaceStation, "changelist"), page(SpaceStation, "add"), page(SpaceStation, "delete", mir.pk)
    assert allowed(client, *data, page(User, "changelist"), page(Group, "changelist")) == [True] * 3 + [False] * 2


def test_admins_keep_users_and_no_data(client):
    client.force_login(user("admins"))
    assert allowed(client, page(User, "add"), page(Group, "changelist"), page(SpaceStation, "changelist")) == [
        True,
        True,
        False,
    ]


def test_editors_may_do_everything_to_every_table_of_data():
    tables = sum(len(list(apps.get_app_config(noun).get_models())) for noun in django_settings.NOUNS)
    assert Group.objects.get(name="editors").permissions.count() == 4 * tables


def test_what_a_group_was_given_beside_its_role_stays():
    editors = Group.objects.get(name="editors")
    editors.permissions.add(Permission.objects.get(codename="view_user"))
    editors.permissions.remove(Permission.objects.get(codename="add_launch"))
    call_command("migrate", verbosity=0)
    assert editors.permissions.filter(codename__in=["view_user", "add_launch"]).count() == 2


def test_who_guesses_is_locked_out(log_in):
    user("editors")
    assert [log_in("guess") for _ in range(5)] == [200] * 4 + [429]
    assert log_in() == 429


def test_others_are_not_locked_out_by_it(log_in):
    user("editors")
    user("editors", "boris")
    for _ in range(5):
        log_in("guess")
    assert log_in(address="192.0.2.2") == 302
    assert log_in(username="boris") == 302


def test_who_gets_in_starts_anew(log_in):
    user("editors")
    attempts = [*["guess"] * 4, PASSWORD, *["guess"] * 4, PASSWORD]
    assert [log_in(password) for password in attempts] == [200, 200, 200, 200, 302] * 2


def test_cookies_are_kept_from_scripts_and_other_sites(client, settings):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True  # as SPACEDEVS_TLS sets them
    user("editors")
    client.get(reverse("admin:login"))
    client.post(reverse("admin:login"), {"username": "anna", "password": PASSWORD})
    kept = {
        name: (cookie["secure"], cookie["httponly"], cookie["samesite"]) for name, cookie in client.cookies.items()
    }
    assert kept == dict.fromkeys(("sessionid", "csrftoken"), (True, True, "Lax"))
