"""一边有人填，一边备份；恢复到空库，逐行、逐个文件、审计链都一样，备份以前确认过的一格不少。"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, connections

from evaluations.models import Event
from evaluations.services.backup import back_up, differences_now, restore
from evaluations.services.backup.manifest import MANIFEST, read_manifest
from evaluations.services.backup.stores import store_of
from evaluations.services.entry import Change, save_cells
from evaluations.services.problems import Refused
from tests.conftest import ROOT, City
from tests.postgres import PROGRAMS, site_packages

pytestmark = pytest.mark.django_db(transaction=True)
SQLITE = connection.vendor == "sqlite"
RESTORED = "restored"
BEFORE = 5


@pytest.fixture
def place(tmp_path: Path, settings: Any) -> Path:
    """数据目录、文件、锚点都放在临时的地方。"""
    settings.DATA_DIR, settings.ANCHOR_DIR = tmp_path, tmp_path / "anchors"
    settings.PG_BIN = str(site_packages() / PROGRAMS / "bin")
    storages = {**settings.STORAGES}
    storages["default"] = {
        **storages["default"],
        "OPTIONS": {"location": tmp_path / "files", "base_url": None},
    }
    settings.STORAGES = storages
    (tmp_path / "files" / "2024").mkdir(parents=True)
    (tmp_path / "files" / "2024" / "依据.pdf").write_bytes(b"%PDF-1.7 " + bytes(range(256)))
    return tmp_path


@pytest.fixture
def empty_place(
    place: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], dict[str, str]]]:
    """把设置指到一个空的地方；返回那里的环境变量。PostgreSQL 上是一个新建的库。"""
    config, there = settings.DATABASES["default"], place / "there"
    if not SQLITE:
        _on_server(f"CREATE DATABASE {RESTORED} ENCODING 'UTF8' TEMPLATE template0")

    def go() -> dict[str, str]:
        monkeypatch.setitem(config, "NAME", str(there / "db.sqlite3") if SQLITE else RESTORED)
        settings.STORAGES["default"]["OPTIONS"]["location"] = there / "files"
        host = quote(config.get("OPTIONS", {}).get("host", ""), safe="")
        return {} if SQLITE else {"DATABASE_URL": f"postgres://postgres@/{RESTORED}?host={host}"}

    yield go
    if not SQLITE:
        connections.close_all()
        _on_server(f"DROP DATABASE {RESTORED}")


def _on_server(statement: str) -> None:
    given = {**connection.get_connection_params(), "dbname": "postgres"}
    given = {name: given[name] for name in ("host", "user", "dbname") if name in given}
    with psycopg.connect(**given, autocommit=True) as server:
        server.execute(statement.encode())


class Clerk(threading.Thread):
    """一直在填的人；``acknowledged`` 是得到确认的值。"""

    def __init__(self, submission: Any, user: Any, start: int) -> None:
        super().__init__(daemon=True)
        self.submission, self.user, self.number, self.was = submission, user, start, ""
        self.acknowledged: list[str] = []
        self.stopping = False

    def run(self) -> None:
        while not self.stopping:
            self.number += 1
            change = Change("资金.全年执行数", str(self.number), was=self.was)
            saved = save_cells(submission_id=self.submission.pk, user=self.user, changes=[change])
            assert saved.written, saved
            self.was = str(self.number)
            self.acknowledged.append(self.was)
            time.sleep(0.005)  # people breathe between two cells
        connections.close_all()

    def wait_for(self, count: int) -> None:
        while len(self.acknowledged) < count and self.is_alive():
            self.join(0.01)


@pytest.mark.case("C16", "C7")
@pytest.mark.dengbao("数据备份恢复 a", "数据完整性 b")
def test_a_backup_while_people_write_restores_to_the_same_rows_files_and_chain(
    city: City, place: Path, empty_place: Any, settings: Any
) -> None:
    clerks = [
        Clerk(city.submission, city.preparer, 1_000),
        Clerk(city.other_submission, city.other_preparer, 2_000),
    ]
    for clerk in clerks:
        clerk.start()
    for clerk in clerks:
        clerk.wait_for(BEFORE)
    promised = [value for clerk in clerks for value in clerk.acknowledged]
    made, manifest = back_up(to=place / "backups", keep=2)
    after = [len(clerk.acknowledged) for clerk in clerks]
    for clerk, count in zip(clerks, after, strict=True):
        clerk.wait_for(count + 2)
        clerk.stopping = True
        clerk.join(20)
    assert differences_now(made), "备份以后又填了，应当看得出不同"
    call_command("anchor", stdout=StringIO())
    last = json.loads((place / "last_backup.json").read_text())
    assert last["ok"] and last["path"] == str(made) and last["bytes"] > manifest["bytes"] and last["time"]
    assert Event.objects.filter(action="backup", reason=made.name).exists()

    environment = empty_place()
    assert restore(folder=made) == []
    assert differences_now(made) == []
    with store_of(settings.DATABASES["default"]).reading() as reader:
        kept = {new for (new,) in reader.ask("SELECT new FROM evaluations_edit")}
    assert set(promised) <= kept
    done = _verify(place / "there", place / "no-anchors", environment)
    assert done.returncode == 0 and "全部相符" in done.stdout, done.stdout + done.stderr
    done = _verify(place / "there", settings.ANCHOR_DIR, environment)
    assert done.returncode == 1 and "恢复了比锚点早的备份" in done.stdout
    with pytest.raises(Refused, match="已经有表"):
        restore(folder=made)


def _verify(data: Path, anchors: Path, environment: dict[str, str]) -> Any:
    """另起一个进程，像恢复的那台机器一样核对。"""
    given = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATA_DIR": str(data),
        "ANCHOR_DIR": str(anchors),
        **environment,
    }
    command = [sys.executable, "manage.py", "verify", "--quick"]
    return subprocess.run(command, cwd=ROOT.parent, env=given, capture_output=True, text=True, check=False)


def test_a_damaged_backup_is_refused_before_anything_is_touched(
    city: City, place: Path, empty_place: Any
) -> None:
    made, _ = back_up(to=place / "backups", keep=2)
    store = read_manifest(made)["database"]
    damages: list[tuple[Path, str]] = [
        (made / store, "备份坏了"),
        (made / "files" / "2024" / "依据.pdf", "文件与清单不同"),
        (made / MANIFEST, "读不了"),
    ]
    empty_place()
    for path, words in damages:
        whole = path.read_bytes()
        path.write_bytes(whole[:-20])
        with pytest.raises(Refused, match=words):
            restore(folder=made)
        path.write_bytes(whole)
    assert not (place / "there").exists()
    with pytest.raises(Refused, match="不是完整的备份"):
        restore(folder=place / "backups")


def test_a_failed_backup_leaves_no_half_and_is_noted(
    city: City, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("evaluations.services.backup.backing.describe", full)
    with pytest.raises(OSError, match="No space"):
        back_up(to=place / "backups", keep=2)
    assert list((place / "backups").iterdir()) == []
    last = json.loads((place / "last_backup.json").read_text())
    assert not last["ok"] and "No space" in last["error"]


def test_only_the_last_backups_are_kept_and_others_folders_are_left(city: City, place: Path) -> None:
    folder = place / "backups"
    for name in ("backup-20200101-000000", "backup-20210101-000000", "别的"):
        (folder / name).mkdir(parents=True)
    made, _ = back_up(to=folder, keep=2)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["backup-20210101-000000", made.name, "别的"]
    )


@pytest.mark.skipif(not SQLITE, reason="--into 只用于 SQLite")
def test_a_backup_is_put_beside_for_a_look(city: City, place: Path) -> None:
    made, _ = back_up(to=place / "backups", keep=2)
    out = StringIO()
    call_command("restore", str(made), "--into", str(place / "look"), stdout=out)
    assert "都与备份相同" in out.getvalue() and (place / "look" / "files" / "2024" / "依据.pdf").exists()
    with pytest.raises(Refused, match="不是空的"):
        restore(folder=made, into=place / "look")
