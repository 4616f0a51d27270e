"""manage.py backup：备份数据库和文件，连同清单。由定时任务每天运行。"""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from evaluations.services.backup import back_up

from . import plain_errors


class Command(BaseCommand):
    help = "备份数据库和文件；有人在写也可以做"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, help="放在哪个文件夹，默认 DATA_DIR/backups；应是另一块盘")
        parser.add_argument("--keep", type=int, default=14, help="留最近几份，默认 14")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["keep"] < 1:
            raise CommandError("--keep 至少是 1。")
        with plain_errors():
            made, manifest = back_up(
                to=options["to"] or Path(settings.DATA_DIR) / "backups", keep=options["keep"]
            )
        rows = sum(count for count, _ in manifest["tables"].values())
        self.stdout.write(
            f"备份好了：{made}，{len(manifest['tables'])} 张表 {rows} 行，{len(manifest['files'])} 个文件，"
            f"{manifest['bytes'] / 1_000_000:.1f} MB，用了 {manifest['seconds']} 秒。"
        )
