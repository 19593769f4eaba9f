"""What must not be wrong with the configuration of a server that others reach, and what is odd in any."""

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
    """Whether this is the address of one Redis."""
    try:
        parts = urlsplit(url)
        hosts, _ = parts.netloc.rpartition("@")[2], parts.port
    except ValueError:
        return False
    return parts.scheme in ("redis", "rediss", "unix") and "," not in hosts


def faults(loopback=True) -> list[checks.CheckMessage]:
    """Why a server with these settings should not start."""
    rules = {
        f"The secret key is shorter than {MIN_KEY_LENGTH} characters: `openssl rand -hex 32` makes one for "
        "SPACEDEVS_SECRET_KEY.": len(settings.SECRET_KEY) < MIN_KEY_LENGTH,
        "SPACEDEVS_ALLOWED_HOSTS must list the names by which clients reach the server; * lets anyone have "
        "links made to anywhere.": any(host in ("*", ".") for host in settings.ALLOWED_HOSTS),
        "SPACEDEVS_DEBUG shows settings and data to whoever meets an error: not on a server that others reach.": (
            settings.DEBUG and is_reached_by_others(loopback)
        ),
        "SPACEDEVS_TLS needs a proxy that speaks it, and SPACEDEVS_PROXIES to say how many there are.": (
            settings.TLS and not settings.PROXIES
        ),
        "SPACEDEVS_LOG_FORMAT is text or json.": settings.LOG_FORMAT not in ("text", "json"),
        "REDIS_URL begins with redis://, rediss:// or unix://, and names one server: limits are not for a cluster, "
        "or for Sentinel.": bool(settings.REDIS_URL) and not is_redis(settings.REDIS_URL),
        "DATABASE_REPLICA_URLS must name PostgreSQL servers, to which the one of DATABASE_URL streams.": any(
            database["ENGINE"] != settings.DATABASES["default"]["ENGINE"] or "sqlite" in database["ENGINE"]
            for database in settings.REPLICAS.values()
        ),
        f"STATISTICS must be derived or imported, or not be set; {settings.STATISTICS!r} is neither.": (
            settings.STATISTICS not in ("", "derived", "imported")
        ),
    }
    return [checks.Error(fault, id=f"api.E1{n}") for n, (fault, found) in enumerate(rules.items()) if found]


def oddities() -> list[checks.CheckMessage]:
    """Variables of the environment that are named like ours, but mean nothing."""
    known = settings.VARIABLES
    return [
        checks.Warning(f"{name} means nothing here.{suggestion(name, known)}", id="api.W10")
        for name in sorted(os.environ)
        if name.startswith(OURS) and name.removesuffix("_FILE") not in known
    ]


def suggestion(name, known) -> str:
    nearest = get_close_matches(name, known, n=1)
    return f" Did you mean {nearest[0]}?" if nearest else ""


def check_configuration(**kwargs):
    return [*faults(), *oddities()]


def refuse_faults():
    """Stops a server that is about to start, whatever starts it."""
    found = [each for each in checks.run_checks(tags=[CONFIGURATION]) if each.is_serious()]
    if found:
        raise ImproperlyConfigured(" ".join(fault.msg for fault in found))
