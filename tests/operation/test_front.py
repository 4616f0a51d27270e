"""nginx in front of gunicorn as shipped: slow clients harm nobody, overload is refused politely and passes."""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.operation.front import ELSEWHERE, HOST, Site

SLOW_CLIENTS = 200
SECONDS = int(os.environ.get("OVERLOAD_SECONDS", "4"))
SECONDS_TO_RECOVER = 30
HELD_AT_ONCE, CROWD = 48, 250
OVERLOAD = Path(__file__).with_name("overload.lua")
SECURITY_HEADERS = re.compile(
    "strict-transport-security|content-security-policy|x-content-type-options|x-frame-options|"
    "referrer-policy|cross-origin-opener-policy|permissions-policy"
)
Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("site")
    for above in (made, *made.parents[:2]):
        above.chmod(0o755)
    return made


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[Site]:
    with Site(folder) as one:
        yield one


# ---- what nginx adds ----


def security(headers: dict[str, str]) -> dict[str, set[str]]:
    """The security headers; the directives of one in any order."""
    return {
        name: {part.strip() for part in text.split(";")}
        for name, text in headers.items()
        if SECURITY_HEADERS.fullmatch(name)
    }


@pytest.mark.case("G7")
@pytest.mark.dengbao("身份鉴别 c")
def test_plain_http_leads_to_https_and_every_answer_carries_the_headers(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.plain), 5) as plain:
        plain.sendall(b"GET /s/x HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        answer = plain.makefile("rb").read().decode()
    assert answer.startswith("HTTP/1.1 301") and f"Location: https://{HOST}/s/x\r\n" in answer
    status, headers, page = site.get("/login/")
    assert status == 200 and len(security(headers)) >= 6, headers
    style = re.search(r'href="(/static/css/base\.[0-9a-f]{12}\.css)"', page.decode())
    assert style is not None
    _, hashed, _ = site.get(style[1])
    assert hashed["cache-control"] == "public, max-age=31536000, immutable"
    _, packed, _ = site.get(style[1], **{"Accept-Encoding": "gzip"})
    assert packed["content-encoding"] == "gzip"
    _, unhashed, _ = site.get("/static/css/base.css")
    assert unhashed["cache-control"] == "no-cache"
    for answer_headers in (hashed, unhashed, site.get("/static/none")[1]):
        assert security(answer_headers) == security(headers)
        assert "nginx/" not in answer_headers["server"]


@pytest.mark.case("A5")
def test_only_collected_static_files_are_served_by_nginx(site: Site) -> None:
    for path in (
        "/static/../data/db.sqlite3",
        "/static/%2e%2e/%2e%2e/manage.py",
        "/files/x",
        "/media/x",
        "/static/",
    ):
        assert site.get(path)[0] in (302, 400, 403, 404), path


def test_a_person_signs_in_through_tls_and_the_application_knows_the_address(site: Site) -> None:
    cookie = site.sign_in()
    assert "__Host-session=" in cookie
    status, _, page = site.get(
        "/", Cookie=cookie, **{"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Host": "evil.example"}
    )
    assert status == 200 and "evil.example" not in page.decode()
    assert site.get("/", Host="evil.example")[0] == 400


@pytest.mark.dengbao("入侵防范 c")
@pytest.mark.asvs("4.3.1")
def test_administration_can_be_bound_to_addresses(site: Site) -> None:
    assert site.get("/manage/units/", source="127.0.0.2")[0] == 302
    status, _, page = site.get("/manage/units/", source=ELSEWHERE)
    assert status == 403 and "指定的电脑" in page.decode()
    assert site.get("/login/", source=ELSEWHERE)[0] == 200


@pytest.mark.case("C13")
def test_a_burst_of_logins_from_one_address_is_slowed(site: Site) -> None:
    answers = [site.ask("POST", "/login/", "x=1", 30, "127.0.0.9", {}) for _ in range(60)]
    slowed = [headers for status, headers, _ in answers if status == 429]
    assert slowed and all("retry-after" in headers for headers in slowed)
    assert {status for status, _, _ in answers} <= {403, 429}
    assert site.ask("POST", "/login/", "x=1", 30, "127.0.0.10", {})[0] == 403, "别的地址不受影响"


# ---- slow clients ----


class Slow:
    """Clients that send one byte now and then: half of them headers, half a body that was announced."""

    HEADERS = b"GET /login/ HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
    BODY = b"POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n"

    def __init__(self, site: Site, count: int) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.sockets = []
        for number in range(count):
            one: socket.socket = socket.create_connection(("127.0.0.1", site.port), 10)
            one = context.wrap_socket(one) if site.front else one
            one.sendall(self.BODY if number % 2 else self.HEADERS)
            self.sockets.append(one)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.drip)

    def drip(self) -> None:
        while not self.over.wait(1):
            for one in self.sockets:
                try:
                    one.sendall(b"x")
                except OSError:
                    self.sockets.remove(one)

    def __enter__(self) -> Slow:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()
        for one in self.sockets:
            one.close()


@pytest.mark.case("C12")
def test_two_hundred_slow_clients_keep_nobody_waiting(site: Site, record_property: Record) -> None:
    taken = []
    with Slow(site, SLOW_CLIENTS) as slow:
        for _ in range(30):
            began = time.monotonic()
            assert site.get("/login/", timeout=5, source="127.0.0.2")[0] == 200
            taken.append(time.monotonic() - began)
        held = len(slow.sockets)
    record_property("slow", f"{held} 个慢客户端占着，别人 30 次最慢 {max(taken) * 1000:.0f} 毫秒")
    assert held > SLOW_CLIENTS * 0.9
    assert sorted(taken)[-2] < 1, taken


@pytest.mark.case("C12")
def test_the_bare_server_that_the_manual_warns_of_would_be_dead(folder: Path) -> None:
    with Site(folder, front=False) as bare, Slow(bare, SLOW_CLIENTS), pytest.raises((TimeoutError, OSError)):
        bare.get("/healthz", timeout=2, source="127.0.0.2", **{"X-Forwarded-Proto": "https"})


# ---- overload ----


def wrk(site: Site, connections: int, seconds: float, pause: float = 0) -> tuple[dict[str, float], float]:
    """What wrk counted, and the CPU seconds that it used itself."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(OVERLOAD)]
    command += [f"https://127.0.0.1:{site.port}/login/", "--", HOST]
    started = subprocess.Popen(
        [*command[:-2], "-H", f"Host: {HOST}"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PAUSE_MS": str(round(pause * 1000))},
    )
    assert started.stdout is not None
    told = started.stdout.read()
    _, status, used = os.wait4(started.pid, 0)
    started.returncode = os.waitstatus_to_exitcode(status)
    assert started.returncode == 0, told
    return json.loads(told.partition("REPORT ")[2]), used.ru_utime + used.ru_stime


class Patient:
    """Someone at another address who goes on working, and comes back when told to."""

    def __init__(self, site: Site) -> None:
        self.site, self.over = site, threading.Event()
        self.taken: list[float] = []
        self.statuses: list[int] = []
        self.thread = threading.Thread(target=self.work)

    def work(self) -> None:
        while not self.over.wait(0.05):
            began = time.monotonic()
            status, _, _ = self.site.get("/login/", source="127.0.0.3")
            self.statuses.append(status)
            if status == 200:
                self.taken.append(time.monotonic() - began)

    def __enter__(self) -> Patient:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()


@pytest.mark.case("C13")
def test_five_times_the_load_gets_503_with_retry_after_and_passes(
    site: Site, record_property: Record
) -> None:
    usual, _ = wrk(site, 8, 2)
    capacity = usual["good"] / usual["seconds"]
    assert usual["busy"] == usual["other"] == usual["broken"] == 0, usual
    with Patient(site) as patient:
        found, own = wrk(site, CROWD, SECONDS, pause=(CROWD - HELD_AT_ONCE) / (9 * capacity))
    began = time.monotonic()
    while site.get("/login/", timeout=10)[0] != 200:
        assert time.monotonic() - began < SECONDS_TO_RECOVER
    recovered = time.monotonic() - began
    offered = (found["good"] + found["busy"]) / found["seconds"]
    slowest = max(patient.taken, default=0)
    record_property(
        "overload",
        f"平时每秒 {capacity:.0f} 次；来了每秒 {offered:.0f} 次（{offered / capacity:.1f} 倍），办成每秒 "
        f"{found['good'] / found['seconds']:.0f} 次，其余 503；办成的最慢 {slowest:.2f} 秒；{recovered:.2f} 秒恢复；"
        f"wrk 用 CPU {own:.1f} 秒",
    )
    assert offered >= 5 * capacity, (offered, capacity)
    assert found["busy"] and not found["other"] and not found["silent"], found
    assert found["broken"] == 0, found
    assert set(patient.statuses) <= {200, 503} and patient.taken, patient.statuses
    assert sorted(patient.taken)[int(len(patient.taken) * 0.95)] < 3, patient.taken


@pytest.mark.case("C13")
def test_when_the_application_is_away_the_answer_is_a_page_that_says_so(site: Site) -> None:
    application = site.programs[0]
    application.send_signal(19)
    for pid in Path(f"/proc/{application.pid}/task/{application.pid}/children").read_text().split():
        os.kill(int(pid), 19)
    try:
        socket_path = site.folder / "run/web.sock"
        socket_path.rename(site.folder / "run/away.sock")
        status, headers, page = site.get("/")
        (site.folder / "run/away.sock").rename(socket_path)
    finally:
        for pid in Path(f"/proc/{application.pid}/task/{application.pid}/children").read_text().split():
            os.kill(int(pid), 18)
        application.send_signal(18)
    assert status == 503 and headers["retry-after"] == "10" and "系统正忙" in page.decode()
    assert security(headers) == security(site.get("/login/")[1])
