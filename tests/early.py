"""A server that lies: it answers before it commits. Only for the test that must catch it; the product has no such way.

The whole request runs in one transaction; the answer is sent; then, a moment later, comes the commit.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from django.core import signals
from django.db import close_old_connections, transaction

from config.wsgi import application as product

SECONDS_LATE = 0.15

# They would end the transaction around the request.
signals.request_started.disconnect(close_old_connections)
signals.request_finished.disconnect(close_old_connections)


def application(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    with transaction.atomic():
        answer = product(environ, start_response)
        try:
            yield b"".join(answer)
        finally:
            answer.close()
        if environ["REQUEST_METHOD"] == "POST":
            time.sleep(SECONDS_LATE)
