"""Who gets in, and what they may do there."""

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.urls import reverse

from stations.models import SpaceStation
from tests.support.admin import page
from tests.support.factories import space_station

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


RIGHTS = {"is_active": "on", "is_staff": "on"}


def send(client, row, name="change", **fields):
    """Sends the page of a user with these fields; returns the status of the answer."""
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    return client.post(page(type(row), name, row.pk), {"username": str(row), **joined, **fields}).status_code


def set_password(client, row):
    fields = {"password1": "another one entirely", "password2": "another one entirely", "usable_password": "true"}
    return client.post(reverse("admin:auth_user_password_change", args=[row.pk]), fields).status_code


def test_admins_make_no_superuser_of_themselves_or_of_others(client):
    anna, boris = user("admins"), user("editors", "boris")
    client.force_login(anna)
    for each in (anna, boris):
        groups = [group.pk for group in each.groups.all()]
        assert send(client, each, **RIGHTS, is_superuser="on", email=f"{each}@example.org", groups=groups) == 302
        each.refresh_from_db()
        assert (each.is_superuser, each.email) == (False, f"{each}@example.org")
    assert "is_superuser" not in client.get(page(User, "change", anna.pk)).context["adminform"].form.fields


def test_a_superuser_makes_others(client, admin_user):
    boris = user("editors", "boris")
    client.force_login(admin_user)
    assert send(client, boris, **RIGHTS, is_superuser="on") == 302
    assert User.objects.get(username="boris").is_superuser


def test_admins_do_nothing_to_a_superuser_by_any_way(client, admin_user):
    client.force_login(user("admins"))
    before = User.objects.filter(pk=admin_user.pk).values().get()
    all_at_once = {"action": "delete_selected", "_selected_action": [admin_user.pk], "post": "yes"}
    assert send(client, admin_user, is_active="") == 403
    assert set_password(client, admin_user) == 403
    assert client.post(page(User, "delete", admin_user.pk), {"post": "yes"}).status_code == 403
    client.post(page(User, "changelist"), all_at_once)
    assert User.objects.filter(pk=admin_user.pk).values().get() == before
    assert client.get(page(User, "change", admin_user.pk)).status_code == 200


def test_admins_set_passwords_of_others_and_delete_them(client):
    boris = user("editors", "boris")
    client.force_login(user("admins"))
    assert set_password(client, boris) == 302
    assert User.objects.get(pk=boris.pk).check_password("another one entirely")
    assert client.post(page(User, "delete", boris.pk), {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=boris.pk).exists()


@pytest.fixture
def helper():
    """Somebody who may change users and groups, and nothing else."""
    made = User.objects.create_user("helper", password=PASSWORD, is_staff=True)
    made.user_permissions.set(Permission.objects.filter(codename__in=["change_user", "change_group"]))
    return made


def test_nobody_gives_more_than_editors_may_and_what_they_may_themselves(client, helper):
    boris = user("editors", "boris")
    client.force_login(helper)
    form = client.get(page(User, "change", boris.pk)).context["adminform"].form
    assert {group.name for group in form.fields["groups"].queryset} == {"editors"}
    given = form.fields["user_permissions"].queryset
    beyond = given.exclude(content_type__app_label__in=django_settings.NOUNS)
    assert set(beyond.values_list("codename", flat=True)) == {"change_user", "change_group"}
    admins, delete_user = Group.objects.get(name="admins"), Permission.objects.get(codename="delete_user")
    assert send(client, boris, **RIGHTS, groups=[admins.pk]) == 200
    assert send(client, boris, **RIGHTS, user_permissions=[delete_user.pk]) == 200
    assert not boris.has_perm("auth.delete_user")


def test_nobody_takes_over_who_may_more(client, helper):
    anna = user("admins")
    client.force_login(helper)
    assert (send(client, anna, **RIGHTS), set_password(client, anna)) == (403, 403)


def test_what_is_beyond_whoever_saves_a_group_stays(client, helper):
    admins = Group.objects.get(name="admins")
    before = set(admins.permissions.values_list("codename", flat=True))
    client.force_login(helper)
    pads = Permission.objects.get(codename="change_pad")
    assert (
        client.post(page(Group, "change", admins.pk), {"name": "admins", "permissions": [pads.pk]}).status_code == 302
    )
    assert set(admins.permissions.values_list("codename", flat=True)) == before - {"change_user", "change_group"} | {
        "change_pad"
    }


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


@pytest.mark.parametrize("name", ["x" * 151, "x" * 256, "x" * 100_000, "\ufdfa" * 150, "\U0001f680" * 256])
def test_a_name_that_is_longer_than_names_are_is_refused_before_it_is_written_down(name, log_in):
    assert log_in(username=name) == 200
    assert not AccessAttempt.objects.exists()


def test_what_else_is_written_down_of_who_guesses_fits_its_columns(client):
    said = {"HTTP_USER_AGENT": "\xff" * 3000, "HTTP_ACCEPT": "x" * 3000}
    fields = {"username": "anna", "password": "x" * 3000, "next": "x" * 3000}
    assert client.post(reverse("admin:login") + "?" + "x" * 3000, fields, **said).status_code == 200
    attempt = AccessAttempt.objects.get()
    assert (attempt.username, attempt.user_agent, attempt.http_accept) == ("anna", "\xff" * 255, "x" * 1025)


@pytest.mark.parametrize("key", ['"\\000abcdefghijk"', "x" * 5000, "\xff" * 20, "abcdefgh-", '"\\'])
def test_the_cookie_of_a_session_that_cannot_be_is_none(key, client):
    for address in (reverse("admin:index"), "/2.3.0/"):
        assert client.get(address, HTTP_COOKIE=f"sessionid={key}").status_code in (200, 302)


@pytest.mark.parametrize("page", ["stations/spacestation/", "autocomplete/", "login/"])
def test_a_nul_in_the_query_of_a_page_is_refused_in_words(page, admin_client):
    query = "?q=%00&term=%00&app_label=launches&model_name=launch&field_name=mission"
    answer = admin_client.get(f"/admin/{page}{query}")
    assert (answer.status_code, answer.text) == (400, "A parameter contains a NUL character.")


def test_cookies_are_kept_from_scripts_and_other_sites(client, settings):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True  # as SPACEDEVS_TLS sets them
    user("editors")
    client.get(reverse("admin:login"))
    client.post(reverse("admin:login"), {"username": "anna", "password": PASSWORD})
    kept = {
        name: (cookie["secure"], cookie["httponly"], cookie["samesite"]) for name, cookie in client.cookies.items()
    }
    assert kept == dict.fromkeys(("sessionid", "csrftoken"), (True, True, "Lax"))
