"""首次设置：建财政局和第一个管理员。只在一个账号也没有时能做，凭服务器上才看得到的设置码。"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from evaluations.core.workflow import Role
from units import services as primitive
from units.models import Department, User
from units.passwords import INITIAL_VALID

from .accounts import PEOPLE_LOCK, plain_username
from .problems import Refused
from .records import record_event, wait_turn
from .units import start_post


@dataclass(frozen=True)
class FirstPerson:
    """第一批账号之一，密码是自己定的。"""

    username: str
    display_name: str
    password: str


def setup_code() -> str:
    """设置码：由密钥算出，不存；有了账号就没有用了。"""
    digest = salted_hmac("evaluations.setup", "first run", algorithm="sha256").digest()
    text = base64.b32encode(digest).decode()[:12].lower()
    return "-".join(text[i : i + 4] for i in (0, 4, 8))


def is_new() -> bool:
    """一个账号也没有。"""
    return not User.objects.exists()


@transaction.atomic
def set_up(
    *, code: str, bureau_name: str, bureau_code: str, admin: FirstPerson, system: FirstPerson | None
) -> User:
    """建财政局、方案管理员，和（可选）系统管理员。两个人同时做，先到的成，后到的被拒绝。

    系统管理员的密码是别人代定的：算初始密码，他登录后先改。
    """
    if not constant_time_compare("".join(code.lower().split()), setup_code()):
        raise Refused("设置码不对。请在服务器上运行 manage.py setup_code，把印出的设置码填在这里。")
    wait_turn(PEOPLE_LOCK)
    if not is_new():
        raise Refused("已经设置过了。请回到首页登录。")
    bureau = _bureau(bureau_name, bureau_code)
    first = _person(admin, bureau, Role.PACK_ADMIN)
    names = [f"{first}（方案管理员）"]
    if system is not None:
        if plain_username(system.username) == first.username:
            raise Refused("系统管理员要另用一个账号。请换一个。")
        second = _person(system, bureau, Role.SYSTEM_ADMIN)
        primitive.set_initial_password(
            user=second, hashed=second.password, until=timezone.now() + INITIAL_VALID
        )
        names.append(f"{second}（系统管理员）")
    words = f"{bureau}，{'、'.join(names)}"
    record_event(
        action="set_up", label="首次设置", user=first, reason=words, details={"department": str(bureau.pk)}
    )
    return first


def _bureau(name: str, code: str) -> Department:
    """财政局；命令行导入过的材料可能已经建了它，那就用那个。"""
    known = Department.objects.filter(kind=Department.Kind.BUREAU, parent=None).first()
    try:
        if known is None:
            return primitive.create_department(name=name, code=code, kind=Department.Kind.BUREAU, parent=None)
        primitive.change_department(department=known, name=name, code=code)
    except ValidationError as problem:
        raise Refused("；".join(problem.messages)) from None
    return known


def _person(given: FirstPerson, bureau: Department, role: Role) -> User:
    person = primitive.create_user(
        username=plain_username(given.username), display_name=given.display_name, password=given.password
    )
    start_post(user=person, department=bureau, role=role, since=timezone.localdate())
    return person
