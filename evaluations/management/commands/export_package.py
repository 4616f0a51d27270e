"""manage.py export_package ID：写出一份材料（交换格式），与导入正好互逆。"""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evaluations.services.packages import export_package, find_submission

from . import plain_errors


class Command(BaseCommand):
    help = "写出一份材料的交换格式 JSON"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id")

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            data = export_package(find_submission(options["id"]))
        self.stdout.write(json.dumps(data, ensure_ascii=False, indent=1))
