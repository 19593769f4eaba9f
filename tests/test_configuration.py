"""A configuration that is wrong stops the server before others reach it, and what is odd is said."""

import os
import re
import stat
import subprocess
import sys

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from spacedevs.checks import faults, oddities, refuse_faults
from spacedevs.http.headers import of_plain_answers
from spacedevs.throttling.apps import check_limits

PAGE = (django_settings.BASE_DIR / "docs/configuration.md").read_text("utf-8")
COMPLAINTS = KEY, HOSTS, DEBUG, TLS, LOGS, REDIS, COPIES = (
    "The secret key is shorter than 50 characters",
    "SPACEDEVS_ALLOWED_HOSTS must list",
    "SPACEDEVS_DEBUG shows settings and data",
    "SPACEDEVS_TLS needs a proxy",
    "SPACEDEVS_LOG_FORMAT must be text or json",
    "REDIS_URL must begin with",
    "DATABASE_REPLICA_URLS must name PostgreSQL servers",
)
COPY = {"replica1": {"ENGINE": "django.db.backends.sqlite3"}}
PUBLIC = ["ll.example.org"]
WRONG = [
    ({"SECRET_KEY": "x" * 49}, True, [KEY]),
    ({"SECRET_KEY": "x" * 50}, True, []),
    ({"ALLOWED_HOSTS": ["*"]}, True, [HOSTS]),
    ({"ALLOWED_HOSTS": ["ll.example.org", "*"], "DEBUG": True}, True, [HOSTS, DEBUG]),
    ({"ALLOWED_HOSTS": PUBLIC}, False, []),
    ({"DEBUG": True}, True, []),
    ({"DEBUG": True}, False, [DEBUG]),
    ({"DEBUG": True, "ALLOWED_HOSTS": PUBLIC}, True, [DEBUG]),
    ({"TLS": True}, True, [TLS]),
    ({"TLS": True, "PROXIES": 1}, True, []),
    ({"LOG_FORMAT": "xml"}, True, [LOGS]),
    ({"LOG_FORMAT": "json"}, True, []),
    ({"REDIS_URL": "localhost:6379"}, True, [REDIS]),
    ({"REDIS_URL": "redis+sentinel://localhost:26379/primary/0"}, True, [REDIS]),
    ({"REDIS_URL": "redis://one:7000,two:7001/0"}, True, [REDIS]),
    ({"REDIS_URL": "redis://localhost:port/0"}, True, [REDIS]),
    ({"REDIS_URL": "redis://:a,b@localhost:6379/0"}, True, []),
    ({"REDIS_URL": "redis://localhost:6379/0"}, True, []),
    ({"REPLICAS": COPY}, True, [COPIES]),
]


@pytest.fixture(autouse=True)
def ordinary(settings):
    """What a checkout has by itself, whatever the machine that tests it has."""
    settings.ALLOWED_HOSTS = settings.LOCAL_HOSTS


def change(settings, values):
    for name, value in values.items():
        setattr(settings, name, value)


@pytest.mark.parametrize(("values", "loopback", "complaints"), WRONG)
def test_what_is_wrong_is_found(values, loopback, complaints, settings):
    change(settings, values)
    found = [fault.msg for fault in faults(loopback)]
    assert [said for said in COMPLAINTS if any(fault.startswith(said) for fault in found)] == complaints
    assert len(found) == len(complaints)


@pytest.mark.parametrize(("values", "loopback", "complaints"), [case for case in WRONG if case[2]])
def test_the_command_that_serves_refuses_it_before_it_touches_anything(values, loopback, complaints, settings):
    change(settings, values)
    with pytest.raises(CommandError, match=complaints[0]):
        call_command("serve", host="127.0.0.1" if loopback else "0.0.0.0", port=18473)  # noqa: S104 - it is refused


@pytest.mark.parametrize("values", [values for values, loopback, complaints in WRONG if loopback and complaints])
def test_any_other_server_refuses_it_too(values, settings):
    change(settings, values)
    with pytest.raises(ImproperlyConfigured):
        refuse_faults()


@pytest.mark.parametrize("name", ["THROTTLE_ANONYMOUS", "THROTTLE_KEYS", "THROTTLE_FAILED"])
def test_any_other_server_refuses_a_limit_that_is_none(name, settings):
    setattr(settings, name, "15/fortnight")
    with pytest.raises(
        ImproperlyConfigured, match=f"{name}: '15/fortnight' is not a rate. Use a format such as 15/hour"
    ):
        refuse_faults()


def test_a_variable_that_means_nothing_is_told_with_the_nearest_that_does(monkeypatch):
    monkeypatch.setenv("SPACEDEVS_ALOWED_HOSTS", "x")
    monkeypatch.setenv("THROTTLE_ANONYMUS", "15/hour")
    monkeypatch.setenv("SPACEDEVS_DEBUG", "false")
    assert [oddity.msg for oddity in oddities()] == [
        "SPACEDEVS_ALOWED_HOSTS is not a setting. Did you mean SPACEDEVS_ALLOWED_HOSTS?",
        "THROTTLE_ANONYMUS is not a setting. Did you mean THROTTLE_ANONYMOUS?",
    ]


@pytest.mark.parametrize("name", ["THROTTLE_ANONYMOUS", "THROTTLE_KEYS", "THROTTLE_FAILED"])
def test_a_limit_that_is_none_is_told(name, settings):
    setattr(settings, name, "15/year")
    wanted = f"{name}: '15/year' is not a rate. Use a format such as 15/hour, with one of second, minute, hour, day."
    assert [error.msg for error in check_limits()] == [wanted]


def test_the_page_has_every_variable_and_no_other():
    table = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", "".join(re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE))))
    assert table == {*django_settings.VARIABLES, "TEST_DATABASE_URL"}


def test_a_secret_may_stand_in_a_file(tmp_path):
    (tmp_path / "key").write_text("short\n")
    code, said = manage(
        "check", SPACEDEVS_SECRET_KEY_FILE=str(tmp_path / "key"), DATABASE_URL=f"sqlite:///{tmp_path}/x"
    )
    assert (code, KEY in said, "means nothing" in said) == (1, True, False), said


VALUES = {  # what a variable is told, what is made of it, and what is said of it
    "SPACEDEVS_TLS": {
        "YES": (True, ""),
        "0": (False, ""),
        " ": (False, ""),
        "enabled": (None, "SPACEDEVS_TLS: 'enabled' is not true or false."),
    },
    "SPACEDEVS_PROXIES": {
        " 2 ": (2, ""),
        "": (0, ""),
        "one": (None, "SPACEDEVS_PROXIES: 'one' is not a whole number of at least 0."),
        "-1": (None, "SPACEDEVS_PROXIES: '-1' is not a whole number of at least 0."),
    },
    "SPACEDEVS_ALLOWED_HOSTS": {"a.example.org, b.example.org,": (["a.example.org", "b.example.org"], "")},
    "SPACEDEVS_SECRET_KEY": {"$" + "x" * 50: ("$" + "x" * 50, "")},
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in VALUES.items() for value in values])
def test_a_variable_is_what_it_is_told_or_refused_by_its_name(name, value):
    setting = name.removeprefix("SPACEDEVS_")
    ask = f"from django.conf import settings; print(repr(settings.{setting}))"
    code, said = manage("shell", "-v0", "-c", ask, **{name: value})
    made, complaint = VALUES[name][value]
    expected = (1, f"shell failed: {complaint} (use --traceback for details)") if complaint else (0, repr(made))
    assert (code, said.strip()) == expected


@pytest.mark.parametrize("url", ["somewhere", "mysql://localhost/x", "localhost:5432"])
def test_an_address_of_no_database_of_ours_is_refused(url):
    complaint = "The URL of a database must begin with postgres:// or sqlite://."
    assert manage("check", DATABASE_URL=url) == (1, f"check failed: {complaint} (use --traceback for details)\n")


def test_a_password_is_put_in_where_the_address_has_none():
    url = "postgres://spacedevs@127.0.0.1:1/spacedevs"
    code, said = manage(
        "shell",
        "-c",
        "from django.db import connections as c; print([c[a].settings_dict['PASSWORD'] for a in c])",
        DATABASE_URL=url,
        DATABASE_REPLICA_URLS=f"{url},postgres://x:its-own@127.0.0.1:1/x",
        DATABASE_PASSWORD="from elsewhere",
    )
    assert (code, "['from elsewhere', 'from elsewhere', 'its-own']" in said) == (0, True), said


def manage(*arguments, **environment):
    """What a command says with this environment and no other variables of ours."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("SPACEDEVS_", "THROTTLE_"))}
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(
        command, cwd=django_settings.BASE_DIR, env=plain | environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"SPACEDEVS_ALLOWED_HOSTS": "ll.example.org", "SPACEDEVS_TLS": "true", "SPACEDEVS_PROXIES": "1"},
    ],
    ids=["local", "public"],
)
def test_the_check_for_deployment_is_clean(environment, tmp_path):
    code, said = manage(
        "check", "--deploy", "--fail-level", "WARNING", DATABASE_URL=f"sqlite:///{tmp_path}/none", **environment
    )
    assert (code, "no issues" in said) == (0, True), said


def test_a_public_server_without_tls_is_told_so(tmp_path):
    _, said = manage(
        "check", "--deploy", DATABASE_URL=f"sqlite:///{tmp_path}/none", SPACEDEVS_ALLOWED_HOSTS="ll.example.org"
    )
    assert [name for name in ("W004", "W008", "W012", "W016") if f"security.{name}" not in said] == []


def test_the_key_of_a_checkout_is_read_by_its_owner_alone():
    path = django_settings.VAR_DIR / "secret_key"
    if path.exists():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert len(path.read_text()) >= 50


def test_with_tls_browsers_are_told_to_come_back_by_it(client, settings):
    change(settings, {"SECURE_SSL_REDIRECT": True, "SECURE_HSTS_SECONDS": 31536000, "ALLOWED_HOSTS": ["testserver"]})
    plain, safe = client.get("/2.3.0/api-throttle/"), client.get("/2.3.0/api-throttle/", secure=True)
    assert (plain.status_code, plain["Location"]) == (301, "https://testserver/2.3.0/api-throttle/")
    assert (safe.status_code, safe["Strict-Transport-Security"]) == (200, "max-age=31536000")
    settings.TLS = True
    assert ("Strict-Transport-Security", "max-age=31536000") in of_plain_answers()
