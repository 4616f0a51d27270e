"""manage.py export_audit 文件夹：写出全部审计记录，连同独立的核对程序。"""

import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evaluations import audit_verifier
from evaluations.audit import LINES, steady
from evaluations.services.auditing import note_export
from evaluations.services.problems import Refused

from . import plain_errors


class Command(BaseCommand):
    help = "写出全部事件、修改记录、快照（JSON 行），和一个不用装本系统的核对程序"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="空的或还没有的文件夹")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        with plain_errors():
            if folder.exists() and any(folder.iterdir()):
                raise Refused(f"{folder} 不是空的，没有写。请另给一个文件夹。")
            note_export(user=None, to="jsonl", filters={"folder": folder.name})
            folder.mkdir(parents=True, exist_ok=True)
            with steady():
                counts = {
                    name: self._write(folder / f"{name}.jsonl", lines()) for name, lines in LINES.items()
                }
            shutil.copyfile(audit_verifier.__file__, folder / "audit_verifier.py")
        self.stdout.write(
            f"写出事件 {counts['events']} 条、修改记录 {counts['edits']} 条、快照 {counts['snapshots']} 份，在 {folder}。\n"
            f"核对：python3 {folder}/audit_verifier.py {folder} 锚点的文件夹"
        )

    def _write(self, path: Path, lines: Any) -> int:
        count = 0
        with path.open("w", encoding="utf-8", newline="\n") as stream:
            for line in lines:
                stream.write(line)
                count += 1
        return count
