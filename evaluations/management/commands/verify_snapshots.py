"""manage.py verify_snapshots：重算每份快照，报告与当时不符的。退出码 0 都相符、1 有不符。"""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from evaluations.core import ENGINE
from evaluations.verification import problems_of, snapshots

from . import plain_errors

SHOWN = 20


class Command(BaseCommand):
    help = "重算每份快照的摘要、计算值和核对结果，报告不符之处"

    def handle(self, *args: Any, **options: Any) -> None:
        checked, bad = 0, 0
        with plain_errors():
            for snapshot in snapshots().iterator(chunk_size=50):
                checked += 1
                found = list(problems_of(snapshot))
                if found:
                    bad += 1
                    self._report(snapshot, found)
        self.stdout.write(f"查了 {checked} 份快照，{checked - bad} 份相符，{bad} 份不符。")
        if bad:
            raise SystemExit(1)

    def _report(self, snapshot: Any, found: list[str]) -> None:
        at = timezone.localtime(snapshot.at)
        older = (
            f"（当时的程序是 {snapshot.engine} 版，现在是 {ENGINE} 版）" if snapshot.engine != ENGINE else ""
        )
        self.stdout.write(f"{snapshot.submission} {snapshot.action} {at:%Y-%m-%d %H:%M}{older}：")
        for line in found[:SHOWN]:
            self.stdout.write(f"  {line}")
        if len(found) > SHOWN:
            self.stdout.write(f"  还有 {len(found) - SHOWN} 处")
