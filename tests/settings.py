"""The product's settings, without secrets to provide, costly hashing or collected static files."""

import os

os.environ.setdefault("DJANGO_SECRET_KEY", "for tests only; not a secret, but long enough for one")
os.environ.setdefault("HTTPS", "false")
os.environ.setdefault("TOTP_REQUIRED", "none")

from config.settings import *  # noqa: F403
from config.settings import BASE_DIR, DATABASES, STORAGES

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"

# 线程要用各自的连接看同一个库：SQLite 的测试库放在文件里，不放内存。
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(BASE_DIR / "build" / "test.sqlite3")}

# 测试不先收集静态文件：直接从源文件夹送；要时才找，不在每个测试客户端里先查一遍全部文件。
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
