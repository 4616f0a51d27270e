"""The WSGI application. An unsafe start ends with a sentence and the exit code 3, which gunicorn does not retry."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import NoReturn

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from config.front import Application, in_front

REFUSED = 3

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def refuse(sentences: Iterable[str]) -> NoReturn:
    for sentence in sentences:
        print(f"拒绝启动：{sentence}", file=sys.stderr)
    sys.stderr.flush()
    sys.exit(REFUSED)


def start() -> Application:
    try:
        django.setup(set_prefix=False)
    except ImproperlyConfigured as problem:
        refuse([str(problem)])

    from django.conf import settings
    from django.urls import get_resolver

    from config.safety import refusals

    if found := refusals():
        refuse(found)
    product = get_wsgi_application()
    # The pages are read before the first request, not during it: else the clerks who come first after a start wait
    # for the import, every thread of the worker behind the same lock.
    _ = get_resolver().url_patterns
    return in_front(product, tls_gateway=settings.TLS_GATEWAY)


application = start()
