"""manage.py export_pack KEY DIR：把方案写成文件夹，与存入正好互逆。"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evaluations.services.packs import latest_pack, write_folder

from . import plain_errors


class Command(BaseCommand):
    help = "把数据库里的方案写成文件夹"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key")
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            pack = latest_pack(options["key"])
            write_folder(pack, options["folder"])
        self.stdout.write(f"已写出 {pack} 到 {options['folder']}")
