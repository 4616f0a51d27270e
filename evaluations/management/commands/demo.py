"""manage.py demo：演示环境。装方案、建云湖市和账号、开任务、做出示例材料的文件，印出账号。"""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from evaluations.core.interchange import loads
from evaluations.exports.documents import WRITERS, choose
from evaluations.exports.problems import ExportProblem
from evaluations.services.demo import ACCOUNTS, PASSWORD, build_city
from evaluations.services.library import load_library

from . import PACKS, plain_errors
from .render import facts_of

EXAMPLE = settings.BASE_DIR / "tests" / "fixtures" / "2024-yueyang-package.json"
OUT = settings.BASE_DIR / "build" / "demo"


class Command(BaseCommand):
    help = "准备演示环境（可重复运行，已有的不动）"

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("演示数据只能放进演示环境。请用 make demo，或设置 DEMO=1。")
        with plain_errors():
            build_city(pack_folder=PACKS / "2024-yueyang", example=loads(EXAMPLE.read_bytes()))
            load_library(path=PACKS / "library.toml")
        self._documents()
        self._print_accounts()

    def _documents(self) -> None:
        """示例材料的 PDF 和 Excel；缺字体或库时说明，演示照常进行。"""
        OUT.mkdir(parents=True, exist_ok=True)
        facts = facts_of(str(EXAMPLE), "")
        for kind in ("pdf", "xlsx"):
            path = OUT / f"2024年度部门整体支出绩效自评表.{kind}"
            try:
                path.write_bytes(WRITERS[kind](facts, choose(facts, "department")))
            except ExportProblem as problem:
                self.stderr.write(f"没有做出 {path.name}：{problem}")
            else:
                self.stdout.write(f"示例文件：{path.relative_to(Path.cwd())}")

    def _print_accounts(self) -> None:
        self.stdout.write(f"\n演示账号（密码都是 {PASSWORD}）：")
        for account in ACCOUNTS:
            self.stdout.write(f"  {account.username:<10}{account.display_name}　{account.line}")
