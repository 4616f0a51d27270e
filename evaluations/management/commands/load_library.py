"""manage.py load_library：存入起步的指标库；可以重复运行，已有的编号不动。"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evaluations.services.library import load_library

from . import PACKS, plain_errors


class Command(BaseCommand):
    help = "存入起步的指标库；已有的编号不动，可以重复运行"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", default=PACKS / "library.toml")

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            made = load_library(path=options["file"])
        self.stdout.write(f"新增 {made} 条指标。" if made else "指标库里都有了，没有新增。")
