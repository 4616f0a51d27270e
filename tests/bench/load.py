"""A thousand clerks at once: the product under gunicorn, the load from wrk, the count from the database."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from evaluations.core.workflow import Role
from evaluations.models import Edit, Submission
from evaluations.selectors import read
from tests.conftest import PACK_FOLDER, fixture_json
from tests.crash.records import half_written
from tests.server import Server, signed_in

SCRIPT = Path(__file__).with_name("clerks.lua")
FORM = "department"
CELLS = ("资金.年初预算数", "资金.全年预算数", "资金.全年执行数", "来源.一般公共预算")
"""一个单位四个人，各填一格。"""
SECONDS_TO_ANSWER = 12
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Clerk:
    """一个人：会话、他的材料和那一格。"""

    headers: dict[str, str]
    submission: Any
    address: str

    def line(self, number: int, run: int, stored: str) -> str:
        path = reverse("evaluations:save", args=[self.submission.pk, FORM])
        first = number * 100_000 + run * 1_000
        given = self.headers["Cookie"], self.headers["X-CSRFToken"], path, self.address, stored, str(first)
        return "\t".join(given) + "\n"


@transaction.atomic
def make_units(count: int) -> list[Any]:
    """若干单位，各存入一份示例材料。"""
    from evaluations.services.packages import import_package
    from evaluations.services.packs import issue, open_round, store_pack
    from units.models import Department

    pack = store_pack(folder=PACK_FOLDER)
    open_round(pack=pack, name="2024年度自评", deadline=timezone.now() + timedelta(days=10))
    task = pack.rounds.get()
    bureau = Department.objects.create(code="001", name="云湖市财政局", kind=Department.Kind.BUREAU)
    data = fixture_json("2024-yueyang-package")
    made = []
    for number in range(count):
        unit = Department.objects.create(code=f"U{number:04}", name=f"云湖市第{number}局", parent=bureau)
        issue(task=task, departments=[unit])
        made.append(
            import_package(data=data | {"department": {"code": unit.code, "name": unit.name}}, pack=pack)
        )
    return made


@transaction.atomic
def make_clerks(submissions: Iterable[Any]) -> list[Clerk]:
    return [Clerk(signed_in(make_user(f"{submission.department.code}-{number}", submission)), submission, address)
            for number, address in enumerate(CELLS) for submission in submissions]  # fmt: skip


def make_user(username: str, submission: Any) -> Any:
    from units.services import appoint, create_user

    user = create_user(username=username, display_name=f"填报人{username}")
    appoint(user=user, department=submission.department, role=Role.PREPARER, since=date(2024, 1, 1))
    return user


def run(clerks: Sequence[Clerk], seconds: int, number: int) -> dict[str, float]:
    """一次：这些人各每 5 秒存一次，共 ``seconds`` 秒；时延（毫秒）、次数、各方的 CPU 秒，和丢了几次。"""
    before = Edit.objects.count()
    with tempfile.TemporaryDirectory() as folder, Server(workers=2, threads=4) as server:
        lines, report = Path(folder) / "clerks", Path(folder) / "report"
        lines.write_text("".join(_lines(clerks, number)), encoding="utf-8")
        given = {"CLERKS": str(lines), "REPORT": str(report), "SECONDS": str(seconds)}
        spent = _cpu(server.worker_pids()), _cpu(database_pids())
        own = _wrk(server, len(clerks), seconds, given)
        found: dict[str, float] = json.loads(report.read_text())
        found |= {"wrk_cpu": own, "web_cpu": _cpu(server.worker_pids()) - spent[0],
                  "database_cpu": _cpu(database_pids()) - spent[1]}  # fmt: skip
    stored = Edit.objects.count() - before
    found |= {"rate": found["acknowledged"] / seconds, "stored": stored, "clerks": len(clerks)}
    found["lost"] = max(0, found["acknowledged"] - stored) + len(_broken(clerks))
    return found


def _lines(clerks: Sequence[Clerk], run_number: int) -> Iterable[str]:
    facts = {
        clerk.submission.pk: read(Submission.objects.get(pk=clerk.submission.pk)).facts for clerk in clerks
    }
    for number, clerk in enumerate(clerks, 1):
        node, key = facts[clerk.submission.pk].locate(clerk.address)
        yield clerk.line(number, run_number, node.fields[key].to_text(node.value(key)))


def _broken(clerks: Sequence[Clerk]) -> list[str]:
    """与修改记录对不上的格。"""
    submissions = {clerk.submission.pk: clerk.submission for clerk in clerks}
    return [problem for submission in submissions.values() for problem in half_written(submission)]


def _wrk(server: Server, connections: int, seconds: int, given: dict[str, str]) -> float:
    """运行 wrk；返回它自己用的 CPU 秒。"""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 16_384)), hard))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds + SECONDS_TO_ANSWER}s", "--timeout", "20s"]
    command += ["-s", str(SCRIPT), server.url]
    started = subprocess.Popen(command, env={**os.environ, **given}, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(started.pid, 0)
    started.returncode = os.waitstatus_to_exitcode(status)
    if started.returncode:
        raise RuntimeError(f"wrk 出错，退出码 {started.returncode}。")
    return used.ru_utime + used.ru_stime


def database_pids() -> list[int]:
    """PostgreSQL 的各个进程；SQLite 就在网站进程里，没有。"""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting FROM pg_settings WHERE name = 'data_directory'")
        master = int((Path(cursor.fetchone()[0]) / "postmaster.pid").read_text().split()[0])
    return [master, *map(int, Path(f"/proc/{master}/task/{master}/children").read_text().split())]


def _cpu(pids: Iterable[int]) -> float:
    """这些进程（连同已结束的子进程）用过的 CPU 秒。"""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15]))
    return total / TICKS
