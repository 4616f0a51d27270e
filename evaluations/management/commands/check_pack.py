"""manage.py check_pack DIR：验证一个方案文件夹。"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evaluations.core.pack import load_folder

from . import plain_errors


class Command(BaseCommand):
    help = "验证一个方案文件夹，有错说清文件和位置"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            pack = load_folder(options["folder"])
        fields = sum(1 for scope in pack.schema.scopes() for _ in scope.all_fields())
        self.stdout.write(
            f"{pack.key}：{fields} 个字段，{len(pack.forms)} 张表，{len(pack.checks)} 条核对，没有问题。"
        )
