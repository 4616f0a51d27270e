"""nginx and gunicorn with the shipped configuration; only paths, ports and the host name are put in.

with Site(folder) as site:
    site.get("/login/")
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import secrets
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.server import ROOT, free_port

DEPLOY = ROOT / "deploy"
HOST = "localhost"
SECONDS_TO_START = 40
ELSEWHERE = "127.0.0.8"
"""An address from which administration is not allowed."""
USERNAME, PASSWORD = "tianbao", "correct horse battery"
PREPARE = f"""
from datetime import date
from django.core.management import call_command
from evaluations.core.workflow import Role
from units.models import Department
from units.services import appoint, create_user
call_command("collectstatic", interactive=False, verbosity=0)
call_command("migrate", verbosity=0)
bureau = Department.objects.create(code="001", name="云湖市财政局", kind=Department.Kind.BUREAU)
unit = Department.objects.create(code="101", name="云湖市政务服务中心", parent=bureau)
user = create_user(username="{USERNAME}", display_name="陈晓燕", password="{PASSWORD}")
appoint(user=user, department=unit, role=Role.PREPARER, since=date(2024, 1, 1))
"""
KEY = secrets.token_urlsafe(48)
Answer = tuple[int, dict[str, str], bytes]


def production(data: Path, **changes: str) -> dict[str, str]:
    """The environment of a production server on SQLite, nothing else of ours in it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    given = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_SECRET_KEY": KEY,
        "DJANGO_ALLOWED_HOSTS": HOST,
        "DATA_DIR": str(data),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
    }
    return {**kept, **given, **changes}


def manage(environment: dict[str, str], *words: str, **how: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, **how)


class Site:
    """``front`` False leaves nginx out: the bare gunicorn that the manual warns of."""

    def __init__(self, folder: Path, *, front: bool = True) -> None:
        self.folder, self.front = folder, front
        self.port, self.plain = free_port(), free_port()
        self.environment = production(folder / "data")
        self.programs: list[subprocess.Popen[bytes]] = []
        self.trust = ssl.create_default_context()

    def prepare(self) -> None:
        """Once: certificate, static files, database, one person."""
        for name in ("data", "tls", "log", "nginx", "run"):
            (self.folder / name).mkdir(mode=0o700 if name == "data" else 0o755)
        command = (
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj".split()
        )
        command += [
            f"/CN={HOST}",
            "-addext",
            f"subjectAltName=DNS:{HOST}",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ]
        subprocess.run(command, cwd=self.folder / "tls", check=True, capture_output=True)
        manage(self.environment, "shell", "--no-imports", "--command", PREPARE, check=True)

    def configuration(self) -> Path:
        """deploy/nginx/nginx.conf with the paths, ports and user of this folder."""
        text = (DEPLOY / "nginx/nginx.conf").read_text(encoding="utf-8").replace("@HOST@", HOST)
        moved = {
            "/opt/jixiao/current/app/": f"{ROOT}/", "/run/jixiao/": f"{self.folder}/run/", "/run/nginx.pid": f"{self.folder}/run/nginx.pid",
            "/etc/jixiao/": f"{self.folder}/", "/var/log/nginx/": f"{self.folder}/log/", "/var/lib/nginx/": f"{self.folder}/nginx/",
            "listen 80 ": f"listen 127.0.0.1:{self.plain} ", "listen 443 ": f"listen 127.0.0.1:{self.port} ",
            "geo $outside_admin {\n": f"geo $outside_admin {{\n{ELSEWHERE} 1;\n",
            "user www-data;": "user root;" if os.geteuid() == 0 else "",
        }  # fmt: skip
        for shipped, here in moved.items():
            assert shipped in text, shipped
            text = text.replace(shipped, here)
        path = self.folder / "nginx.conf"
        path.write_text(text, encoding="utf-8")
        return path

    def __enter__(self) -> Site:
        if not (self.folder / "tls").exists():
            self.prepare()
        self.trust = ssl.create_default_context(cafile=str(self.folder / "tls/cert.pem"))
        bind = f"unix:{self.folder}/run/web.sock" if self.front else f"127.0.0.1:{self.port}"
        gunicorn = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py"]
        try:
            self.run(gunicorn, {**self.environment, "BIND": bind, "WEB_WORKERS": "2"})
            if self.front:
                self.run(["nginx", "-c", str(self.configuration()), "-g", "daemon off;"], self.environment)
            self.wait_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for program in reversed(self.programs):
            program.send_signal(signal.SIGTERM if "nginx" in program.args else signal.SIGQUIT)
        for program in reversed(self.programs):
            try:
                program.wait(20)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait(5)
        self.programs.clear()

    def run(self, command: list[str], environment: dict[str, str]) -> None:
        with (self.folder / "log" / "programs.log").open("ab") as log:
            how: dict[str, Any] = {"stdout": log, "stderr": log, "stdin": subprocess.DEVNULL}
            self.programs.append(
                subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True, **how)
            )

    def log(self) -> str:
        return "".join(path.read_text(errors="replace") for path in (self.folder / "log").glob("*.log"))

    def wait_ready(self) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline and all(program.poll() is None for program in self.programs):
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.get("/readyz", timeout=5)[0] == 200:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"The site did not start:\n{self.log()[-4000:]}")

    def connection(self, timeout: float, source: str = "127.0.0.1") -> http.client.HTTPConnection:
        given: dict[str, Any] = {"timeout": timeout, "source_address": (source, 0)}
        if self.front:
            return http.client.HTTPSConnection(HOST, self.port, context=self.trust, **given)
        return http.client.HTTPConnection(HOST, self.port, **given)

    def get(self, path: str, *, timeout: float = 30, source: str = "127.0.0.1", **headers: str) -> Answer:
        return self.ask("GET", path, "", timeout, source, headers)

    def ask(
        self, method: str, path: str, body: str, timeout: float, source: str, headers: dict[str, str]
    ) -> Answer:
        with contextlib.closing(self.connection(timeout, source)) as asked:
            asked.request(method, path, body.encode() or None, headers)
            answer = asked.getresponse()
            return answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read()

    def sign_in(self) -> str:
        """The cookies of the person, after the real login over TLS."""
        _, headers, page = self.get("/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.decode())
        csrf = headers["set-cookie"].partition(";")[0]
        assert token is not None
        body = f"csrfmiddlewaretoken={token[1]}&username={USERNAME}&password={PASSWORD.replace(' ', '+')}"
        sent = {
            "Cookie": csrf,
            "Origin": f"https://{HOST}:{self.port}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        with contextlib.closing(self.connection(30)) as asked:
            asked.request("POST", "/login/", body.encode(), sent)
            answer = asked.getresponse()
            assert answer.status == 302, answer.read().decode()[:2000]
            made = answer.headers.get_all("Set-Cookie") or []
        return "; ".join(one.partition(";")[0] for one in made)
