"""manage.py setup_code：印出首次设置要的设置码。"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evaluations.services.setup import is_new, setup_code


class Command(BaseCommand):
    help = "印出首次设置要的设置码；已经有账号时没有用"

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_new():
            raise CommandError("已经有账号了，不用再设置。")
        self.stdout.write(setup_code())
