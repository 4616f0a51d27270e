"""The real product under gunicorn, on the database of this process: for tests that kill it and loads that measure it.

    with Server(workers=2) as server:
        Caller(server.address, signed_in(user)).post(...)

The application is loaded before the workers fork, so a killed worker is back within milliseconds. Nothing that the
loading may have opened on the database lives across the fork: see ``when_ready`` and ``pre_fork``.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection, connections
from django.utils.crypto import get_random_string

ROOT = Path(__file__).resolve().parent.parent
SECONDS_TO_START, SECONDS_TO_STOP = 40, 20


def when_ready(server: Any) -> None:
    """gunicorn calls this in the master before the first fork; this module is its configuration file as well.

    What the first request would load and compile is there already, so that a kill meets work and not a start.
    """
    from django.urls import get_resolver

    from evaluations.models import Pack

    assert get_resolver().url_patterns
    for pack in Pack.objects.all():
        pack.compiled()


def pre_fork(server: Any, worker: Any) -> None:
    """Before each fork: no connection to the database lives across it."""
    connections.close_all()


def database_url() -> str:
    """The database of this process, as the environment variable that the settings read."""
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{Path(given['NAME']).resolve()}"
    host = given["HOST"] or given["OPTIONS"].get("host", "")
    login = ":".join(quote(part, safe="") for part in (given["USER"], given["PASSWORD"]) if part)
    port = f"&port={given['PORT']}" if given["PORT"] else ""
    return f"postgres://{login}@/{given['NAME']}?host={quote(host, safe='')}{port}"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def signed_in(user: Any) -> dict[str, str]:
    """The headers of someone who has signed in: the session from Django's own store, the CSRF cookie and its twin."""
    from django.test import Client

    client = Client()
    client.force_login(user)
    token = get_random_string(32)
    session = f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}"
    return {"Cookie": f"{session}; {settings.CSRF_COOKIE_NAME}={token}", "X-CSRFToken": token}


class Server:
    """gunicorn with threads, as ``make listen`` starts it. ``application`` is a WSGI module.

    ``database`` is another database than the one of this process, as a URL.
    """

    def __init__(
        self, *, application: str = "config.wsgi", workers: int = 2, threads: int = 4, database: str = ""
    ) -> None:
        self.database = database
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.command = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{self.port}"]
        self.command += ["--no-control-socket", "--log-level", "warning", "--preload"]
        self.command += ["--config", "python:tests.server", "--worker-class", "gthread", "--keep-alive", "75"]
        self.command += ["--workers", str(workers), "--threads", str(threads)]
        self.workers = workers
        self.log = Path(tempfile.mkstemp(prefix="server-", suffix=".log")[1])
        self.master: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, problem: type[BaseException] | None, *_: object) -> None:
        self.stop()
        if problem is not None:
            print(f"---- server ----\n{self.log.read_text(errors='replace')[-20_000:]}")
        self.log.unlink(missing_ok=True)

    def start(self) -> None:
        """Starts, also again after ``stop`` or ``kill_all``, on the same port."""
        environment = {
            **os.environ,
            "DATABASE_URL": self.database or database_url(),
            "DEMO": "1",  # plain HTTP on loopback: the start refuses that of a production server
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        }
        with self.log.open("ab") as log:
            how = {"stdout": log, "stderr": log, "stdin": subprocess.DEVNULL, "start_new_session": True}
            self.master = subprocess.Popen(self.command, cwd=ROOT, env=environment, **how)  # type: ignore[call-overload]
        try:
            self.wait_ready()
        except BaseException:
            self.kill_all()
            raise

    def wait_ready(self) -> None:
        """Waits until a page is answered."""
        deadline = time.monotonic() + SECONDS_TO_START
        while self.master is not None and self.master.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError, http.client.HTTPException):
                asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                asked.request("GET", "/healthz")
                if asked.getresponse().status == 200:
                    return
            time.sleep(0.02)
        raise RuntimeError(f"The server did not start:\n{self.log.read_text(errors='replace')}")

    def worker_pids(self) -> list[int]:
        if self.master is None:
            return []
        pid = self.master.pid
        with contextlib.suppress(OSError):
            return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return []

    def kill_worker(self, chosen: random.Random | None = None) -> int:
        """kill -9 of a worker; waits for one first, should the last one have been killed just now."""
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline:
            with contextlib.suppress(ProcessLookupError, IndexError):
                pid = (chosen or random).choice(self.worker_pids())
                os.kill(pid, signal.SIGKILL)
                return pid
            time.sleep(0.002)
        raise RuntimeError("There is no worker to kill.")

    def kill_all(self) -> None:
        """kill -9 of everything, as a power cut does to processes."""
        for pid in [*([self.master.pid] if self.master else []), *self.worker_pids()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.master is not None:
            self.master.wait(SECONDS_TO_STOP)
        self.master = None

    def stop(self) -> None:
        """Ends as an administrator would; by force when that takes too long."""
        if self.master is None:
            return
        self.master.send_signal(signal.SIGTERM)
        try:
            self.master.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self.kill_all()
        self.master = None


class Caller:
    """One person's connection: kept open, opened anew when broken. An answer is whole or there is none."""

    def __init__(self, server: Server, headers: dict[str, str], timeout: float = 60) -> None:
        self.server, self.headers, self.timeout = server, headers, timeout
        self.broken = 0
        self.connection = self._fresh()

    def _fresh(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=self.timeout)

    def once(self, method: str, path: str, body: str = "", kind: str = "") -> tuple[int, bytes] | None:
        """Status and content; None when the connection broke before the end."""
        headers = {**self.headers, **({"Content-Type": kind} if kind else {})}
        try:
            self.connection.request(method, path, body.encode(), headers)
            answer = self.connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self.broken += 1
            self.connection.close()
            self.connection = self._fresh()
            return None

    def until_answered(self, method: str, path: str, body: str = "", kind: str = "") -> tuple[int, bytes]:
        """The same request again and again, as the browser does, until there is an answer."""
        deadline = time.monotonic() + self.timeout
        while time.monotonic() < deadline:
            if (answer := self.once(method, path, body, kind)) is not None:
                return answer
            time.sleep(0.02)
        raise TimeoutError(f"No answer from {path}.")
