"""密码：初始密码的样子，和设置里各条规则以外的一条。"""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.core.exceptions import ValidationError

from .models import User

INITIAL_HOURS = 72
INITIAL_VALID = timedelta(hours=INITIAL_HOURS)
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""没有容易看错的 0 o 1 l i。"""


def random_password() -> str:
    """一个初始密码：三组四个字，抄写不易错。"""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))


class NotOwnNameValidator:
    """密码里不能有账号、姓名。"""

    def validate(self, password: str, user: User | None = None) -> None:
        """不合规则时抛 ``ValidationError``。"""
        if user is None:
            return
        plain = password.casefold()
        for label, text in (("账号", user.username), ("姓名", user.display_name)):
            if len(text) >= 2 and text.casefold() in plain:
                raise ValidationError(f"密码里不能有您的{label}“{text}”。", code="password_has_name")

    def get_help_text(self) -> str:
        """改密码的页面上写的话。"""
        return "密码里不能有您的账号、姓名。"
