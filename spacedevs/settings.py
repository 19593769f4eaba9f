"""Every setting, read from the environment; each has a default that runs on a laptop."""

import os
import tomllib
from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from .databases import POOLS, database
from .environment import Environment, local_secret_key, made

BASE_DIR = Path(__file__).resolve().parent.parent
RELEASE = tomllib.loads((BASE_DIR / "pyproject.toml").read_text("utf-8"))["project"]["version"]
PRODUCT = "Softdock"  # shown to users; packages, variables and labels have other names
USER_AGENT = f"{PRODUCT}/{RELEASE}"  # of requests that this server sends


env = Environment()


def folder(name, default) -> Path:
    """The folder that this variable names; it is created at its first use."""
    return Path(env(f"SPACEDEVS_{name}_DIR", default="") or default).absolute()


VAR_DIR = folder("VAR", BASE_DIR / "var")  # data of this server, unless another setting names a place
STATIC_ROOT = folder("STATIC", VAR_DIR / "static")
MEDIA_ROOT = folder("MEDIA", VAR_DIR / "media")  # images that editors upload or fetch_images downloads
DUMP_ROOT = folder("DUMP", VAR_DIR / "dump")
LIMITS_DIR = folder("LIMITS", VAR_DIR)  # where the processes of one machine count requests
METRICS_DIR = folder("METRICS", VAR_DIR / "metrics")


DEBUG = env.bool("SPACEDEVS_DEBUG", default=False)
SECRET_KEY = env("SPACEDEVS_SECRET_KEY", default="") or local_secret_key(VAR_DIR)
SECRET_KEY_FALLBACKS = env.list("SPACEDEVS_SECRET_KEY_FALLBACKS", default=[])  # earlier keys, whose signatures hold
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = env.list("SPACEDEVS_ALLOWED_HOSTS", default=LOCAL_HOSTS)
PROXIES = env.int("SPACEDEVS_PROXIES", default=0)  # proxies in front of this server that append to X-Forwarded-For

TLS = env.bool("SPACEDEVS_TLS", default=False)  # clients use only https
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
SECURE_HSTS_SECONDS = 365 * 86400 if TLS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TLS and PROXIES else None
# Other servers of the same domain may not use https.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
if set(ALLOWED_HOSTS) <= set(LOCAL_HOSTS):  # TLS protects only traffic between machines
    SILENCED_SYSTEM_CHECKS += ["security.W004", "security.W008", "security.W012", "security.W016"]

DATABASE_URL = env("DATABASE_URL", default="")
if not DATABASE_URL:
    other = "Set DATABASE_URL to a database, or SPACEDEVS_VAR_DIR to another folder."
    DATABASE_URL = f"sqlite:///{made(VAR_DIR, other) / 'db.sqlite3'}"
DATABASE_PASSWORD = env("DATABASE_PASSWORD", default="")  # if the URL has none
CONN_MAX_AGE = env.int("SPACEDEVS_CONN_MAX_AGE", default=60)  # seconds
DATABASE_POOL = env("DATABASE_POOL", default="")  # transaction: a pool gives each transaction another session
if DATABASE_POOL not in POOLS:
    raise ImproperlyConfigured("DATABASE_POOL must be session or transaction.")
KNOWN = {"password": DATABASE_PASSWORD, "max_age": CONN_MAX_AGE, "pool": DATABASE_POOL}
DATABASES = {"default": database(DATABASE_URL, "DATABASE_URL", **KNOWN)}
REPLICAS = {
    # Connections have no maximum age: an old one must not be closed while a response is read.
    f"replica{number}": database(url, "DATABASE_REPLICA_URLS", **KNOWN)
    | {"CONN_MAX_AGE": None, "TEST": {"MIRROR": "default"}}
    for number, url in enumerate(env.list("DATABASE_REPLICA_URLS", default=[]), 1)
}
for replica in REPLICAS.values():  # a replica that is down must not delay a request for long
    replica["OPTIONS"].setdefault("connect_timeout", 2)
DATABASES |= REPLICAS
DATABASE_ROUTERS = ["spacedevs.operations.replicas.Router"] if REPLICAS else []
STATEMENT_TIMEOUT = env.int("SPACEDEVS_STATEMENT_TIMEOUT", default=10)  # seconds, of requests; 0 for none
NOUN_PAGES = (  # the addresses of lists for people, which spacedevs.pages.nouns declares
    *("agencies", "boosters", "dockings", "events", "expeditions", "pads"),
    *("people", "programs", "rockets", "ships", "sites", "spacewalks"),
)
# The response cache also covers the start page, and the pages below these views.
KEPT_PAGES = ["stations", "ships", "launches-upcoming", "search-page", *(f"{name}-page-list" for name in NOUN_PAGES)]
# The versions of the API, and the tables of the endpoints of the older ones.
CURRENT_VERSION = "2.3.0"
TABLES = {
    "2.2.0": "spacedevs.versions.v220.table.ENDPOINTS",
    "2.1.0": "spacedevs.versions.v220.table.ENDPOINTS",
    "2.0.0": "spacedevs.versions.v200.table.ENDPOINTS",
}
VERSIONS = env.list("SPACEDEVS_VERSIONS", default=[CURRENT_VERSION, *TABLES]) or [CURRENT_VERSION, *TABLES]
if CURRENT_VERSION not in VERSIONS or set(VERSIONS) - {CURRENT_VERSION, *TABLES}:
    raise ImproperlyConfigured(
        f"SPACEDEVS_VERSIONS is {CURRENT_VERSION} with any of {', '.join(TABLES)}, separated by commas; "
        f"{', '.join(VERSIONS)} is not."
    )
OLDER_VERSIONS = {version: table for version, table in TABLES.items() if version in VERSIONS}
RESPONSE_CACHE_MB = env.int("SPACEDEVS_RESPONSE_CACHE_MB", default=48)  # of each process; 0 turns it off
THROTTLE_ANONYMOUS = env("THROTTLE_ANONYMOUS", default="")  # for example 15/hour; empty means no limit
THROTTLE_KEYS = env("THROTTLE_KEYS", default="")  # for keys without a limit of their own
THROTTLE_FAILED = env("THROTTLE_FAILED", default="30/minute")  # unknown tokens from one IP address
STRICT_PARAMETERS = env.bool("SPACEDEVS_STRICT_PARAMETERS", default=False)  # unknown parameters are errors
STATISTICS = env("STATISTICS", default="")  # derived or imported; empty: as stored in the database
CHANGES_KEEP = env.int("SPACEDEVS_CHANGES_KEEP", default=30)  # days that the change log reaches back
STREAM_PORT = env.int("SPACEDEVS_STREAM_PORT", default=0)  # of the stream of changes; 0: `serve` picks one or none
STREAM_CONNECTIONS = env.int("SPACEDEVS_STREAM_CONNECTIONS", default=5000)  # at most
WEBHOOK_ALLOW_PRIVATE = env.bool("SPACEDEVS_WEBHOOK_ALLOW_PRIVATE", default=False)  # receivers on inner networks
REDIS_URL = env("REDIS_URL", default="")  # counts for several machines; the file in LIMITS_DIR counts for one
METRICS_PORT = env.int("SPACEDEVS_METRICS_PORT", default=0)  # for Prometheus; 0 turns metrics off
METRICS_HOST = env("SPACEDEVS_METRICS_HOST", default="127.0.0.1")
METRICS_ROOT = METRICS_DIR / str(METRICS_PORT)  # counters of the workers
PORT = env.int("PORT", default=0)  # hosts for containers set PORT and expect the server on every address
LOG_FORMAT = env("SPACEDEVS_LOG_FORMAT", default="text")  # or json
LOG_REQUESTS = env.bool("SPACEDEVS_LOG_REQUESTS", default=False)  # a log line for each request
UPSTREAM = env("SPACEDEVS_UPSTREAM", default="https://ll.thespacedevs.com/2.3.0")  # the server to mirror
UPSTREAM_TOKEN = env("SPACEDEVS_UPSTREAM_TOKEN", default="")
PUBLIC_URL = env("SPACEDEVS_PUBLIC_URL", default="http://localhost:8000")  # the URL of this server in dumps
FIXTURE_DIRS = [BASE_DIR / "fixtures"]  # the sample data
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

NOUNS = [  # the apps with the data, highest floor first
    "events",
    "docking",
    "launches",
    "stations",
    "vehicles",
    "crew",
    "places",
    "agencies",
    "media_assets",
]
INSTALLED_APPS = [
    *NOUNS,
    "spacedevs.changes",
    "spacedevs.search",
    "spacedevs.agents",
    "spacedevs.throttling",
    "spacedevs.sync",
    "spacedevs.dataset",
    "spacedevs.api",
    "spacedevs.statistics",
    "spacedevs.db",
    "spacedevs.documentation",
    "spacedevs.pages",
    "spacedevs.operations",
    "spacedevs.editing",  # before Django's admin, because it extends its templates
    "simple_history",
    "import_export",
    "axes",
    "rest_framework",
    "csp",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "spacedevs.editing.apps.SiteConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "spacedevs.http.headers.cross_origin",
    "spacedevs.http.versions.deprecation",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "spacedevs.http.conditions.conditional",
    "spacedevs.http.errors.bounded",
    "spacedevs.http.static_files.StaticFiles",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "axes.middleware.AxesMiddleware",  # last of those that answer, because it writes the response to locked-out users
    "spacedevs.http.snapshots.OneSnapshot",  # after everything that may write
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # locks out after failed logins
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]  # so that a user cannot be locked out from elsewhere
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "spacedevs.throttling.authentication.address_of_request"
AXES_LOCKOUT_TEMPLATE = "editing/locked_out.html"
AXES_HTTP_RESPONSE_CODE = 429
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_VERBOSE = False

SESSION_ENGINE = "spacedevs.editing.accounts.sessions"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

ROOT_URLCONF = "spacedevs.urls"
WSGI_APPLICATION = "spacedevs.wsgi.application"
WSGI_MIDDLEWARE = [  # WSGI middleware around Django, innermost first
    *["spacedevs.operations.replicas.Replicas"] * bool(REPLICAS),
    # In debug mode, templates may change without a change of the data.
    *["spacedevs.http.response_cache.ResponseCache"] * (not DEBUG),
    "spacedevs.throttling.middleware.Throttle",
    *["spacedevs.operations.metrics.Metered"] * bool(METRICS_PORT),
    *["spacedevs.operations.request_log.Logged"] * (LOG_REQUESTS or LOG_FORMAT == "json"),
    "spacedevs.operations.health.Health",
]
LINES = {"class": "logging.StreamHandler", "formatter": "json" if LOG_FORMAT == "json" else "text"}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"()": "spacedevs.operations.logs.Text", "format": "[%(levelname)s] %(message)s"},
        "json": {"()": "spacedevs.operations.logs.Json"},
    },
    "filters": {"seldom": {"()": "spacedevs.operations.logs.Seldom"}},
    "handlers": {
        "console": LINES,
        "refused": LINES | {"filters": ["seldom"]},
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},  # 404s are not worth a log line
        "django.security": {"handlers": ["refused"], "propagate": False},  # nor are scans
        "spacedevs": {"level": "INFO"},
        "stamina": {"level": "ERROR"},  # retries; their result is logged elsewhere
        "_granian": {"handlers": ["console"], "level": "WARNING", "propagate": False},
    },
}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "spacedevs.dataset.as_of.context",
                "spacedevs.http.product.context",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "img-src": [SELF, "data:", "https:"],  # editors see linked images
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "spacedevs.formats"
STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "spacedevs.storage.folder.Folder"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_URL = env("SPACEDEVS_MEDIA_URL", default="/media/")  # another server serves a URL on another host
S3_BUCKET, S3_ENDPOINT, S3_DOMAIN = (
    env(f"SPACEDEVS_S3_{what}", default="") for what in ("BUCKET", "ENDPOINT", "DOMAIN")
)
if S3_BUCKET:  # boto3 reads its keys from the environment
    STORAGES["default"] = {
        "BACKEND": "spacedevs.storage.bucket.Bucket",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": S3_ENDPOINT or None,
            "custom_domain": S3_DOMAIN or None,
            "querystring_auth": False,  # URLs are stored in rows, so they must not expire
            "default_acl": None,
            "object_parameters": {"CacheControl": "public, max-age=31536000, immutable"},
        },
    }

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["spacedevs.throttling.authentication.KeyAuthentication"],
    "DEFAULT_FILTER_BACKENDS": [
        "spacedevs.api.filters.backends.FieldFilters",
        "spacedevs.api.filters.backends.WordSearch",
        "spacedevs.changes.filters.ChangedSince",
        "spacedevs.api.filters.backends.TotalOrdering",
    ],
    "DEFAULT_PAGINATION_CLASS": "spacedevs.api.pagination.Pagination",
    "DEFAULT_RENDERER_CLASSES": [
        "spacedevs.api.browsable.renderers.WrittenRenderer",
        "spacedevs.api.browsable.renderers.PageRenderer",
    ],
    "EXCEPTION_HANDLER": "spacedevs.api.exceptions.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%SZ",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Launch Library 2",
    "VERSION": CURRENT_VERSION,
    "DESCRIPTION": f"Launches, rockets, stations, spacecraft and dockings, as Launch Library 2 answers them. "
    f"Served by {PRODUCT}, an independent server that is not affiliated with The Space Devs.",
    "LICENSE": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
    "CONTACT": {"name": f"The operator of this {PRODUCT} server"},
    "SERVERS": [{"url": "/", "description": "This server"}],
    "SCHEMA_PATH_PREFIX": f"/{CURRENT_VERSION}",
    "DEFAULT_GENERATOR_CLASS": "spacedevs.api.schema.Generator",
    "SERVE_INCLUDE_SCHEMA": False,
    "GET_LIB_DOC_EXCLUDES": "spacedevs.api.schema.classes_without_description",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Each component has a response mode with one value, so that strict clients can tell them apart.
    "POSTPROCESSING_HOOKS": [],
}
if METRICS_PORT:  # before the import of Prometheus' library, which reads it once
    made(METRICS_ROOT, "Set SPACEDEVS_METRICS_DIR to another folder.")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(METRICS_ROOT)
VARIABLES = frozenset(Environment.known)
