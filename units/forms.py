from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError
from django.utils import timezone

from .models import User
from .passwords import INITIAL_HOURS
from .services import set_own_password


class LoginForm(AuthenticationForm):
    """登录。账号不对和密码不对是同一句话；初始密码过期，密码对了才说。"""

    error_messages = {
        "invalid_login": "账号或密码不对。连续输错 5 次会锁定 30 分钟；忘记密码请联系单位管理员重置。",
        "inactive": "账号或密码不对。连续输错 5 次会锁定 30 分钟；忘记密码请联系单位管理员重置。",
    }

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if user.initial_until is not None and user.initial_until < timezone.now():
            raise ValidationError(
                f"初始密码只在 {INITIAL_HOURS} 小时内有效，已经过期。请联系给您账号的管理员重置。",
                code="expired",
            )


class ChangePasswordForm(PasswordChangeForm):
    """改密码：新密码不能还是原来的。"""

    user: User

    def clean_new_password1(self) -> str:
        new: str = self.cleaned_data["new_password1"]
        if self.user.check_password(new):
            raise ValidationError("新密码和现在的一样。请换一个。", code="password_unchanged")
        return new

    def save(self, commit: bool = True) -> User:
        set_own_password(user=self.user, password=self.cleaned_data["new_password1"])
        return self.user
