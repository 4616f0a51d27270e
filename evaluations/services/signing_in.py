"""登录、退出、改密码：每一件记一个事件。"""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from evaluations.core.values import clean_text
from units import services as primitive
from units.models import User, UserSession
from units.sessions import idle_before

from . import login_limits
from .accounts import plain_username
from .records import record_event

SWEEP = 10
"""登录一次，顺便清掉多少个过期的会话。"""


def name_in_limits(text: str) -> str:
    """算次数时账号的写法；太长的截断，反正没有这样的账号。"""
    return plain_username(text[:200])[:60]


@transaction.atomic
def record_failure(*, username: str, address: str, how: str, locked: bool) -> None:
    """一次没有成的登录。没有这个账号的，不记打的是什么：常有人把密码打进账号栏。"""
    person = User.objects.filter(username=username).first()
    who = f"{person.display_name}（{person.username}）" if person else "没有这个账号"
    label = "登录失败，已锁定 30 分钟" if locked else "登录失败"
    details = {"address": address, "user": str(person.pk) if person else ""}
    record_event(
        action="login_locked" if locked else "login_failed", label=label, user=None,
        reason=f"{who}，{how}，地址 {address or '不明'}", details=details,
    )  # fmt: skip


@transaction.atomic
def record_login(*, user: User, address: str, how: str, key: str) -> int:
    """登录成了；同时登录的超过几处，最早的结束。返回结束了几处。"""
    User.objects.select_for_update().filter(pk=user.pk).first()
    mine = UserSession.objects.filter(user=user, seen__gte=idle_before(), expire_date__gt=timezone.now())
    others = mine.exclude(pk=key).order_by("-since").values_list("pk", flat=True)
    too_many = list(others)[settings.SESSIONS_PER_ACCOUNT - 1 :]
    for other in too_many:
        primitive.end_session(key=other)
    login_limits.remember(username=user.username, address=address)
    _sweep()
    more = f"，别处的 {len(too_many)} 个登录已结束" if too_many else ""
    _record(user, "login", "登录", f"{how}，地址 {address or '不明'}{more}", {"address": address})
    return len(too_many)


def _sweep() -> None:
    """空闲太久的、过了最长时间的登录：删去，记一笔。"""
    idle = UserSession.objects.filter(user__isnull=False, seen__lt=idle_before())
    for session in list(idle.select_related("user")[:SWEEP]):
        last = timezone.localtime(session.seen)
        words = f"最后使用 {last:%Y-%m-%d %H:%M}，地址 {session.address or '不明'}"
        _record(session.user, "timeout", "登录超时，自动退出", words, {"address": session.address})
        primitive.end_session(key=session.pk)
    UserSession.objects.filter(user=None, expire_date__lt=timezone.now()).delete()


@transaction.atomic
def record_logout(*, user: User, address: str) -> None:
    """本人退出。"""
    _record(user, "logout", "退出", f"地址 {address or '不明'}", {"address": address})


@transaction.atomic
def end_own_session(*, user: User, key: str) -> None:
    """本人结束自己的另一处登录。"""
    primitive.end_session(key=key)
    _record(user, "end_session", "结束自己的一处登录", "", {})


@transaction.atomic
def change_password(*, user: User, password: str, key: str | None) -> None:
    """本人改密码（已经合规则）；别处的登录全部结束。"""
    primitive.set_own_password(user=user, password=password)
    primitive.end_sessions(user=user, keep=key)
    _record(user, "change_password", "修改自己的密码", "", {})


def _record(user: User, action: str, label: str, words: str, details: Mapping[str, str]) -> None:
    record_event(action=action, label=label, user=user, reason=clean_text(words), details=details)
