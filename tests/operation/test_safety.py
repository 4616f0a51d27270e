"""An unsafe start is refused with one sentence each; a safe one passes ``check --deploy`` without a warning."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.core.checks import CheckMessage
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from config import safety
from config.front import client_address, in_front
from evaluations.services.records import record_event
from tests.operation.front import KEY, manage, production
from tests.server import ROOT, database_url

SAFE = {
    "DEBUG": False, "DEMO": False, "HTTPS": True, "SECRET_KEY": KEY, "SECRET_KEY_FALLBACKS": [], "ALLOWED_HOSTS": ["zp.local"],
}  # fmt: skip


def told(*parts: Callable[[], Iterator[CheckMessage]]) -> list[str]:
    return [message.msg for message in safety.checked(*parts)]


@pytest.fixture
def safe(settings: Any, tmp_path: Path) -> Any:
    tmp_path.chmod(0o700)
    for name, value in (SAFE | {"DATA_DIR": tmp_path}).items():
        setattr(settings, name, value)
    return settings


# ---- settings ----

UNSAFE: dict[str, tuple[dict[str, Any], str]] = {
    "debug with https": ({"DEBUG": True}, "DJANGO_DEBUG"),
    "debug for others": ({"DEBUG": True, "HTTPS": False}, "DJANGO_DEBUG"),
    "demo for others": ({"DEMO": True, "HTTPS": False}, "去掉 DEMO"),
    "no https": ({"HTTPS": False}, "HTTPS"),
    "any host": ({"ALLOWED_HOSTS": ["*"]}, "DJANGO_ALLOWED_HOSTS"),
    "no host": ({"ALLOWED_HOSTS": []}, "DJANGO_ALLOWED_HOSTS"),
    "short key": ({"SECRET_KEY": "x7Gq"}, "DJANGO_SECRET_KEY"),
    "dull key": ({"SECRET_KEY": "ab" * 40}, "DJANGO_SECRET_KEY"),
    "known key": ({"SECRET_KEY": "django-insecure-" + KEY}, "DJANGO_SECRET_KEY"),
    "known old key": ({"SECRET_KEY_FALLBACKS": ["change-me-" + KEY]}, "DJANGO_SECRET_KEY"),
    "no data folder": ({"DATA_DIR": "/nowhere"}, "/nowhere"),
}


@pytest.mark.case("G10")
@pytest.mark.dengbao("入侵防范 a")
@pytest.mark.asvs("14.1.3")
@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_setting_is_refused_with_one_sentence(safe: Any, name: str) -> None:
    assert told(safety.modes, safety.hosts, safety.key, safety.data_folder) == []
    changes, word = UNSAFE[name]
    for setting, value in changes.items():
        setattr(safe, setting, value)
    found = told(safety.modes, safety.hosts, safety.key, safety.data_folder)
    assert len(found) == 1 and word in found[0], found
    assert re.fullmatch(r"[^。\n]+；[^。\n]+。", found[0]), "是什么；怎么办。"


@pytest.mark.case("G10")
def test_data_that_others_may_read_is_refused(safe: Any, tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    assert any("chmod 700" in sentence for sentence in told(safety.data_folder))
    safe.DEMO = True
    assert told(safety.data_folder) == []


@pytest.mark.case("C17")
def test_a_full_disk_and_missing_fonts_are_told_but_do_not_stop_the_start(safe: Any) -> None:
    with patch("shutil.disk_usage", return_value=type("Usage", (), {"free": 1})):
        (message,) = safety.checked(safety.data_folder)
    assert not message.is_serious() and "快满了" in message.msg
    with (
        patch("evaluations.exports.fonts.faces", return_value=[]),
        patch("evaluations.exports.fonts._loads", return_value=False),
    ):
        found = safety.checked(safety.printing)
    assert not any(message.is_serious() for message in found)
    assert {"libharfbuzz-subset0", "仿宋", "楷体"} <= set(
        re.findall(r"libharfbuzz-subset0|仿宋|楷体", str(found))
    )


@pytest.mark.case("C17")
def test_read_only_data_is_refused(safe: Any) -> None:
    with patch("os.access", return_value=False):
        assert ["只读" in sentence for sentence in told(safety.data_folder)] == [True]


# ---- clock ----


@pytest.mark.case("C17", "W9")
@pytest.mark.django_db
def test_a_clock_that_ran_backwards_is_refused_until_somebody_has_looked(settings: Any) -> None:
    assert told(safety.latest_record, safety.clock) == []
    with time_machine.travel(datetime.now(UTC) + timedelta(days=3)):
        record_event(action="login", label="登录", user=None)
    (sentence,) = told(safety.latest_record)
    assert "早于最近一条记录" in sentence
    settings.CLOCK_REVIEWED = True
    assert told(safety.latest_record) == []
    with time_machine.travel(datetime(1999, 1, 1, tzinfo=UTC)):
        assert "1999-01-01" in told(safety.clock)[0]


# ---- database ----


@contextmanager
def answers(**changed: Any) -> Iterator[None]:
    """The database answers otherwise when asked for these settings."""
    ask = safety.asked

    def asked(sql: str) -> Any:
        return next((value for word, value in changed.items() if word in sql), None) or ask(sql)

    with patch.object(safety, "asked", asked):
        yield


@pytest.mark.case("G10")
@pytest.mark.django_db
def test_the_database_of_the_tests_is_safe() -> None:
    assert told(safety.database) == []


@pytest.mark.case("G10")
@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="settings of SQLite")
def test_sqlite_without_its_settings_is_refused(settings: Any, tmp_path: Path) -> None:
    with answers(journal_mode="delete", synchronous=1):
        (sentence,) = told(safety.sqlite)
    assert "journal_mode、synchronous" in sentence
    with patch.object(sqlite3, "sqlite_version_info", (3, 31, 0)):
        assert "升级" in told(safety.sqlite)[0]
    with patch.object(safety, "filesystem_of", return_value="nfs4"):
        assert "网络磁盘" in told(safety.sqlite)[0]
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "1 0 8:1 / / rw - ext4 /dev/sda rw\n2 1 0:5 / /srv/data rw shared:1 - nfs4 server:/data rw\n"
    )
    assert safety.filesystem_of(Path("/srv/data/db.sqlite3"), mounts) == "nfs4"
    assert safety.filesystem_of(Path("/srv/database"), mounts) == "ext4"


@pytest.mark.case("G10")
@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="settings of PostgreSQL")
@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ({"fsync": "off"}, "fsync"),
        ({"full_page_writes": "off"}, "full_page_writes"),
        ({"synchronous_commit": "off"}, "synchronous_commit"),
        ({"server_encoding": "SQL_ASCII"}, "SQL_ASCII"),
        ({"server_version_num": "130005"}, "14 以上"),
        ({"clock_timestamp": datetime(2025, 1, 1, tzinfo=UTC)}, "时间源"),
    ],
)
def test_postgresql_that_may_lose_data_is_refused(answer: dict[str, Any], word: str) -> None:
    with answers(**answer):
        (sentence,) = told(safety.postgresql)
    assert word in sentence


@pytest.mark.case("G10")
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="a real database with C as its character types")
def test_a_database_that_knows_no_chinese_is_refused() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS of_c")
        cursor.execute("CREATE DATABASE of_c TEMPLATE template0 LOCALE 'C' LOCALE_PROVIDER libc")
    name = connection.settings_dict["NAME"]
    try:
        connection.close()
        connection.settings_dict["NAME"] = "of_c"
        assert any("C.UTF-8" in sentence for sentence in told(safety.postgresql))
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE of_c")


@pytest.mark.case("C17")
@pytest.mark.django_db
def test_a_database_that_is_away_or_behind_is_refused() -> None:
    with patch.object(safety, "pending_migrations", return_value=["units.0009_more"]):
        assert ["manage.py migrate" in sentence for sentence in told(safety.database)] == [True]
    with patch.object(
        connections["default"], "ensure_connection", side_effect=sqlite3.OperationalError("unable to open")
    ):
        (sentence,) = told(safety.database)
    assert "连不上数据库（unable to open）" in sentence


# ---- the real start ----


def starts(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "import config.wsgi"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.mark.case("G10", "C17")
def test_the_server_itself_refuses_with_sentences_and_without_traceback(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    done = starts(production(tmp_path, DJANGO_SECRET_KEY="", HTTPS="false"))
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("拒绝启动：没有密钥") and "Traceback" not in done.stderr
    done = starts(production(tmp_path, DJANGO_SECRET_KEY="short", HTTPS="false", DJANGO_ALLOWED_HOSTS="*"))
    assert done.returncode == 3 and "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    assert len([line for line in lines if line.startswith("拒绝启动：")]) >= 4, lines
    public = production(tmp_path, BIND="0.0.0.0:80")
    command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py"]
    done = subprocess.run(command, cwd=ROOT, env=public, capture_output=True, text=True)
    assert done.returncode == 3 and "前面放 nginx" in done.stderr


@pytest.mark.case("G10")
@pytest.mark.asvs("14.1.3")
@pytest.mark.django_db(transaction=True)
def test_check_deploy_is_clean_with_production_settings(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    given = production(tmp_path, DATABASE_URL=database_url())
    if not (ROOT / "build/static/staticfiles.json").exists():
        manage(given, "collectstatic", "--noinput", "--verbosity", "0", check=True)
    done = manage(given, "check", "--deploy", "--database", "default", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


# ---- probes and the server in front ----


@pytest.mark.django_db
def test_readiness_says_only_yes_or_no(client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    ready = reverse("units:readyz")
    answer = client.get(ready)
    assert (answer.status_code, answer.content) == (200, b"ok")
    with (
        patch.object(safety, "_migrated", []),
        patch.object(safety, "pending_migrations", return_value=["x"]),
    ):
        answer = client.get(ready)
        assert (answer.status_code, answer.content) == (503, b"no")
    with patch.object(safety, "asked", side_effect=safety.AnyDatabaseError("secret.host is down")):
        answer = client.get(ready)
        assert (answer.status_code, answer.content) == (503, b"no")
        assert client.get(reverse("units:healthz")).status_code == 200


@pytest.mark.case("A15")
def test_only_the_server_in_front_says_where_a_request_comes_from() -> None:
    assert client_address("6.6.6.6, 10.1.2.3") == "10.1.2.3"
    assert client_address("x\n, <b>") == client_address("") == ""
    seen: dict[str, Any] = {}

    def product(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ)
        return []

    forged = {"HTTP_X_FORWARDED_FOR": "6.6.6.6", "wsgi.url_scheme": "http"}
    in_front(product, tls_gateway=False)({"REMOTE_ADDR": "10.9.9.9", **forged}, print)
    assert (seen["REMOTE_ADDR"], seen["wsgi.url_scheme"]) == ("10.9.9.9", "http")
    in_front(product, tls_gateway=True)({"REMOTE_ADDR": "", **forged}, print)
    assert (seen["REMOTE_ADDR"], seen["wsgi.url_scheme"]) == ("6.6.6.6", "https")
