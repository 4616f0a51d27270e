"""接各地的统一身份认证：门户带着票据把人送到 /sso/，票据对就登录。默认不开（设置 SSO_SECRET 才开）。

换一种认证（票据不同，要回头问门户，UKey）时，继承 ``TicketBackend`` 写一个 ``username_of``，在设置里换掉
``SignedTicketBackend``；别的都不用改。只认已有的、在用的账号，从不新建账号。
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from .models import User

VALID_SECONDS = 120
"""票据从签发起有效多久；两边的时钟也可以差这么多。"""


class TicketBackend(BaseBackend):
    """认票据的后端。"""

    def username_of(self, ticket: Mapping[str, str]) -> str:
        """票据说的是哪个账号；票据不对为空串。"""
        raise NotImplementedError

    def authenticate(
        self, request: HttpRequest | None, ticket: Mapping[str, str] | None = None, **_: Any
    ) -> User | None:
        """票据对、账号在用，返回这个人。"""
        username = self.username_of(ticket) if ticket is not None else ""
        return User.objects.filter(username=username, is_active=True).first() if username else None

    def get_user(self, user_id: UUID | str) -> User | None:
        """会话里的人；停用的不算。"""
        return User.objects.filter(pk=user_id, is_active=True).first()


class SignedTicketBackend(TicketBackend):
    """签名的票据：user、time（秒）、nonce（随机，16 字以上）、sign（HMAC，十六进制）。一张只用一次由调用者保证。"""

    def username_of(self, ticket: Mapping[str, str]) -> str:
        """签名对、没有过期的票据上的账号。"""
        user, moment, nonce = (ticket.get(name, "") for name in ("user", "time", "nonce"))
        if not hmac.compare_digest(sign(user, moment, nonce).encode(), ticket.get("sign", "").encode()):
            return ""
        fresh = moment.isascii() and moment.isdigit() and len(moment) <= 12
        fresh = fresh and abs(time.time() - int(moment)) <= VALID_SECONDS
        return user if fresh and len(nonce) >= 16 else ""


def sign(user: str, moment: str, nonce: str) -> str:
    """一张票据的签名：三项各占一行，HMAC-SHA256（或 HMAC-SM3）。"""
    text = "\n".join((user, moment, nonce))
    return hmac.new(settings.SSO_SECRET.encode(), text.encode(), settings.SSO_DIGEST).hexdigest()
