"""The product's settings, without secrets to provide, costly hashing or collected static files."""

import os

os.environ.setdefault("DJANGO_SECRET_KEY", "for tests only; not a secret, but long enough for one")
os.environ.setdefault("HTTPS", "false")

from config.settings import *  # noqa: F403
from config.settings import STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
