"""manage.py demo：演示环境。装方案、建云湖市和账号、做两年的材料、做出示例文件，印出账号。"""

from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from evaluations.core.interchange import loads
from evaluations.exports.documents import WRITERS, choose
from evaluations.exports.problems import ExportProblem
from evaluations.services.demo import ACCOUNTS, PASSWORD, build_city, unit_lines
from evaluations.services.library import load_library

from . import PACKS, plain_errors
from .render import facts_of

EXAMPLE = settings.BASE_DIR / "tests" / "fixtures" / "2024-yueyang-package.json"
OUT = settings.BASE_DIR / "build" / "demo"
PASTE = (
    ("公车购置", 0, 0, 0),
    ("公车运行维护", 2.4, 2.2, 2.1),
    ("出国经费", 0, 0, 0),
    ("公务接待", 0.6, 0.5, 0.45),
    ("项目支出（合计，系统算，粘贴时跳过）", 348.65, 94.8, 89.8),
    ("业务工作经费", 260.4, 70.2, 66.5),
)
"""粘贴示例：基础数据表从“公车购置”起的六行三列。"""


class Command(BaseCommand):
    help = "准备演示环境（可重复运行，已有的不动）"

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("演示数据只能放进演示环境。请用 make demo，或设置 DEMO=1。")
        with plain_errors():
            build_city(pack_folder=PACKS / "2024-yueyang", example=loads(EXAMPLE.read_bytes()))
            load_library(path=PACKS / "library.toml")
        OUT.mkdir(parents=True, exist_ok=True)
        self._documents()
        self._paste_block()
        self._print_accounts()

    def _documents(self) -> None:
        """示例材料的 PDF 和 Excel；缺字体或库时说明，演示照常进行。"""
        facts = facts_of(str(EXAMPLE), "")
        for kind in ("pdf", "xlsx"):
            path = OUT / f"2024年度部门整体支出绩效自评表.{kind}"
            try:
                path.write_bytes(WRITERS[kind](facts, choose(facts, "department")))
            except ExportProblem as problem:
                self.stderr.write(f"没有做出 {path.name}：{problem}")
            else:
                self._made("示例文件", path)

    def _paste_block(self) -> None:
        """一块可以复制的金额，试整块粘贴和撤销。"""
        path = OUT / "粘贴示例.xlsx"
        with xlsxwriter.Workbook(path) as workbook:
            sheet = workbook.add_worksheet("粘贴示例")
            money = workbook.add_format({"num_format": "#,##0.00"})
            sheet.set_column(0, 0, 38)
            sheet.set_column(1, 3, 14)
            sheet.write(0, 0, "选中 B3:D8 复制，到基础数据表“公车购置”的上年决算数一格粘贴；Ctrl+Z 撤销。")
            sheet.write_row(1, 0, ("单位：万元", "上年决算数", "本年预算数", "本年决算数"))
            for row, (name, *amounts) in enumerate(PASTE, 2):
                sheet.write(row, 0, name)
                sheet.write_row(row, 1, amounts, money)
        self._made("粘贴示例", path)

    def _made(self, what: str, path: Path) -> None:
        self.stdout.write(f"{what}：{path.relative_to(settings.BASE_DIR)}")

    def _print_accounts(self) -> None:
        self.stdout.write(f"\n演示账号（密码都是 {PASSWORD}）：")
        for account in ACCOUNTS:
            self.stdout.write(f"  {account.username:<10}{account.display_name}　{account.line}")
        self.stdout.write("\n其他单位的填报人、负责人：")
        for name, state, preparer, head in unit_lines():
            self.stdout.write(f"  {preparer:<12}{head:<14}{state}　{name}")
        self.stdout.write("\n不要演示数据了：make remove-demo\n")
