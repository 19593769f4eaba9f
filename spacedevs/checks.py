"""Checks of the settings: errors that stop a public server, and unknown variables."""

import os
from difflib import get_close_matches
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

CONFIGURATION = "configuration"  # the tag of its checks
MIN_KEY_LENGTH = 50
OURS = "SPACEDEVS_", "THROTTLE_"


def is_reached_by_others(loopback=True) -> bool:
    return not loopback or not set(settings.ALLOWED_HOSTS) <= set(settings.LOCAL_HOSTS)


def is_redis(url) -> bool:
    """Whether this is the URL of a single Redis server."""
    try:
        parts = urlsplit(url)
        hosts, _ = parts.netloc.rpartition("@")[2], parts.port
    except ValueError:
        return False
    return parts.scheme in ("redis", "rediss", "unix") and "," not in hosts


def faults(loopback=True) -> list[checks.CheckMessage]:
    """The problems that stop a server with these settings."""
    rules = {
        f"The secret key is shorter than {MIN_KEY_LENGTH} characters: `openssl rand -hex 32` makes a new one for "
        "SPACEDEVS_SECRET_KEY.": len(settings.SECRET_KEY) < MIN_KEY_LENGTH,
        "SPACEDEVS_ALLOWED_HOSTS must list the host names of the server; with * a client can make it send "
        "links to any host.": any(host in ("*", ".") for host in settings.ALLOWED_HOSTS),
        "SPACEDEVS_DEBUG shows settings and data in error pages: do not use it on a public server.": (
            settings.DEBUG and is_reached_by_others(loopback)
        ),
        "SPACEDEVS_TLS needs a proxy that terminates TLS: set SPACEDEVS_PROXIES to the number of proxies.": (
            settings.TLS and not settings.PROXIES
        ),
        "SPACEDEVS_LOG_FORMAT must be text or json.": settings.LOG_FORMAT not in ("text", "json"),
        "REDIS_URL must begin with redis://, rediss:// or unix:// and name a single server: rate limits do not work "
        "with a cluster or Sentinel.": bool(settings.REDIS_URL) and not is_redis(settings.REDIS_URL),
        "DATABASE_REPLICA_URLS must name PostgreSQL servers that replicate from DATABASE_URL.": any(
            database["ENGINE"] != settings.DATABASES["default"]["ENGINE"] or "sqlite" in database["ENGINE"]
            for database in settings.REPLICAS.values()
        ),
        f"STATISTICS must be derived, imported or empty, not {settings.STATISTICS!r}.": (
            settings.STATISTICS not in ("", "derived", "imported")
        ),
    }
    return [checks.Error(fault, id=f"api.E1{n}") for n, (fault, found) in enumerate(rules.items()) if found]


def oddities() -> list[checks.CheckMessage]:
    """Unknown environment variables with our prefixes."""
    known = settings.VARIABLES
    return [
        checks.Warning(f"{name} is not a setting.{suggestion(name, known)}", id="api.W10")
        for name in sorted(os.environ)
        if name.startswith(OURS) and name.removesuffix("_FILE") not in known
    ]


def suggestion(name, known) -> str:
    nearest = get_close_matches(name, known, n=1)
    return f" Did you mean {nearest[0]}?" if nearest else ""


def check_configuration(**kwargs):
    return [*faults(), *oddities()]


def refuse_faults():
    """Stops a server with invalid settings before it starts, however it is started."""
    found = [each for each in checks.run_checks(tags=[CONFIGURATION]) if each.is_serious()]
    if found:
        raise ImproperlyConfigured(" ".join(fault.msg for fault in found))
