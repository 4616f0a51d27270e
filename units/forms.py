from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError
from django.utils import timezone

from .models import User
from .passwords import INITIAL_HOURS

WRONG = "账号或密码不对。连续输错 5 次会锁定 30 分钟；忘记密码请联系单位管理员重置。"


class LoginForm(AuthenticationForm):
    """登录。账号不对和密码不对是同一句话；初始密码过期，密码对了才说。"""

    error_messages = {"invalid_login": WRONG, "inactive": WRONG}
    expired = False

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if user.initial_until is not None and user.initial_until < timezone.now():
            self.expired = True
            raise ValidationError(
                f"初始密码只在 {INITIAL_HOURS} 小时内有效，已经过期。请联系给您账号的管理员重置。",
                code="expired",
            )


class CodeForm(forms.Form):
    """手机上显示的六位数。"""

    code = forms.CharField(
        label="动态口令", max_length=12, help_text="手机上现在显示的六位数，半分钟换一次。",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True}),
    )  # fmt: skip

    def clean_code(self) -> str:
        code = "".join(self.cleaned_data["code"].split())
        if len(code) != 6 or not code.isdecimal():
            raise ValidationError("动态口令是六位数字。请照手机上的填。")
        return code


class ChangePasswordForm(PasswordChangeForm):
    """改密码：新密码不能还是原来的。"""

    user: User

    def clean_new_password1(self) -> str:
        new: str = self.cleaned_data["new_password1"]
        if self.user.check_password(new):
            raise ValidationError("新密码和现在的一样。请换一个。", code="password_unchanged")
        return new
