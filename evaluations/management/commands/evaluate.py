"""manage.py evaluate FILE：算一遍、核对一遍。退出码 0 没有错误级问题，1 有，2 读不懂。"""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evaluations.core.evaluation import as_text, evaluate
from evaluations.core.interchange import loads, read_package

from . import add_pack_argument, find_pack, plain_errors


class Command(BaseCommand):
    help = "计算并核对一套材料（交换格式的 JSON），不登录、不用数据库里的内容"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="JSON 文件；- 为标准输入")
        add_pack_argument(parser)
        parser.add_argument(
            "--format", choices=["json", "text"], default="json", help="json 给程序，text 给人看"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            source = sys.stdin.buffer.read() if options["file"] == "-" else Path(options["file"]).read_bytes()
            data = loads(source)
            pack = find_pack(options["pack"] or str(data.get("pack", "")))
            result = evaluate(pack, read_package(data, pack))
        as_json = options["format"] == "json"
        self.stdout.write(json.dumps(result, ensure_ascii=False, indent=1) if as_json else as_text(result))
        raise SystemExit(1 if any(row["level"] == "error" for row in result["findings"]) else 0)
