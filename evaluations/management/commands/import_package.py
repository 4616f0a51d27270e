"""manage.py import_package FILE：存成它的单位和年度的草稿，最后一行只印编号。"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evaluations.core.interchange import loads
from evaluations.services.packages import import_package
from evaluations.services.packs import latest_pack

from . import add_pack_argument, plain_errors


class Command(BaseCommand):
    help = "把一套材料（交换格式的 JSON）存成草稿；方案要先用 load_pack 存入"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        add_pack_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            data = loads(options["file"].read_bytes())
            pack = latest_pack(options["pack"] or str(data.get("pack", "")))
            submission = import_package(data=data, pack=pack)
        self.stdout.write(f"已存为草稿：{submission}")
        self.stdout.write(str(submission.pk))
