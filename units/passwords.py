"""密码：初始密码的样子，和自己定的密码要合的规则。哪几条生效在设置里（DENGBAO_MODE）。"""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils import timezone

from .models import User

INITIAL_HOURS = 72
INITIAL_VALID = timedelta(hours=INITIAL_HOURS)
KEPT = 5
"""记住以前的几个密码。"""
WARN_DAYS = 7
"""到期前几天起提醒。"""
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""没有容易看错的 0 o 1 l i。"""


def random_password() -> str:
    """一个初始密码：三组四个字，抄写不易错。"""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))


class LengthValidator:
    """太短的不收；长得不像密码的也不收。"""

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most

    def validate(self, password: str, user: User | None = None) -> None:
        """不合规则时抛 ``ValidationError``。"""
        if len(password) < self.least:
            raise ValidationError(
                f"密码只有 {len(password)} 个字，至少要 {self.least} 个。", code="password_too_short"
            )
        if len(password) > self.most:
            raise ValidationError(
                f"密码有 {len(password)} 个字，最多 {self.most} 个。", code="password_too_long"
            )

    def get_help_text(self) -> str:
        """改密码的页面上写的话。"""
        return f"至少 {self.least} 个字。"


class CommonValidator(CommonPasswordValidator):
    """不能是常见的密码（Django 自带的两万个）。"""

    def get_help_text(self) -> str:
        """改密码的页面上写的话。"""
        return "不能是常见的密码。"


class KindsValidator:
    """大写、小写、数字、别的字符，四种里至少三种（等保三级，身份鉴别 a）。"""

    LEAST = 3

    def validate(self, password: str, user: User | None = None) -> None:
        """不合规则时抛 ``ValidationError``。"""
        kinds = {
            "大写" if one.isascii() and one.isupper() else
            "小写" if one.isascii() and one.islower() else
            "数字" if one.isascii() and one.isdigit() else "别的"
            for one in password
        }  # fmt: skip
        if len(kinds) < self.LEAST:
            raise ValidationError(
                "大写字母、小写字母、数字、符号，四种里至少要有三种。请再加一种。", code="password_too_plain"
            )

    def get_help_text(self) -> str:
        """改密码的页面上写的话。"""
        return "大写字母、小写字母、数字、符号，四种里至少三种。"


class NotOwnNameValidator:
    """密码里不能有账号、姓名、所在单位的名称。"""

    def validate(self, password: str, user: User | None = None) -> None:
        """不合规则时抛 ``ValidationError``。"""
        if user is None:
            return
        plain = password.casefold()
        units = user.appointments.values_list("department__name", flat=True) if not user._state.adding else ()
        names = [
            ("账号", user.username),
            ("姓名", user.display_name),
            *(("单位名称", name) for name in units),
        ]
        for label, text in names:
            if len(text) >= 2 and text.casefold() in plain:
                raise ValidationError(f"密码里不能有您的{label}“{text}”。", code="password_has_name")

    def get_help_text(self) -> str:
        """改密码的页面上写的话。"""
        return "不能有您的账号、姓名、单位名称。"


class NotUsedBeforeValidator:
    """不能是现在的，也不能是以前用过的五个（等保三级，身份鉴别 a）。"""

    def validate(self, password: str, user: User | None = None) -> None:
        """不合规则时抛 ``ValidationError``。"""
        if user is None or user._state.adding:
            return
        used = [user.password, *user.past_passwords.values_list("password", flat=True)[:KEPT]]
        if any(check_password(password, one) for one in used):
            raise ValidationError(
                f"这个密码您最近用过。新密码不能和最近 {KEPT} 个相同，请换一个。", code="password_used"
            )

    def get_help_text(self) -> str:
        """改密码的页面上写的话。"""
        return f"不能和最近用过的 {KEPT} 个相同。"


def overdue(user: User, since: float | None) -> bool:
    """密码到期了，而且这次登录以前就到期了：填到一半的人不打断，下次登录再换。"""
    expires = user.password_expires
    return bool(expires and expires <= timezone.now() and (since is None or expires.timestamp() <= since))


def days_left(user: User) -> int | None:
    """密码还有几天到期；还早（``WARN_DAYS`` 天以上）、不设期限的为 None。"""
    expires = user.password_expires
    left = (expires - timezone.now()).days if expires else WARN_DAYS + 1
    return max(left, 0) if left <= WARN_DAYS else None
