"""manage.py rescue 账号：进不去的管理员在服务器上救急。"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from evaluations.services.account_security import rescue
from units.passwords import INITIAL_HOURS

from . import plain_errors


class Command(BaseCommand):
    help = "给一个账号新的初始密码，解除它的动态口令和锁定；记入审计"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="账号")

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors():
            made = rescue(username=options["username"])
        self.stdout.write(
            f"{made.display_name}（{made.username}）的初始密码：{made.password}\n"
            f"{INITIAL_HOURS} 小时内有效，登录后先改密码。动态口令已解除，锁定已解除。"
        )
