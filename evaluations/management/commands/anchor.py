"""manage.py anchor：写一条锚点，并印出来。每天一次，由定时任务运行。"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evaluations.services.anchoring import printed, write_anchor

from . import plain_errors


class Command(BaseCommand):
    help = "把各条审计链的最后一条记到 ANCHOR_DIR，并印出来（可接打印机）"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", default="", help="以前的锚点对不上时（恢复过备份），说明原因")

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            self.stdout.write(printed(write_anchor(reason=options["reason"])))
