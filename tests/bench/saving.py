"""保存的目标：P10、P11，两种数据库各一遍。每种在自己的子进程里运行：``python -m tests.bench.saving``。

``BENCH_RUNS``、``BENCH_SECONDS`` 改 P11 的次数和每次的秒数（默认 3 次，60 秒）。
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.bench.measure import pairs, result

Result = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]
RUNS, SECONDS = (
    int(os.environ.get(name, given)) for name, given in (("BENCH_RUNS", "3"), ("BENCH_SECONDS", "60"))
)
CLERKS, FEWER = 1_000, (400, 200, 100, 50)
RATIO = {"postgresql": 4, "sqlite": 10}
P95 = {"postgresql": 100, "sqlite": 200}
NAMES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}
SAVES, ROUNDS = 5, 15
"""P10 每次计时存几次；交替几对。"""


def p10_p11_saving() -> list[Result]:
    """P10：一次保存对照裸事务。P11：一千人每 5 秒存一格。"""
    from tests.postgres import postgres

    found: list[Result] = []
    for database in (sqlite_file, postgres):
        with database() as url:
            how = {
                "env": {**os.environ, "DATABASE_URL": url},
                "cwd": ROOT,
                "check": True,
                "stdout": subprocess.PIPE,
            }
            ran = subprocess.run([sys.executable, "-m", "tests.bench.saving"], **how)
            found += json.loads(ran.stdout.splitlines()[-1])
    return sorted(found, key=lambda row: row["id"])


@contextmanager
def sqlite_file() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/bench.sqlite3"


def main() -> None:
    """一种数据库的两项，印成一行 JSON。"""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from django.core.management import call_command

    from tests.bench.load import CELLS, make_clerks, make_units

    call_command("migrate", verbosity=0)
    units = make_units(2 + CLERKS // len(CELLS))
    found = p10(*units[:2]) + p11(make_clerks(units[2:]))
    print(json.dumps(found, ensure_ascii=False))


def p10(ours: Any, theirs: Any) -> list[Result]:
    """P10：服务里存一格、存四格，连重算和核对；对照驱动里写同样的行。"""
    from tests.bench.load import CELLS

    return [_p10(ours, theirs, CELLS[:number]) for number in (1, len(CELLS))]


def _p10(ours: Any, theirs: Any, addresses: tuple[str, ...]) -> Result:
    from django.db import connection

    from tests.bench.bare import Bare
    from tests.bench.load import make_user

    user = make_user(f"p10-{len(addresses)}", ours)
    bare, numbers = Bare(theirs, user, addresses), count(1)
    save = _service(ours, user, addresses)
    own, rival = pairs(
        lambda: [save() for _ in range(SAVES)],
        lambda: [bare.save(str(next(numbers))) for _ in range(SAVES)],
        ROUNDS,
    )
    bare.close()
    ratio, goal = own.median / rival.median, RATIO[connection.vendor]
    _same_rows(ours, theirs, addresses)
    what = f"{SAVES} 次保存，各 {len(addresses)} 格（{NAMES[connection.vendor]}）"
    against = f"裸事务 {rival.median:.1f} ± {rival.spread:.1f} 毫秒，比 {ratio:.1f}"
    return result("P10", what, own, against, f"≤ {goal}", ratio <= goal)


def _service(submission: Any, user: Any, addresses: tuple[str, ...]) -> Callable[[], None]:
    """存一次，再像答复那样算全部的值和核对。"""
    from evaluations.models import Submission
    from evaluations.selectors import read
    from evaluations.services.entry import Change, save_cells

    def stored(address: str) -> str:
        node, key = read(Submission.objects.get(pk=submission.pk)).facts.locate(address)
        return node.fields[key].to_text(node.value(key))

    was = {address: stored(address) for address in addresses}
    numbers = count(1)

    def save() -> None:
        value = str(next(numbers))
        changes = [Change(address, value, was=was[address]) for address in addresses]
        saved = save_cells(submission_id=submission.pk, user=user, changes=changes)
        assert saved.written == list(addresses), saved
        assert [*saved.reading.facts.computed()] and saved.reading.findings
        was.update(dict.fromkeys(addresses, value))

    return save


def _same_rows(ours: Any, theirs: Any, addresses: tuple[str, ...]) -> None:
    """两边记下的修改一样多。"""
    counts = [[one.edits.filter(address=address).count() for address in addresses] for one in (ours, theirs)]
    assert counts[0] == counts[1], counts


def p11(clerks: list[Any]) -> list[Result]:
    """P11：最差的一次；达不到时再测人少一些能不能。"""
    from django.db import connection

    from tests.bench.load import run

    vendor = connection.vendor
    if shutil.which("wrk") is None:
        missing = {
            "ours": "没有测",
            "against": "没有装 wrk：apt install wrk",
            "goal": f"p95 < {P95[vendor]} 毫秒",
            "met": False,
        }
        return [{"id": "P11", "what": f"一千人同时填报（{NAMES[vendor]}）", **missing}]
    numbers = count(1)
    runs = [run(clerks, SECONDS, next(numbers)) for _ in range(RUNS)]
    worst = max(runs, key=lambda one: (one["lost"], one["p95"]))
    found = [_p11(vendor, worst)]
    for fewer in () if found[0]["met"] else FEWER:
        found.append(_p11(vendor, run(clerks[:fewer], max(10, SECONDS // 3), next(numbers))))
        if found[-1]["met"]:
            break
    return found


def _p11(vendor: str, run: dict[str, float]) -> Result:
    bad = {name: int(run[name]) for name in ("refused", "conflicts", "problems", "broken") if run[name]}
    met = run["p95"] < P95[vendor] and not run["lost"] and not bad and run["acknowledged"] > 0
    ours = f"p50 {run['p50']:.0f}、p95 {run['p95']:.0f}、p99 {run['p99']:.0f} 毫秒"
    used = f"CPU 秒：网站 {run['web_cpu']:.0f}、数据库 {run['database_cpu']:.0f}、wrk {run['wrk_cpu']:.1f}"
    told = f"每秒 {run['rate']:.0f} 次，确认 {run['acknowledged']:.0f} 次，存下 {run['stored']} 次，丢 {run['lost']:.0f} 次"
    against = f"{told}，出错 {bad or 0}；{used}"
    what = f"{run['clerks']} 人各每 5 秒存一格（{NAMES[vendor]}）"
    goal = f"p95 < {P95[vendor]} 毫秒，丢 0 次"
    return {
        "id": "P11",
        "what": what,
        "ours": ours,
        "against": against,
        "goal": goal,
        "met": met,
        "figures": run,
    }


if __name__ == "__main__":
    main()
