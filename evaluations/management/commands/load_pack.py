"""manage.py load_pack DIR：验证并存入一个方案，随即发布。"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evaluations.services.packs import store_pack

from . import plain_errors


class Command(BaseCommand):
    help = "验证一个方案文件夹，存入数据库并发布；内容有变就是新版本"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--draft", action="store_true", help="只存为草稿，不发布")

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            pack = store_pack(folder=options["folder"], publish=not options["draft"])
        self.stdout.write(f"已存入 {pack}，校验值 {pack.checksum[:12]}。")
        self.stdout.write(str(pack.pk))
