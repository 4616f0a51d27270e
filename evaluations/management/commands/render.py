"""manage.py render FILE|ID --form KEY|all --to pdf|xlsx|html --out PATH：官方文件。"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evaluations.core.facts import Facts
from evaluations.core.interchange import loads, read_package
from evaluations.exports.documents import WRITERS, choose
from evaluations.selectors import read
from evaluations.services.packages import find_submission

from . import add_pack_argument, find_pack, plain_errors


class Command(BaseCommand):
    help = "把一套材料（文件或编号）做成官方文件"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", help="交换格式的 JSON 文件，或已存材料的编号")
        add_pack_argument(parser)
        parser.add_argument("--form", default="all", help="表的键，或 all")
        parser.add_argument("--to", choices=sorted(WRITERS), required=True)
        parser.add_argument("--out", type=Path, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            facts = facts_of(options["source"], options["pack"])
            data = WRITERS[options["to"]](facts, choose(facts, options["form"]))
            options["out"].parent.mkdir(parents=True, exist_ok=True)
            options["out"].write_bytes(data)
        self.stdout.write(f"已写出 {options['out']}（{len(data):,} 字节）")


def facts_of(source: str, pack_name: str) -> Facts:
    """文件里的材料，或数据库里的材料（送审后取快照）。"""
    path = Path(source)
    if path.is_file() or "." in source or "/" in source:
        data = loads(path.read_bytes())
        pack = find_pack(pack_name or str(data.get("pack", "")))
        return Facts(pack, read_package(data, pack))
    return read(find_submission(source)).facts
