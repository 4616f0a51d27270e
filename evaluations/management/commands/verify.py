"""manage.py verify：核对审计链、锚点、把守的触发器，重算快照；--backup 与一份备份比。退出码 0 相符、1 有不符。"""

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from evaluations import audit, guards
from evaluations.audit_verifier import told
from evaluations.services.backup import differences_now

from . import plain_errors


class Command(BaseCommand):
    help = "核对：审计链和锚点、触发器、快照；加 --backup 时与那份备份比"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--quick", action="store_true", help="不重算快照的计算值和核对结果")
        parser.add_argument("--backup", type=Path, help="再与这份备份逐表逐行、逐个文件比")

    def handle(self, *args: Any, **options: Any) -> None:
        bad = False
        with plain_errors():
            for table in guards.missing():
                bad = True
                self.stdout.write(
                    f"不符：表 {table} 的只增不改触发器缺了、停了或被改过。请查明谁动过数据库。"
                )
            report = audit.check()
            bad |= bool(report.problems)
            self.stdout.write("\n".join(told(report)))
            for line in differences_now(options["backup"]) if options["backup"] else ():
                bad = True
                self.stdout.write(f"与备份不同：{line}")
        if not options["quick"]:
            bad |= self._snapshots_differ()
        if bad:
            raise SystemExit(1)
        self.stdout.write("全部相符。")

    def _snapshots_differ(self) -> bool:
        try:
            call_command("verify_snapshots", stdout=self.stdout)
        except SystemExit as end:
            return bool(end.code)
        return False
