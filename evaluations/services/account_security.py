"""安全管理员对账号办的事：解锁、解除动态口令；以及在服务器上救急。"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from evaluations import access
from evaluations.core.workflow import Role
from units import services as primitive
from units.models import User
from units.passwords import INITIAL_VALID

from . import login_limits, second_factor
from .accounts import Credential, Secret
from .problems import Refused
from .records import record_event


def guards(by: User) -> bool:
    """他是安全管理员。"""
    return Role.SECURITY_ADMIN in access.administers(by)


@transaction.atomic
def unlock(*, by: User, person_id: UUID) -> None:
    """解锁：密码输错太多次锁住的地址，马上可以再试。"""
    person = _person(by, person_id)
    count = login_limits.forget(username=person.username)
    if not count:
        raise Refused(f"{person} 的账号现在没有锁。请刷新页面。")
    _record(by, "unlock", "解锁账号", person, f"{count} 处地址")


@transaction.atomic
def remove_totp(*, by: User, person_id: UUID) -> None:
    """解除动态口令（换手机、丢手机）：他的登录全部结束，下次登录重新绑定。"""
    person = _person(by, person_id)
    if not second_factor.remove(user=person):
        raise Refused(f"{person} 没有绑定动态口令。请刷新页面。")
    primitive.end_sessions(user=person)
    _record(by, "remove_totp", "解除动态口令", person, "")


def rescue(*, username: str) -> Credential:
    """在服务器上救急：换成新的初始密码，解除动态口令，解锁。没有这个账号抛 ``Refused``。"""
    secret = Secret.new()
    with transaction.atomic():
        person = User.objects.select_for_update().filter(username=username, is_active=True).first()
        if person is None:
            raise Refused(f"没有在用的账号 {username}。请核对账号。")
        primitive.set_initial_password(
            user=person, hashed=secret.hashed, until=timezone.now() + INITIAL_VALID
        )
        second_factor.remove(user=person)
        login_limits.forget(username=person.username)
        _record(None, "rescue", "在服务器上重置密码", person, "动态口令、锁定一并解除")
    return Credential(person.username, person.display_name, "", secret.clear)


def _person(by: User, person_id: UUID) -> User:
    person = access.people_of(by).select_for_update(of=("self",)).filter(pk=person_id).first()
    if person is None or not guards(by):
        raise Refused("没有这个人，或不归您办。请刷新页面。")
    if person.pk == by.pk:
        raise Refused("这是您自己的账号，请另一位安全管理员办，或在服务器上运行 manage.py rescue。")
    return person


def _record(by: User | None, action: str, label: str, person: User, words: str) -> None:
    told = f"{person.display_name}（{person.username}）{f'，{words}' if words else ''}"
    record_event(action=action, label=label, user=by, reason=told, details={"user": str(person.pk)})
