"""All settings, in one file; every value from the environment is read through `qihu.env` and checked at boot."""

import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import structlog
from csp.constants import NONE, SELF

from qihu import env
from qihu.logging import drop_personal_data, drop_rows

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("QIHU_DATA_DIR", str(BASE_DIR / ".local"))).resolve()
EMBEDDED = env.flag("QIHU_EMBEDDED", default=False)  # set by qihu.local when it runs the servers itself
DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.text("SECRET_KEY")
FIELD_KEY = env.text("FIELD_KEY", SECRET_KEY)  # personal fields and access codes; keep it apart in production
SEAL_KEY = env.text("SEAL_KEY", FIELD_KEY)  # seals the log; whoever can write to the database must not have it
SEAL_FILE = Path(env.text("SEAL_FILE", str(DATA_DIR / "seals" / "seals.jsonl"))).resolve()
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],testserver")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
PUBLIC_URL = env.text("PUBLIC_URL", "")  # what QR codes point to; default: the address of the request
BUILD = env.text("BUILD", "unknown")  # what is running, for /metrics
DEMO = env.flag("DEMO", default=False)  # shows the banner; accounts come from the demo loader only

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "axes",
    "csp",
    "django_htmx",
    "django_structlog",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "qihu.audit",
    "qihu.accounts",
    "qihu.outbox",
    "qihu.signin",
    "qihu.local",
    "routing.rules",
    "routing.promises",
    "tickets",
]

MIDDLEWARE = [
    "qihu.metrics.middleware.Measured",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "qihu.doors.Refusals",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "qihu.urls"
WSGI_APPLICATION = "qihu.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "qihu" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "qihu.doors.page_context",
            ],
        },
    }
]


def _database(url: str) -> dict[str, object]:
    """`postgresql://user:password@host:port/name` → Django's mapping; anything else stops the boot."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise env.BadEnvironment("DATABASE_URL", "must look like postgresql://user:password@host:port/name")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or 5432),
        "CONN_MAX_AGE": None,  # persistent: a new connection costs more than the page
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            "application_name": "qihu",
            "options": "-c lock_timeout=10s -c idle_in_transaction_session_timeout=60s -c jit=off -c statement_timeout="
            + env.text("STATEMENT_TIMEOUT", "30s"),
        },
    }


DATABASES = {"default": _database(env.text("DATABASE_URL"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DEFAULT_REGION = env.text("DEFAULT_REGION", "330800")  # where a request without a region belongs
REDIS_URL = env.text("CELERY_BROKER_URL", env.text("REDIS_URL", "redis://127.0.0.1:6379/0"))

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,  # above every time limit below
    "max_retries": 0,  # with the broker down a publish gives up at once instead of after 6 s
    "socket_connect_timeout": 1,
    "socket_timeout": 30,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/desk/"
LOGOUT_REDIRECT_URL = "/login/"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "signin/locked.html"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_IPWARE_PROXY_COUNT = env.number("PROXY_COUNT", 0, high=5) or None

SECURE_COOKIES = env.flag("SECURE_COOKIES", default=not EMBEDDED)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "qihu.doors.csrf_failure"
SECURE_HSTS_SECONDS = env.number("HSTS_SECONDS", 0 if EMBEDDED else 31536000)
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("BEHIND_TLS_PROXY", default=False) else None
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 300  # the promise table has a hundred cells, and rows below it

CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/admin/"],  # unfold needs inline script; staff only
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    },
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文")]
TIME_ZONE = env.text("TIME_ZONE", "Asia/Shanghai")
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "qihu" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or "pytest" in sys.modules
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
MEDIA_ROOT = Path(env.text("MEDIA_DIR", str(DATA_DIR / "media")))  # never served by path: see tickets.services.links
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
FILE_UPLOAD_HANDLERS = ["qihu.posted.Measured", "django.core.files.uploadhandler.TemporaryFileUploadHandler"]
UPLOAD_MAX_BYTES = env.number("UPLOAD_MAX_MB", 20, low=1, high=1024) * 1024 * 1024
UPLOAD_MAX_FILES = env.number("UPLOAD_MAX_FILES", 9, low=1, high=50)  # a request by the firm; a move by staff
UPLOAD_SPOOL_BYTES = env.number("UPLOAD_SPOOL_MB", 5000, low=100) * 1024 * 1024  # of files in no request yet
UPLOAD_PER_ADDRESS = 100  # files in no request yet; many phones may share an address
FILE_LINK_SECONDS = 1800
EXPORT_LIMIT = env.number("EXPORT_LIMIT", 200_000, low=1)  # rows of one export
CLAMAV_SOCKET = env.text("CLAMAV_SOCKET", "")  # path of clamd's socket, or host:port; empty: files are not scanned

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "qihu.doors.problem",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer", "AUTO_REFRESH": False}
SPECTACULAR_SETTINGS = {
    "TITLE": "企呼我应 API",
    "VERSION": "1",
    "DESCRIPTION": "企业诉求提交、办理、时限与统计。错误一律为 problem+json（RFC 9457）。",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
}

SEND_TIMEOUT = env.number("SEND_TIMEOUT", 8, low=1, high=60)  # seconds, of one attempt to reach a provider
NOTICES_PER_HOUR = env.number("NOTICES_PER_HOUR", 20, low=1)  # to one receiver at once; the excess is gathered
SMS_ENDPOINT = env.url("SMS_ENDPOINT", "https://dysmsapi.aliyuncs.com")
SMS_KEY_ID = env.text("SMS_KEY_ID", "")
SMS_KEY_SECRET = env.text("SMS_KEY_SECRET", None if SMS_KEY_ID else "")
SMS_SIGN_NAME = env.text("SMS_SIGN_NAME", None if SMS_KEY_ID else "")
SMS_CODE_TEMPLATE = env.text("SMS_CODE_TEMPLATE", None if SMS_KEY_ID else "")  # approved, with the variable code
CODES_PER_ADDRESS = env.number("CODES_PER_ADDRESS", 200 if DEMO else 20, low=1)  # one-time codes an hour
CODES_PER_HOUR = env.number("CODES_PER_HOUR", 2000, low=1)  # of everybody together
PLATFORM_URL = env.text("PLATFORM_URL", "")  # a trusted platform that vouches for who owns a firm
PLATFORM_SECRET = env.text("PLATFORM_SECRET", None if PLATFORM_URL else "")
MAIL_HOST = env.text("MAIL_HOST", "")
MAIL_PORT = env.number("MAIL_PORT", 25, low=1, high=65535)
MAIL_SECURITY = env.choice("MAIL_SECURITY", "", "", "starttls", "ssl")
MAIL_USER = env.text("MAIL_USER", "")
MAIL_PASSWORD = env.text("MAIL_PASSWORD", None if MAIL_USER else "")
MAIL_FROM = env.text("MAIL_FROM", None if MAIL_HOST else "")
DINGTALK_URL = env.url("DINGTALK_URL", "https://oapi.dingtalk.com/robot/send")
WECOM_URL = env.url("WECOM_URL", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send")

DJANGO_STRUCTLOG_CELERY_ENABLED = False
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
_PROCESSORS: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso"),
    drop_personal_data,
]
structlog.configure(
    processors=[*_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _PROCESSORS,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                drop_rows,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        }
    },
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["out"], "level": env.text("LOG_LEVEL", "WARNING")},
    "loggers": {
        "celery.beat": {"level": "ERROR"},
        **{name: {"level": "WARNING"} for name in ("httpx", "httpcore")},  # they write addresses: phones and tokens
    },
}


UNFOLD = {
    "SITE_TITLE": "企呼我应 · 配置",
    "SITE_HEADER": "企呼我应",
    "SITE_URL": "/desk/",
    "COLORS": {
        "primary": {
            "50": "229 241 238",
            "100": "201 227 221",
            "200": "155 205 194",
            "300": "104 178 163",
            "400": "56 148 131",
            "500": "22 124 108",
            "600": "11 107 93",
            "700": "9 88 77",
            "800": "7 74 64",
            "900": "6 58 51",
            "950": "3 36 32",
        }
    },
}
