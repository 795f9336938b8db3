"""All settings. The environment is read here and nowhere else.

With nothing set, this is the local instance that `make run` keeps in `QUAYSIDE_HOME`:
its servers, its secret key, its peppers. `QUAYSIDE_ENV=production` demands all of them
from the environment instead.
"""

import os
from datetime import timedelta
from pathlib import Path

import environ
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from common.roots import API_ROOTS
from config.environment import demand, read_peppers
from config.local.home import local_home
from config.schedule import SCHEDULE
from config.theme import UNFOLD  # noqa: F401  # the setting of django-unfold

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()

ENVIRONMENT = env.str("QUAYSIDE_ENV", default="local")
PRODUCTION = ENVIRONMENT == "production"
DEBUG = env.bool("DEBUG", default=False)
if PRODUCTION:
    demand(os.environ, ["SECRET_KEY", "PEPPERS", "DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS"])

home = local_home()

SECRET_KEY = env.str("SECRET_KEY", default="") or home.secret_key
# Peppers by number, as `1:<hex>,2:<hex>`. New keys are digested under the highest one; an
# older number stays until no live key needs it.
PEPPERS = read_peppers(
    env.str("PEPPERS", default="")
    or ",".join(f"{number}:{value}" for number, value in home.peppers.items())
)
ALLOWED_HOSTS = (
    env.list("ALLOWED_HOSTS", default=[])
    if PRODUCTION
    else env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver"])
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

DATABASES = {
    "default": {
        **environ.Env.db_url_config(env.str("DATABASE_URL", default="") or home.database_url),
        # A connection a thread, kept. One that breaks costs the request that finds out.
        "CONN_MAX_AGE": None,
        "ATOMIC_REQUESTS": False,
    }
}
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["OPTIONS"] |= {
    "connect_timeout": 2,
    # Parameters travel beside the statement, and hot statements are planned once.
    "server_side_binding": True,
    "prepare_threshold": env.int("DATABASE_PREPARE_THRESHOLD", default=5),
    # The last one fences off a worker that was frozen in the middle of an apply.
    "options": env.str(
        "DATABASE_OPTIONS",
        default="-c lock_timeout=5s -c statement_timeout=60s"
        " -c idle_in_transaction_session_timeout=60s",
    ),
}
REDIS_URL = env.str("REDIS_URL", default="") or home.redis_url

INSTALLED_APPS = [
    "config.apps.QuaysideConfig",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "common",
    "workspaces",
    "imports",
    "partners",
    "profiles",
    "cohorts",
    "segments",
    "campaigns",
    "demo",
    "config.apps.DashboardConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_otp",
    "axes",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "partners.middleware.PartnerCallMiddleware",
    "common.middleware.ApiMiddleware",
    "workspaces.audit_origin.AuditOriginMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "workspaces.middleware.StandpointMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTH_USER_MODEL = "workspaces.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "workspaces.backends.RoleBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator")
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "static/"
# Where `collectstatic` gathers what production serves; a local instance serves in place.
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles") if PRODUCTION else None)
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

REST_FRAMEWORK = {
    # Closed unless a view opens itself.
    "DEFAULT_AUTHENTICATION_CLASSES": ["workspaces.authentication.RestApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["workspaces.authentication.KeyHasPermission"],
    "DEFAULT_PARSER_CLASSES": ["common.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "common.negotiation.AlwaysJson",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "common.http.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Quayside",
    "DESCRIPTION": "The calls that partners and back ends make.",
    "VERSION": "1",
    "PREPROCESSING_HOOKS": ["config.docs.without_trailing_slash"],
    # Fields of one name whose choices differ would get names that nobody can guess.
    "ENUM_NAME_OVERRIDES": {
        "MessageChannel": "campaigns.api.schema.CHANNELS",
        "MembershipOperator": "segments.api.schema.MEMBERSHIP_OPERATORS",
        "AttributeOperator": "segments.api.schema.ATTRIBUTE_OPERATORS",
        "TimeOperator": "segments.api.schema.TIME_OPERATORS",
        "BucketOperator": "segments.api.schema.BUCKET_OPERATORS",
        "IdentityOperator": "segments.api.schema.IDENTITY_OPERATORS",
        "IdentifierOperator": "segments.api.schema.IDENTIFIER_OPERATORS",
    },
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# The doorbell. PostgreSQL is the ledger, so nothing here has to survive; it only has to
# come back by itself. docs/architecture.md says which setting answers which failure.
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 5,
    "global_keyprefix": "quayside:",
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SOFT_TIME_LIMIT = 50
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = SCHEDULE

# --- Dashboard ------------------------------------------------------------------------

LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "common.redaction.WithoutKeys",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # A refused call is the partner's log line, not ours.
    # A failed sign-in is counted, and a lock-out is in the audit log.
    "loggers": {"django.request": {"level": "ERROR"}, "axes": {"level": "ERROR"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}

# --- Signing in -----------------------------------------------------------------------

# Failures are counted in the database, which all web processes share and which survives them.
# What is locked when stands in `workspaces.accounts.lockouts`.
AXES_HANDLER = "workspaces.accounts.lockouts.SteppedHandler"
AXES_LOCKOUT_CALLABLE = "workspaces.accounts.lockouts.locked_page"
AXES_USERNAME_CALLABLE = "workspaces.accounts.lockouts.counted_as"
AXES_CLIENT_IP_CALLABLE = "common.addresses.client_address"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address", "username"]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
# A try while it is locked changes nothing: it neither counts nor makes it last longer.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code", "csrfmiddlewaretoken"]

# Without a server invitations aren't mailed, links are handed over instead; and what campaigns
# send on a local instance becomes files, to look at.
EMAIL_URL = env.str("EMAIL_URL", default="")
if EMAIL_URL:
    vars().update(environ.Env.email_url_config(EMAIL_URL))
elif not PRODUCTION:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = home.mail
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="quayside@localhost")

# --- Quayside's own -------------------------------------------------------------------

# Where the web server answers, for links in messages and commands that call it; `make run`
# leaves it on record.
QUAYSIDE_URL = env.str("QUAYSIDE_URL", default="") or (
    "" if PRODUCTION else home.state.get("url", "http://localhost:8000")
)
# Where partners call, as their pages show it; else where the dashboard is being looked at.
REST_ENDPOINT = env.str("REST_ENDPOINT", default="").rstrip("/")
# Requests an hour for each workspace and partner.
PARTNER_REQUESTS_PER_HOUR = env.int("PARTNER_REQUESTS_PER_HOUR", default=250_000)
# What `Authorization: Bearer` must say at /metrics; nothing asks for nothing.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
# Networks of the proxies whose X-Forwarded-For is believed.
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
# Bytes of a request body, counted while reading.
REQUEST_BODY_LIMIT = env.int("REQUEST_BODY_LIMIT", default=4 * 1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = REQUEST_BODY_LIMIT
# Fields of a form: the largest segment, and some thousands of cohorts chosen in it.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
# Bytes of a file that somebody imports in the dashboard, and of what it unzips to.
IMPORT_FILE_LIMIT = env.int("IMPORT_FILE_LIMIT", default=2 * 1024**3)
IMPORT_UNZIPPED_LIMIT = env.int("IMPORT_UNZIPPED_LIMIT", default=16 * 1024**3)
# Counts what arrives, lets in nobody's but an importer's, and then does as Django would.
FILE_UPLOAD_HANDLERS = [
    "imports.uploads.LimitedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
# How long one task works on imports before it leaves the rest to the next.
JOB_BUDGET_SECONDS = env.float("JOB_BUDGET_SECONDS", default=5.0)
# How long rejected rows and exported files can be downloaded.
JOB_FILES_RETENTION_DAYS = env.int("JOB_FILES_RETENTION_DAYS", default=30)
# How long one task counts segments before it leaves the rest to the next.
SIZE_BUDGET_SECONDS = env.float("SIZE_BUDGET_SECONDS", default=20.0)
# How long one task sends before it leaves the rest to the next, and how many do at a time.
SENDING_BUDGET_SECONDS = env.float("SENDING_BUDGET_SECONDS", default=5.0)
SENDING_TASKS = env.int("SENDING_TASKS", default=1)
# Of all workers together; what doesn't send applies uploads. `make run` starts so many.
WORKER_PROCESSES = env.int("WORKER_PROCESSES", default=2)
# Hosts inside the private network that webhooks may call all the same, plain HTTP included.
WEBHOOK_PRIVATE_HOSTS = env.list("WEBHOOK_PRIVATE_HOSTS", default=[])
# Ids that one apply transaction takes on at most; it aims at 250 ms.
APPLY_BATCH_IDS = env.int("APPLY_BATCH_IDS", default=100_000)
# How long one apply task goes on before it leaves the rest to the next.
APPLY_BUDGET_SECONDS = env.float("APPLY_BUDGET_SECONDS", default=2.0)
# How long the ledger keeps what each upload added and removed.
UPLOAD_RETENTION_DAYS = env.int("UPLOAD_RETENTION_DAYS", default=90)
IDEMPOTENCY_RETENTION_HOURS = 72

# Whoever signed in does so again after half a day, with whatever they were doing.
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = False
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [
        # Asked by machines from inside, past the proxy that speaks TLS.
        r"^(healthz|readyz|metrics)/?$",
        # Refused instead (common.middleware): a redirect would turn a POST into a GET.
        rf"^({'|'.join(sorted(API_ROOTS))})(/|$)",
    ]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
