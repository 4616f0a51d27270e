"""manage.py check_copies YEAR：把一个年度送审过的材料互相比一遍，列出有相同文字的。"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evaluations.services.copies import check_year

from . import plain_errors


class Command(BaseCommand):
    help = "把一个年度送审过的材料互相比一遍，列出与别的单位文字相同的；指纹一并重存"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("year", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            found = check_year(year=options["year"])
        for submission, count in found.items():
            self.stdout.write(f"{submission}：{count} 处与别的单位相同")
        self.stdout.write(f"比完了，{len(found)} 份材料有相同的文字。")
