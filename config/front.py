"""What the server in front of the application knows: who asks, and that it was asked over TLS."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any

Answer = Callable[..., Any]
Application = Callable[[dict[str, Any], Answer], Iterable[bytes]]


def in_front(product: Application, *, tls_gateway: bool) -> Application:
    """What the server in front knows. Only a Unix socket has no peer address: nginx of this host stands there."""

    def serve(environ: dict[str, Any], start_response: Answer) -> Iterable[bytes]:
        if not environ.get("REMOTE_ADDR"):
            environ["REMOTE_ADDR"] = client_address(environ.get("HTTP_X_FORWARDED_FOR", ""))
        if tls_gateway:
            environ["wsgi.url_scheme"] = "https"
        return product(environ, start_response)

    return serve


def client_address(forwarded: str) -> str:
    """The last entry, which nginx itself wrote; what stands before it anybody can send."""
    last = forwarded.rpartition(",")[2].strip()
    try:
        return str(ip_address(last))
    except ValueError:
        return ""
