"""One settings file: typed environment values, safe by default.

`MILEPOST_URL` says under which address people reach the site. An https address makes it a production
site: secure cookies, HSTS, no mailbox page, mail by a real relay. A plain http address is allowed on
this machine only (development, the tour).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from environs import Env

from milepost.config import home as _home
from milepost.config import metrics as _metrics

env = Env(prefix="MILEPOST_")
plain = Env()

CHECKOUT = Path(__file__).resolve().parents[2]
MILEPOST_HOME: Path = _home.locate(CHECKOUT)

MILEPOST_URL: str = env.str("URL", "http://127.0.0.1:8000").rstrip("/")
_address = urlsplit(MILEPOST_URL)
PRODUCTION = _address.scheme == "https"
TESTING = "pytest" in sys.modules
if not PRODUCTION and _address.hostname not in {"127.0.0.1", "localhost", "::1", "testserver"}:
    raise ImproperlyConfigured(
        f"MILEPOST_URL is {MILEPOST_URL}: a site that others reach needs https. "
        "Put a reverse proxy with a certificate in front (docs/operators) and set MILEPOST_URL=https://…"
    )

DEBUG: bool = env.bool("DEBUG", False)
SECRET_KEY: str = env.str("SECRET_KEY", "") or _home.secret(MILEPOST_HOME, "django")
IDENTITY_KEY: str = env.str("IDENTITY_KEY", "") or _home.secret(MILEPOST_HOME, "identity")
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("MILEPOST_DEBUG must be off when MILEPOST_URL is https: it shows secrets to visitors.")
if (PRODUCTION and len(set(SECRET_KEY)) < 12) or len(SECRET_KEY) < 32:
    raise ImproperlyConfigured(
        "MILEPOST_SECRET_KEY is too weak. Leave it unset (one is made in MILEPOST_HOME/secrets) or give 50 random characters."
    )

ALLOWED_HOSTS: list[str] = env.list("HOSTS", [_address.hostname or "localhost"])
if not PRODUCTION:
    ALLOWED_HOSTS += ["127.0.0.1", "localhost", "[::1]", "testserver"]
CSRF_TRUSTED_ORIGINS = [MILEPOST_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    # Before allauth: its pages and mails are drawn by our templates.
    "milepost.interfaces.web",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "django_htmx",
    "django_tasks_db",
    "milepost.foundation.common",
    "milepost.foundation.jobs",
    "milepost.foundation.identity",
    "milepost.foundation.audit",
    "milepost.foundation.activity",
    "milepost.foundation.search",
    "milepost.foundation.conditions",
    "milepost.domain.people",
    "milepost.domain.charter",
    "milepost.domain.paths",
    "milepost.domain.goals",
    "milepost.domain.spaces",
    "milepost.domain.resources",
    "milepost.domain.events",
    "milepost.domain.work",
    "milepost.domain.deliberation",
    "milepost.engines.milestones",
    "milepost.engines.segments",
    "milepost.outward.connectors",
    "milepost.outward.badges",
    "milepost.outward.celebrations",
    "milepost.outward.starting",
    "milepost.interfaces.api",
    "milepost.interfaces.cli",
]

MIDDLEWARE = [
    "milepost.interfaces.web.middleware.Observed",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "milepost.interfaces.web.middleware.Localised",
]

ROOT_URLCONF = "milepost.config.urls"
WSGI_APPLICATION = "milepost.config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "milepost.interfaces.web.context.page",
            ],
        },
    }
]

DATABASES: dict[str, dict[str, Any]] = {"default": _home.database(MILEPOST_HOME, plain.str("DATABASE_URL", ""))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TASKS = {
    "default": {
        "BACKEND": env.str("TASKS_BACKEND", "django_tasks_db.DatabaseBackend"),
        "QUEUES": ["default", "imports"],
    }
}

_caches = env.str("CACHE", "")
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _caches}
    if _caches
    else {
        # Shared by the web processes of one machine: rate limits count across them.
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": MILEPOST_HOME / "cache",
    }
}

# --- sign-in ---------------------------------------------------------------------------------------
AUTH_USER_MODEL = "identity.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "milepost.interfaces.web.accounts.adapter.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "milepost.interfaces.web.accounts.adapter.SocialAccountAdapter"
MFA_ADAPTER = "milepost.interfaces.web.accounts.adapter.MFAAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "milepost.interfaces.web.accounts.naming.Named"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
# Changing it is offered for new addresses only, which tells strangers which ones are known.
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = False
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_MAX_EMAIL_ADDRESSES = 5
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _address.scheme
ACCOUNT_SESSION_REMEMBER = True
_forms = "milepost.interfaces.web.accounts.forms"
ACCOUNT_FORMS = {
    "login": f"{_forms}.SignIn",
    "signup": f"{_forms}.SignUp",
    "add_email": f"{_forms}.AddAddress",
    "change_password": f"{_forms}.ChangePassword",
    "set_password": f"{_forms}.SetPassword",
    "reset_password": f"{_forms}.AskForReset",
    "reset_password_from_key": f"{_forms}.NewPassword",
    "reauthenticate": f"{_forms}.Reauthenticate",
    "request_login_code": f"{_forms}.AskForCode",
    "confirm_login_code": f"{_forms}.SignInCode",
    "confirm_email_verification_code": f"{_forms}.AddressCode",
    "confirm_password_reset_code": f"{_forms}.ResetCode",
}
SOCIALACCOUNT_FORMS = {"signup": f"{_forms}.ProviderSignUp"}
MFA_FORMS = {
    "authenticate": f"{_forms}.SecondStep",
    "reauthenticate": f"{_forms}.SecondStepAgain",
    "activate_totp": f"{_forms}.ActivateApp",
    "add_webauthn": f"{_forms}.AddPasskey",
    "edit_webauthn": f"{_forms}.NamePasskey",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_TOTP_ISSUER = "Milepost"
# Browsers allow WebAuthn without https only on the name "localhost".
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
USERSESSIONS_TRACK_ACTIVITY = False
# Who says to a provider that an address is theirs does not get the account that has it here.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {"openid_connect": {"APPS": env.json("OIDC", [])}}

# --- what a browser may do -------------------------------------------------------------------------
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.NONCE],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
TRUSTED_PROXIES: int = env.int("TRUSTED_PROXIES", 1 if PRODUCTION else 0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

# --- files -----------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = MILEPOST_HOME / "static"
MEDIA_ROOT = MILEPOST_HOME / "uploads"
MEDIA_URL = "uploads/"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "milepost.interfaces.web.sheet.SheetFinder",
    "milepost.interfaces.web.charts.bundle.VegaFinder",
]
FORM_RENDERER = "milepost.interfaces.web.rendering.HouseRenderer"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
UPLOAD_LIMIT: int = env.int("UPLOAD_LIMIT", 25 * 2**20)
"""Bytes of one file that a member attaches. Imports have their own, IMPORT_LIMIT."""
IMPORT_LIMIT: int = env.int("IMPORT_LIMIT", 20 * 2**30)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
FILE_UPLOAD_TEMP_DIR = _home.folder(MILEPOST_HOME, "incoming")
OUTBOX = MILEPOST_HOME / "outbox"
API_RATES: dict[str, int] = {
    "read": env.int("API_READS", 600),
    "write": env.int("API_WRITES", 120),
    "address": env.int("API_REQUESTS_OF_ADDRESS", 1200),
}
"""Requests a minute: of a token that read, of a token that write, and of one address whatever it sends."""

# --- words and time --------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [CHECKOUT / "milepost" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# --- mail ------------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL: str = env.str("MAIL_FROM", f"Milepost <milepost@{_address.hostname or 'localhost'}>")
MAILERS: dict[str, dict[str, Any]] = {"default": _home.mailer(env.str("MAIL_URL", ""), OUTBOX)}
DEV_OUTBOX = not PRODUCTION

LOGGING_CONFIG = "milepost.config.logs.configure"
LOGGING: dict[str, Any] = {
    "format": env.str("LOG_FORMAT", "json" if PRODUCTION else "console"),
    "level": env.str("LOG_LEVEL", "INFO").upper(),
}

# --- figures ---------------------------------------------------------------------------------------
METRICS_TOKEN: str = env.str("METRICS_TOKEN", "")
if env.str("PROCESS", ""):  # set by `milepost serve` and `milepost worker`
    _metrics.share_between_processes(MILEPOST_HOME / "run" / "metrics")

SILENCED_SYSTEM_CHECKS: list[str] = []
TEST_RUNNER = "django.test.runner.DiscoverRunner"
os.environ.setdefault("NINJA_SKIP_REGISTRY", "1")
