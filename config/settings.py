"""Settings. What differs between places comes from the environment; a wrong value there stops the start.

DJANGO_SECRET_KEY     密钥，正式运行必填
DJANGO_ALLOWED_HOSTS  允许的主机名，逗号分隔，默认 localhost,127.0.0.1
DJANGO_DEBUG          调试方式，默认 false
DEMO                  演示方式，默认 false：密钥自动生成，不要求 HTTPS
HTTPS                 只经 HTTPS 访问，默认 true（调试、演示时为 false）
DATABASE_URL          正式运行用 postgres://…，默认是 DATA_DIR 下的 SQLite
DATA_DIR              数据目录，默认 data/
FONT_DIR              单位自备字体的文件夹：宋体、仿宋、楷体、黑体、小标宋 加 .ttf、.otf 或 .ttc，优先使用
PDF_WORKERS           每个网站进程最多几个排版子进程，默认 2
"""

import os
import secrets
from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def flag(name: str, *, default: bool) -> bool:
    value = env.str(name, default=str(default)).strip().lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off"):
        return False
    raise ImproperlyConfigured(f"环境变量 {name} 只能是 true 或 false，现在是“{value}”。")


def count(name: str, *, default: int) -> int:
    value = env.str(name, default=str(default)).strip()
    if value.isascii() and value.isdigit() and 0 < int(value) < 100:
        return int(value)
    raise ImproperlyConfigured(f"环境变量 {name} 要是 1 到 99 的整数，现在是“{value}”。")


def secret_key(kept_in: Path, *, may_create: bool) -> str:
    """The key from the environment; for a trial, one that is made once and kept beside the data."""
    if key := env.str("DJANGO_SECRET_KEY", default=""):
        return key
    if not may_create:
        raise ImproperlyConfigured("没有密钥：请设置环境变量 DJANGO_SECRET_KEY（50 个以上随机字符）。")
    try:
        file = os.open(kept_in, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return kept_in.read_text()
    key = secrets.token_urlsafe(50)
    with os.fdopen(file, "w") as stream:
        stream.write(key)
    return key


def database(sqlite_file: Path) -> dict:
    url = env.str("DATABASE_URL", default="")
    config = env.db_url_config(url) if url else {"ENGINE": "django.db.backends.sqlite3", "NAME": sqlite_file}
    match config.get("ENGINE"):
        case "django.db.backends.postgresql":
            return {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True, **config}
        case "django.db.backends.sqlite3":
            pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON"
            options = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": pragmas}
            return {**config, "OPTIONS": options}
        case _:
            raise ImproperlyConfigured("DATABASE_URL 只能以 postgres:// 或 sqlite:/// 开头。")


DEBUG = flag("DJANGO_DEBUG", default=False)
DEMO = flag("DEMO", default=False)
HTTPS = flag("HTTPS", default=not (DEBUG or DEMO))

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "data"))).resolve()
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

FONT_DIR = env.str("FONT_DIR", default="")
PDF_WORKERS = count("PDF_WORKERS", default=2)

SECRET_KEY = secret_key(DATA_DIR / "secret_key", may_create=DEBUG or DEMO)
ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "axes",
    "units",
    "evaluations",
]

# Number, log and headers come first: static files, redirects and every refusal of the others carry them too.
MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",
    "units.middleware.numbered",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "units.middleware.plain_text",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "units.middleware.first_run",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "units.middleware.FirstPassword",
    "django.contrib.messages.middleware.MessageMiddleware",
    "evaluations.middleware.view_as",
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
                "units.context.page",
            ],
        },
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

DATABASES = {"default": database(DATA_DIR / "db.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "build" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "files", "base_url": None},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage",
    },
}
WHITENOISE_ALLOW_ALL_ORIGINS = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

AUTH_USER_MODEL = "units.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
LOGIN_URL = "units:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = LOGIN_URL
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "units.passwords.NotOwnNameValidator"},
]

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=30)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "units/locked.html"

SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "units.errors.csrf_failure"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"

SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
# What every answer carries unless it says otherwise; static files say how long they may be kept.
ANSWER_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": SECURE_REFERRER_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
if HTTPS:
    ANSWER_HEADERS["Strict-Transport-Security"] = f"max-age={SECURE_HSTS_SECONDS}"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LOGGING = logging_config(plain=DEBUG or DEMO)
