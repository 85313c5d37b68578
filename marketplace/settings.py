# SPDX-License-Identifier: EUPL-1.2
"""Settings, all read from the environment (`SIGILLE_…`); without any, the embedded installation."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.contrib.messages import constants as message_constants
from django.utils.translation import gettext_lazy as _

from marketplace.environment import (
    block_store,
    database,
    env,
    env_bool,
    env_int,
    env_list,
    env_secret,
    local_secret,
)

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env("DATA_DIR", str(BASE_DIR / "data"))).resolve()

DEBUG = env_bool("DEBUG")
BASE_URL = env("BASE_URL", "http://127.0.0.1:8000")
IS_HTTPS = BASE_URL.startswith("https://")
SECRET_KEY = env_secret("SECRET_KEY") or local_secret(DATA_DIR / "secrets" / "secret_key")
# Encrypts the content keys that agents have released after the opening; opens nothing before it.
RELEASE_KEY = env_secret("RELEASE_KEY") or local_secret(DATA_DIR / "secrets" / "release_key")
# Signs the journal's heads, under the name of the log; whoever has it can present another journal.
LOG_KEY = env_secret("LOG_KEY") or local_secret(DATA_DIR / "secrets" / "log_key")
LOG_KEY_IS_GIVEN = bool(env_secret("LOG_KEY"))
LOG_NAME = env("LOG_NAME") or f"{urlsplit(BASE_URL).netloc if IS_HTTPS else 'sigille'}/journal"
LOG_FORMER_KEYS = env_list("LOG_FORMER_KEYS")  # public ones, as text, that still signed old heads
# The time-stamp authority (RFC 3161); without an address, one of development that is not qualified.
TSA_URL = env("TSA_URL")
TSA_ROOTS = env("TSA_ROOTS")  # a PEM file: the certificates that vouch for it
TSA_POLICY = env("TSA_POLICY")  # an OID, when it has several
TSA_USER = env("TSA_USER")
TSA_PASSWORD = env_secret("TSA_PASSWORD")
AUTHORITY_FILE = DATA_DIR / "secrets" / "development_authority.pem"
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "127.0.0.1,localhost")
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "marketplace.apps.MarketplaceConfig",
    "keys.apps.KeysConfig",
    "envelopes.apps.EnvelopesConfig",
    "signatures.apps.SignaturesConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "marketplace.http.SecurityHeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",  # a worker has the policy of its own file
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "keys.guard.PrivateKeyGuard",  # before the next one, which reads forms
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "marketplace.time_zones.TimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"
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
                "marketplace.navigation.context",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
MESSAGE_TAGS = {message_constants.ERROR: "danger", message_constants.DEBUG: "secondary"}

# Data

DATABASES = {"default": database(env("DATABASE_URL", f"sqlite:///{DATA_DIR / 'sigille.sqlite3'}"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STORAGES = {
    "default": block_store(DATA_DIR / "blocks"),
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG or not env_bool("HASHED_STATIC")
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
# Room that uploads leave to the database and the rest; what an S3 store may hold, where it has a limit.
SPACE_KEPT_FREE = env_int("SPACE_KEPT_FREE_MIB", 512) * 1024 * 1024  # bytes
ABANDONED_AFTER = timedelta(days=env_int("ABANDONED_AFTER_DAYS", 30))  # of the deadline
S3_CAPACITY = env_int("S3_CAPACITY_GIB", 0) * 1024**3  # bytes; 0: as much as is sent
SCRUB_RATE = env_int("SCRUB_MIB_PER_SECOND", 50) * 1024 * 1024  # bytes read; 0: as fast as it goes
# A body is read in pieces by the view that wants it. The handler that spools to the disk is absent
# on purpose: a bid in clear never touches it.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # bytes
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024  # bytes: an index of 10 000 files fits

# Jobs

BROKER_URL = env("BROKER_URL", "filesystem://localhost//")
# In the database, since sign-ins are counted there: without Redis people still sign in.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}
}

# Mail

EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if env("EMAIL_HOST")
    else "django.core.mail.backends.filebased.EmailBackend"
)
EMAIL_FILE_PATH = DATA_DIR / "mail"  # where the embedded installation keeps what it would send
EMAIL_HOST = env("EMAIL_HOST")
EMAIL_PORT = env_int("EMAIL_PORT", 587)
EMAIL_HOST_USER = env("EMAIL_USER")
EMAIL_HOST_PASSWORD = env_secret("EMAIL_PASSWORD")
EMAIL_USE_TLS = env_bool("EMAIL_TLS", default=True)
EMAIL_TIMEOUT = 20  # seconds
# Whom to tell that the store fails: nobody who buys. Without any the log alone says it.
OPERATORS = env_list("OPERATORS")
DEFAULT_FROM_EMAIL = env("EMAIL_FROM", "sigille@localhost")

# Accounts

AUTH_USER_MODEL = "marketplace.User"
AUTHENTICATION_BACKENDS = [
    "marketplace.accounts.PasswordBackend",
    "marketplace.accounts.AddressBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
]
LOGIN_REDIRECT_URL = "home"
LOGIN_URL = "account_login"
ACCOUNT_ADAPTER = "marketplace.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Sigille] "
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if IS_HTTPS else "http"
# By address alone: a limit by account would let a rival lock a bidder out on the day of the deadline.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,100/h/ip"}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900  # seconds
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Sigille"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_HTTPS

# Security

SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600  # seconds: a working day
CSRF_COOKIE_HTTPONLY = False  # pages read it for the X-CSRFToken header
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 3600 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
ALLAUTH_TRUSTED_PROXY_COUNT = int(
    env_bool("TRUST_PROXY")
)  # or all people share one limit of sign-ins
if env_bool("TRUST_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": [NONE],
    }
}
SILENCED_SYSTEM_CHECKS: list[str] = []

# Language and time

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", _("French")), ("en-gb", _("English"))]  # days come before months in both
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Paris"

# Static files

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [
    ("dist", BASE_DIR / "static" / "dist"),
    ("img", BASE_DIR / "static" / "img"),
]
WHITENOISE_USE_FINDERS = not env_bool("HASHED_STATIC")

DEFAULT_EXCEPTION_REPORTER_FILTER = "marketplace.error_reports.WithoutContents"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", "INFO")},
    "loggers": {
        # Their messages quote the documents that they read: bids.
        **{name: {"level": "CRITICAL"} for name in ("pyhanko", "pyhanko_certvalidator")},
        # They tell each step of each document.
        **{name: {"level": "WARNING"} for name in ("weasyprint", "fontTools")},
    },
}
