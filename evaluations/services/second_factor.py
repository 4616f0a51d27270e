"""动态口令（TOTP，RFC 6238）：登录的第二步。谁必须用由设置 TOTP_REQUIRED 定；绑定了的人一律要用。"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from evaluations import access
from evaluations.core.workflow import THREE_ADMINS, Role
from units.models import User

from .records import record_event

ADMINS = access.UNIT_ADMINS | THREE_ADMINS
WHO: dict[str, frozenset[Role]] = {
    "none": frozenset(),
    "admins": ADMINS,
    "reviewers": ADMINS | access.REVIEW_ROLES,
}
"""设置的各个值要求哪些岗位的人用。"""


class NotNow(Exception):
    """连着错了几次，要等一会儿再试；``until`` 到什么时候。"""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


def must(user: User) -> bool:
    """他的岗位必须用动态口令。"""
    roles = {Role(post.role) for post in access.appointments_of(user)}
    return bool(roles & WHO[settings.TOTP_REQUIRED])


def has(user: User) -> bool:
    """他绑定了动态口令。"""
    return TOTPDevice.objects.filter(user=user, confirmed=True).exists()


@transaction.atomic
def offer(user: User) -> None:
    """备好一把新密钥给他扫；以前给人看过而没有绑定的作废。绑定过的什么都不做。"""
    if not has(user):
        TOTPDevice.objects.filter(user=user, confirmed=False).delete()
        TOTPDevice.objects.create(user=user, confirmed=False, name="动态口令")


def offered(user: User) -> TOTPDevice | None:
    """备好了还没有绑定的密钥。"""
    return TOTPDevice.objects.filter(user=user, confirmed=False).first()


def bind(user: User, token: str) -> bool:
    """手机上的数对了就绑定；不对返回假，试得太密抛 ``NotNow``。"""
    with transaction.atomic():
        User.objects.select_for_update().filter(pk=user.pk).first()
        if has(user):
            return False
        device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
        right = _verify(device, token)
        if right and device is not None:
            device.confirmed = True
            device.save(update_fields=["confirmed"])
            record_event(action="bind_totp", label="绑定动态口令", user=user)
    return _answer(right)


def check(user: User, token: str) -> bool:
    """登录第二步的数对不对；用过的数不能再用，前后各差 30 秒以内的收。试得太密抛 ``NotNow``。"""
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=True).first()
        right = _verify(device, token)
        if right is False:
            record_event(
                action="totp_failed", label="动态口令不对", user=None,
                reason=f"{user.display_name}（{user.username}），密码已经对了", details={"user": str(user.pk)},
            )  # fmt: skip
    return _answer(right)


def _verify(device: TOTPDevice | None, token: str) -> bool | datetime:
    """对、不对，或要等到什么时候。不对的要记在设备上，所以不在事务里抛。"""
    if device is None:
        return False
    allowed, why = device.verify_is_allowed()
    if not allowed:
        until: datetime = why["locked_until"]
        return until
    return bool(device.verify_token(token))


def _answer(right: bool | datetime) -> bool:
    if isinstance(right, datetime):
        raise NotNow(right)
    return right


@transaction.atomic
def remove(*, user: User) -> bool:
    """解除绑定；没有绑定过返回假。调用者记事件。"""
    gone, _ = TOTPDevice.objects.filter(user=user).delete()
    return bool(gone)
