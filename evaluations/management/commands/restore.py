"""manage.py restore 备份文件夹：放进空库、空文件夹，再逐行比一遍。"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evaluations.services.backup import restore

from . import plain_errors


class Command(BaseCommand):
    help = "把一份备份恢复到空库；库里有东西就不动"
    requires_system_checks: list[str] = []  # type: ignore[assignment]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="backup 做出来的文件夹")
        parser.add_argument("--into", type=Path, help="SQLite：恢复到另一个空文件夹，不动现在的")

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            found = restore(folder=options["folder"], into=options["into"])
        for line in found:
            self.stdout.write(f"不符：{line}")
        if found:
            raise SystemExit(1)
        self.stdout.write(
            "恢复好了，各表逐行、各文件、审计链的最后一条都与备份相同。请再运行 manage.py verify 与锚点核对。"
        )
