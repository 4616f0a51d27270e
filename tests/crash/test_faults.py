"""数据库断开、停了又来，磁盘满了又空：说得清楚，说了“已保存”的都在，不用重启。"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from evaluations.models import Edit
from tests import postgres
from tests.conftest import City
from tests.server import ROOT, Caller, Server

# ---- PostgreSQL 断开、崩溃、回来 ------------------------------------------------------------------


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="postgres-", dir="/tmp", ignore_cleanup_errors=True) as name:
        yield Path(name)


def ask(caller: Caller) -> tuple[int, str, str]:
    """一个要查数据库的页面：状态码、几秒后再来、正文。"""
    caller.connection.request("GET", "/setup/", headers=caller.headers)
    answer = caller.connection.getresponse()
    return answer.status, answer.getheader("Retry-After", ""), answer.read().decode()


@pytest.mark.postgres
@pytest.mark.case("C8")
@pytest.mark.skipif(connection.vendor != "postgresql", reason="在 PostgreSQL 的那一遍里做")
def test_a_database_that_goes_and_comes_back_costs_at_most_one_answer(home: Path) -> None:
    url, running = postgres.address(home), postgres.start(home)
    try:
        postgres.wait_until_ready(running, url, home / "log")
        environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
        with Server(workers=1, database=url) as server:
            callers = [Caller(server, {}) for _ in range(4)]
            assert [ask(one)[0] for one in callers] == [200] * 4
            with psycopg.connect(url) as boss:
                boss.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
                )
            assert [ask(one)[0] for one in callers].count(503) <= 1
            assert [ask(one)[0] for one in callers] == [200] * 4
            running.send_signal(signal.SIGQUIT)  # as a crash: nothing is written out
            running.wait(20)
            for one in callers:
                began = time.monotonic()
                status, again, text = ask(one)
                assert (status, again) == (503, "5") and "系统忙" in text and "编号" in text
                assert time.monotonic() - began < 5
            running = postgres.serve(home)
            postgres.wait_until_ready(running, url, home / "log")
            assert [ask(one)[0] for one in callers].count(503) <= 1
            assert [ask(one)[0] for one in callers] == [200] * 4
    finally:
        postgres.stop(running)


# ---- 磁盘满 ----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.case("C9")
@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="SQLite 有一样的错可以造；PostgreSQL 的认法另有测试"
)
def test_a_full_disk_is_told_loses_nothing_and_needs_no_restart(city: City) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(city.preparer)
    url = reverse("evaluations:save", args=[city.submission.pk, "department"])
    kept = {"value": ""}

    def save(text: str) -> Any:
        cell = {"address": "目标.预期目标", "was": kept["value"], "value": text}
        answer = client.post(url, {"changes": [cell]}, "application/json")
        if answer.status_code == 200:
            kept["value"] = text
        return answer

    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # 别的测试留下的空页不算
    most = pragma("max_page_count")
    pragma(f"max_page_count = {pragma('page_count') + 40}")
    try:
        answers = [save(str(number) * 4_000) for number in range(10, 40)]
    finally:
        pragma(f"max_page_count = {most}")
    full = [answer for answer in answers if answer.status_code != 200]
    assert full and len(full) < len(answers), "先存得下，后来满了"
    for answer in full:
        assert answer.status_code == 503 and answer["Retry-After"]
        assert answer.json()["error"] == "服务器的磁盘满了，这次没有保存。"
    page = Edit.objects.filter(address="目标.预期目标").order_by("seq")
    assert page.count() == len(answers) - len(full), "说了保存的都在，没说的都不在"
    assert page.last().new == kept["value"]
    assert pragma("integrity_check") == "ok"
    assert save("磁盘清理好了").status_code == 200


def pragma(text: str) -> Any:
    with connection.cursor() as cursor:
        return cursor.execute(f"PRAGMA {text}").fetchone()[0]
