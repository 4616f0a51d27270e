"""manage.py remove_demo --yes：删去全部演示数据，只留空库。"""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from evaluations.guards import guards_off
from evaluations.services.demo import check_removable

from . import plain_errors


class Command(BaseCommand):
    help = "删去演示环境的全部数据，留下空库（要写 --yes）"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help="确实要删；删了找不回来")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("只能在演示环境里删。正式的数据库请按备份恢复的办法处理。")
        with plain_errors():
            check_removable()
        if not options["yes"]:
            raise CommandError(
                "会删去这个演示库里的全部单位、人员、材料和记录，找不回来。确实要删，请加 --yes。"
            )
        with guards_off():
            call_command("flush", interactive=False, verbosity=0)
        self.stdout.write("演示数据已全部删去，登录的都已退出。再要演示：make demo。")
