"""以别人的视角查看：开始和结束各记一件事。看到的是那个人看到的，什么都不能做。"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction

from evaluations import access
from evaluations.core.workflow import THREE_ADMINS, Role
from units.models import User

from .problems import Missing, Refused
from .records import record_event

LONGEST = timedelta(minutes=30)


def viewed(user_id: UUID, by: User) -> User:
    """能以谁的视角看；没有这个人、停用了抛 ``Missing``，不许的抛 ``Refused``。"""
    person = User.objects.filter(pk=user_id, is_active=True).first()
    if person is None or Role.PACK_ADMIN not in access.administers(by):
        raise Missing
    roles = {Role(one.role) for one in access.appointments_of(person)}
    if person.pk == by.pk or roles & (access.UNIT_ADMINS | THREE_ADMINS):
        raise Refused("不能以管理员（包括自己）的视角查看。")
    return person


@transaction.atomic
def begin_viewing(*, user_id: UUID, by: User) -> User:
    """开始；返回看的是谁。"""
    person = viewed(user_id, by)
    _record("begin_viewing", "开始以用户视角查看", person, by)
    return person


@transaction.atomic
def end_viewing(*, user_id: UUID, by: User) -> None:
    """结束。"""
    person = User.objects.filter(pk=user_id).first()
    if person is not None:
        _record("end_viewing", "结束以用户视角查看", person, by)


def _record(action: str, label: str, person: User, by: User) -> None:
    told = f"{person.display_name}（{person.username}）"
    record_event(action=action, label=label, user=by, reason=told, details={"user": str(person.pk)})
