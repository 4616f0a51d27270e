"""Settings. What differs between places comes from the environment; a wrong value there stops the start.

DJANGO_SECRET_KEY     密钥，正式运行必填
DJANGO_ALLOWED_HOSTS  允许的主机名，逗号分隔，默认 localhost,127.0.0.1
DJANGO_DEBUG          调试方式，默认 false
DEMO                  演示方式，默认 false：密钥自动生成，不要求 HTTPS
HTTPS                 只经 HTTPS 访问，默认 true（调试、演示时为 false）；正式运行不能关
TLS_GATEWAY           HTTPS 由前面的网关（如国密网关）做、网关又不带 X-Forwarded-Proto 时为 true，默认 false
CLOCK_REVIEWED        查过服务器时间、确认可以早于最近一条记录时为 true，默认 false
DATABASE_URL          正式运行用 postgres://…，默认是 DATA_DIR 下的 SQLite
DATA_DIR              数据目录，默认 data/
FONT_DIR              单位自备字体的文件夹：宋体、仿宋、楷体、黑体、小标宋 加 .ttf、.otf 或 .ttc，优先使用
PDF_WORKERS           每个网站进程最多几个排版子进程，默认 2
ANCHOR_DIR            每日锚点的文件夹，默认 DATA_DIR/anchors；应放在别的机器上（docs/运维/备份与审计.md）
ANCHOR_KEY            锚点的密钥，或 ANCHOR_KEY_FILE 指一个文件；没有时锚点不带密钥
PG_BIN                pg_dump、pg_restore 所在的文件夹，默认按 PATH 找

账号与登录（docs/运维/账号与登录.md）：
DJANGO_SECRET_KEY_FALLBACKS  换密钥时的旧密钥，逗号分隔；旧密钥签的会话照样有效，过一天去掉
DENGBAO_MODE          按等保三级管密码，默认 true；false 只按 ASVS（更长，不要求几种字符，不定期更换）
PASSWORD_DAYS         密码最长用几天，默认 90（DENGBAO_MODE 时）
IDLE_MINUTES          多久不操作就要重新登录，默认 30 分钟
SESSIONS_PER_ACCOUNT  一个账号最多同时登录几处，默认 2
TOTP_REQUIRED         谁必须用动态口令：none、admins（管理员）、reviewers（审核人和管理员），默认 reviewers（调试、演示时为 none）
SSO_SECRET            统一身份认证的共享密钥，默认空：不开
SSO_DIGEST            票据的摘要算法：sha256（默认）或 sm3
"""

import hashlib
import os
import secrets
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


def count(name: str, *, default: int, least: int = 1) -> int:
    value = env.str(name, default=str(default)).strip()
    if value.isascii() and value.isdigit() and least <= int(value) < 100:
        return int(value)
    raise ImproperlyConfigured(f"环境变量 {name} 要是 {least} 到 99 的整数，现在是“{value}”。")


def choice(name: str, known: tuple[str, ...], *, default: str) -> str:
    value = env.str(name, default=default).strip().lower()
    if value in known:
        return value
    raise ImproperlyConfigured(f"环境变量 {name} 只能是 {'、'.join(known)} 之一，现在是“{value}”。")


def shared_secret(name: str) -> str:
    value = env.str(name, default="")
    if value and len(value) < 32:
        raise ImproperlyConfigured(f"环境变量 {name} 要有 32 个以上随机字符。")
    return value


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
TLS_GATEWAY = flag("TLS_GATEWAY", default=False)
CLOCK_REVIEWED = flag("CLOCK_REVIEWED", default=False)

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "data"))).resolve()
try:
    DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
except OSError as problem:
    raise ImproperlyConfigured(
        f"数据目录 {DATA_DIR} 建不了：{problem.strerror}。请换一个 DATA_DIR，或先建好它。"
    ) from None

FONT_DIR = env.str("FONT_DIR", default="")
PDF_WORKERS = count("PDF_WORKERS", default=2)

ANCHOR_DIR = Path(env.str("ANCHOR_DIR", default=str(DATA_DIR / "anchors")))
ANCHOR_KEY = env.str("ANCHOR_KEY", default="")
if not ANCHOR_KEY and (key_file := env.str("ANCHOR_KEY_FILE", default="")):
    ANCHOR_KEY = Path(key_file).read_text(encoding="utf-8").strip()
PG_BIN = env.str("PG_BIN", default="")

SECRET_KEY = secret_key(DATA_DIR / "secret_key", may_create=DEBUG or DEMO)
SECRET_KEY_FALLBACKS = env.list("DJANGO_SECRET_KEY_FALLBACKS", default=[])
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
    "django_otp",
    "django_otp.plugins.otp_totp",
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
    "evaluations.middleware.record_refusals",
    "units.middleware.first_run",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "units.middleware.OwnPassword",
    "units.middleware.StillHere",
    "django.contrib.messages.middleware.MessageMiddleware",
    "evaluations.middleware.view_as",
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
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "units:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = LOGIN_URL
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
DENGBAO_MODE = flag("DENGBAO_MODE", default=True)
PASSWORD_DAYS = count("PASSWORD_DAYS", default=90) if DENGBAO_MODE else 0
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "units.passwords.LengthValidator",
        "OPTIONS": {"least": 10 if DENGBAO_MODE else 12, "most": 128},
    },
    {"NAME": "units.passwords.CommonValidator"},
    {"NAME": "units.passwords.NotOwnNameValidator"},
]
if DENGBAO_MODE:
    AUTH_PASSWORD_VALIDATORS += [
        {"NAME": "units.passwords.KindsValidator"},
        {"NAME": "units.passwords.NotUsedBeforeValidator"},
    ]

TOTP_REQUIRED = choice(
    "TOTP_REQUIRED", ("none", "admins", "reviewers"), default="none" if DEBUG or DEMO else "reviewers"
)
OTP_TOTP_ISSUER = "绩效自评"
SSO_SECRET = shared_secret("SSO_SECRET")
SSO_DIGEST = choice("SSO_DIGEST", ("sha256", "sm3"), default="sha256")
if SSO_SECRET:
    AUTHENTICATION_BACKENDS += ["units.sso.SignedTicketBackend"]
    if SSO_DIGEST not in hashlib.algorithms_available:
        raise ImproperlyConfigured(
            "这台机器的 OpenSSL 没有 SM3。请把 SSO_DIGEST 改为 sha256，或换系统的 OpenSSL。"
        )

IDLE_MINUTES = count("IDLE_MINUTES", default=30, least=2)
SESSIONS_PER_ACCOUNT = count("SESSIONS_PER_ACCOUNT", default=2)
SESSION_ENGINE = "units.sessions"
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
SECURE_REDIRECT_EXEMPT = [r"^(?:healthz|readyz)$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
# Preloading and other names of the same domain are the site's own decision, see docs/运维/部署.md.
SILENCED_SYSTEM_CHECKS = ["security.W002", "security.W005", "security.W021"]
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
