from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm


class LoginForm(AuthenticationForm):
    """登录。账号不对和密码不对是同一句话。"""

    error_messages = {
        "invalid_login": "账号或密码不对。连续输错 5 次会锁定 30 分钟；忘记密码请联系单位管理员重置。",
        "inactive": "账号或密码不对。连续输错 5 次会锁定 30 分钟；忘记密码请联系单位管理员重置。",
    }


class ChangePasswordForm(PasswordChangeForm):
    """改密码。"""
