"""系统页：说清每一项，试印说用时，不露填报内容；别的管理员看不到。"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config import safety
from evaluations import health
from evaluations.core.workflow import Role
from evaluations.exports.problems import ExportProblem
from tests.conftest import City

pytestmark = pytest.mark.django_db
SYSTEM = "evaluations:system"


@pytest.fixture
def administrator(city: City, people: Any, client: Client) -> Client:
    client.force_login(people("xitong", "系统", city.bureau, Role.SYSTEM_ADMIN))
    return client


def lines(name: str) -> list[health.Line]:
    return [line for group in health.report() for line in group.lines if line.name == name]


def test_the_page_says_how_everything_is_and_shows_no_form_data(city: City, administrator: Client) -> None:
    city.import_into("2024-yueyang-package")
    page = administrator.get(reverse(SYSTEM))
    text = page.content.decode()
    for word in (
        "自评系统",
        "数据库升级",
        "启动检查",
        "最近的备份",
        "PDF",
        "服务器时间",
        "数据目录的磁盘",
        "已登录的人",
    ):
        assert word in text, word
    assert "94.8" not in text and city.unit.name not in text
    assert reverse(SYSTEM) in administrator.get("/", follow=True).content.decode()


def test_the_trial_prints_a_page_and_says_how_long_it_took(administrator: Client) -> None:
    page = administrator.post(reverse("evaluations:system_pdf"), follow=True)
    assert "：第一次用了 " in page.content.decode()


def test_the_trial_says_what_is_missing(administrator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: Any) -> bytes:
        raise ExportProblem("这台机器缺少字体子集库，请管理员安装 libharfbuzz-subset0。")

    monkeypatch.setattr("evaluations.views.manage.system.list_pdf", fail)
    page = administrator.post(reverse("evaluations:system_pdf"), follow=True)
    assert "试印没有成功。这台机器缺少字体子集库" in page.content.decode()


@pytest.mark.dengbao("数据备份恢复 a")
def test_a_backup_that_is_missing_old_or_failed_is_red(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path

    def told(**changes: Any) -> str:
        given = {
            "time": timezone.now().isoformat(),
            "path": "/var/backups/jixiao/1",
            "bytes": 2_000_000,
            "ok": True,
        }
        (tmp_path / "last_backup.json").write_text(json.dumps(given | changes))
        (line,) = lines("最近的备份")
        return line.tone

    assert lines("最近的备份")[0].tone == health.ERR
    assert told() == health.OK
    assert told(ok=False) == health.ERR
    assert told(time=(timezone.now() - timedelta(days=2)).isoformat()) == health.WARN
    assert told(time=(timezone.now() - timedelta(days=4)).isoformat()) == health.ERR
    assert told(time="nonsense") == health.ERR
    (tmp_path / "last_backup.json").write_text("[1")
    assert lines("最近的备份")[0].tone == health.ERR
    assert all(line.advice for line in lines("最近的备份"))


def test_an_anchor_that_is_missing_or_old_is_amber(settings: Any, tmp_path: Path) -> None:
    settings.ANCHOR_DIR = tmp_path
    assert lines("审计锚点")[0].tone == health.WARN
    old, new = (
        json.dumps({"at": (timezone.now() - timedelta(days=days)).isoformat()}) + "\n" for days in (2, 0)
    )
    (tmp_path / "anchors.jsonl").write_text(old)
    assert lines("审计锚点")[0].tone == health.WARN
    (tmp_path / "anchors.jsonl").write_text(old + new)
    assert lines("审计锚点")[0].tone == health.OK


def test_whatever_is_wrong_comes_with_advice(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safety, "pending_migrations", lambda: ["units.0009"])
    monkeypatch.setattr(health, "lacking", lambda: ["缺少仿宋字体，请放进 build/fonts 或 FONT_DIR。"])
    monkeypatch.setattr(
        "shutil.disk_usage", lambda folder: type("U", (), {"free": 1, "total": 100, "used": 99})
    )
    wrong = [line for group in health.report() for line in group.lines if line.tone != health.OK]
    assert {"数据库升级", "PDF", "数据目录的磁盘", "临时目录的磁盘"} <= {line.name for line in wrong}
    assert all(line.advice.endswith("。") for line in wrong)
    assert health.tally(health.report())[health.ERR] >= 4
