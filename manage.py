#!/usr/bin/env python
import os
import secrets
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

SERVING = ("runserver", "check", "setup_code")
"""这些命令要真的密钥（设置码由它算出）；其余命令不签发会话，临时生成一个就够。"""

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if not os.environ.get("DJANGO_SECRET_KEY") and not set(SERVING) & set(sys.argv[1:2]):
        os.environ["DJANGO_SECRET_KEY"] = secrets.token_urlsafe(50)
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        print(f"设置有误：{problem}", file=sys.stderr)
        sys.exit(2)
