"""账号和岗位：新增、改、任命、结束、重置密码、停用。谁也不给自己办；自己不能任命的岗位，任着它的人也不归他管。"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from evaluations import access
from evaluations.core.values import clean_text
from evaluations.core.workflow import THREE_ADMINS, Role
from units import services as primitive
from units.models import Appointment, Department, ProposedPost, User
from units.passwords import INITIAL_VALID, random_password

from . import second_factor
from .problems import Refused
from .records import record_event, wait_turn
from .units import end_post, start_post

PEOPLE_LOCK = 7_310_003
"""任命要排队：两个人同时任命，也不会把两个三员的岗位给同一个人。"""
USERNAME = re.compile(r"[\w.@-]{2,60}\Z")
QUICK = 20_000
AT = {
    Role.DEPARTMENT_REVIEWER: (Department.Kind.DEPARTMENT, Department.Kind.BUREAU),
    Role.DEPARTMENT_ADMIN: (Department.Kind.DEPARTMENT,),
    **dict.fromkeys(
        (Role.BUREAU_REVIEWER, Role.PACK_ADMIN, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN),
        (Department.Kind.BUREAU,),
    ),
}
"""只设在某类单位的岗位；填报人、单位负责人哪里都可以有。"""


@dataclass(frozen=True)
class Credential:
    """一个人的初始密码，只在这一次的答复里给人看。"""

    username: str
    display_name: str
    unit: str
    password: str


@dataclass(frozen=True)
class Secret:
    """一个初始密码和它的摘要，进事务以前先算好。

    密码是随机的（60 位）、三天就过期，不用慢摘要；一次导入几百人也只要几秒。第一次登录就换成慢的。
    """

    clear: str
    hashed: str

    @classmethod
    def new(cls) -> Secret:
        """随机的一个。"""
        clear, hasher = random_password(), PBKDF2PasswordHasher()
        return cls(clear, hasher.encode(clear, hasher.salt(), iterations=QUICK))


# ---- 账号 ----


def plain_username(text: str) -> str:
    """账号的写法：全角变半角，小写。"""
    return unicodedata.normalize("NFKC", clean_text(text)).lower()


def fault_of_username(username: str) -> str:
    """账号写得对不对；不对时说怎么改。"""
    if USERNAME.match(username):
        return ""
    return "账号要 2 到 60 个字，只用字母、数字、汉字和 . _ - @，中间没有空格。"


def add_person(
    *, by: User, username: str, display_name: str, phone: str, department: Department, role: Role
) -> Credential:
    """新增一个人并任命；返回只显示一次的初始密码。"""
    secret = Secret.new()
    with transaction.atomic():
        wait_turn(PEOPLE_LOCK)
        person = create_person(username=username, display_name=display_name, phone=phone, secret=secret)
        post = _appoint(by, person, department, role, timezone.localdate(), None)
        _record(by, "add_person", "新增人员", person, f"{_named(person)}，{_told(post)}")
    return Credential(person.username, person.display_name, str(department), secret.clear)


def create_person(*, username: str, display_name: str, phone: str, secret: Secret) -> User:
    """建账号，用初始密码。调用者在事务里，并记事件。"""
    name = plain_username(username)
    fault = fault_of_username(name)
    if fault:
        raise Refused(fault)
    taken = User.objects.filter(username__iexact=name).first()
    if taken is not None:
        raise Refused(
            f"账号 {taken.username} 已经有了（{taken.display_name}）。账号属于人：同一个人请直接任命，不同的人请换一个账号。"
        )
    try:
        person = primitive.create_user(
            username=name, display_name=clean_text(display_name), phone=clean_text(phone)
        )
    except ValidationError as problem:
        raise Refused("；".join(problem.messages)) from None
    primitive.set_initial_password(user=person, hashed=secret.hashed, until=timezone.now() + INITIAL_VALID)
    return person


@transaction.atomic
def edit_person(*, by: User, person_id: UUID, display_name: str, phone: str) -> None:
    """改姓名、电话。"""
    person = _person(by, person_id)
    before, was = person.display_name, person.phone
    display_name, phone = clean_text(display_name), clean_text(phone)
    if (display_name, phone) == (before, was):
        return
    try:
        primitive.change_user(user=person, display_name=display_name, phone=phone)
    except ValidationError as problem:
        raise Refused("；".join(problem.messages)) from None
    changes = [f"姓名 {before} 改为 {display_name}"] if display_name != before else []
    changes += ["改了电话"] if phone != was else []
    _record(by, "edit_person", "修改人员", person, f"{_named(person)}：{'，'.join(changes)}")


def reset_password(*, by: User, person_id: UUID) -> Credential:
    """重置成新的初始密码，只显示一次；这个人的会话全部结束。"""
    secret = Secret.new()
    with transaction.atomic():
        person = _person(by, person_id)
        if not person.is_active:
            raise Refused(f"{person} 的账号已停用。请先启用，再重置密码。")
        _check_watcher(person)
        primitive.set_initial_password(
            user=person, hashed=secret.hashed, until=timezone.now() + INITIAL_VALID
        )
        _record(by, "reset_password", "重置密码", person, _named(person))
    posts = access.appointments_of(person)
    return Credential(
        person.username, person.display_name, str(posts[0].department) if posts else "", secret.clear
    )


@transaction.atomic
def set_enabled(*, by: User, person_id: UUID, enabled: bool) -> None:
    """停用、启用账号。停用立刻生效；岗位留着，启用了接着任。"""
    person = _person(by, person_id)
    if person.is_active == enabled:
        return
    if not enabled:
        for post in _current(person):
            _check_last(post)
        primitive.end_sessions(user=person)
    primitive.set_active(user=person, active=enabled)
    action, label = ("enable_person", "启用账号") if enabled else ("disable_person", "停用账号")
    _record(by, action, label, person, _named(person))


# ---- 岗位 ----


@transaction.atomic
def appoint_person(
    *, by: User, person_id: UUID, department: Department, role: Role, since: date, until: date | None
) -> Appointment | ProposedPost:
    """任命一个岗位；三员、方案管理员只是提出，等第二个人确认（services.proposals）。"""
    wait_turn(PEOPLE_LOCK)
    person = _person(by, person_id)
    if since < timezone.localdate():
        raise Refused("任命从今天或以后开始。请重新选日期。")
    if until is not None and until < since:
        raise Refused("到期的日期早于开始的日期。请重新选。")
    post = _appoint(by, person, department, role, since, until)
    action, label = (
        ("appoint", "任命") if isinstance(post, Appointment) else ("propose_post", "提出任命，待确认")
    )
    _record(by, action, label, person, f"{_named(person)}，{_post(post)}")
    return post


@transaction.atomic
def end_person_post(*, by: User, person_id: UUID, appointment_id: UUID) -> None:
    """结束一个岗位，立刻生效；代他办的人同时没有了依据。"""
    person = _person(by, person_id)
    post = _current(person).filter(pk=appointment_id).first()
    if post is None:
        raise Refused("这个岗位已经结束了，或不是他的。请刷新页面。")
    _check_last(post)
    words = f"{_named(person)}，{_post(post)}"
    end_post(post)
    _record(by, "end_post", "结束岗位", person, words)


def check_appointment(by: User, person: User | None, department: Department, role: Role) -> None:
    """能不能任命；不能抛 ``Refused``。``person`` 为 None 是新的人。"""
    if person is not None and person.pk == by.pk:
        raise Refused("不能给自己任命岗位。请别的管理员办。")
    if not department.is_active:
        raise Refused(f"{department} 已停用，不能再任命。请选在用的单位。")
    if role not in access.roles_given_by(by, department):
        raise Refused(f"您不能在 {department} 任命{role.label}。请系统管理员办。")
    if department.kind not in AT.get(role, (department.kind,)):
        kinds = "、".join(kind.label for kind in AT[role])
        raise Refused(
            f"{role.label}设在{kinds}，{department} 是{department.get_kind_display()}。请换岗位，或改单位。"
        )


def why_not(by: User, person: User) -> str:
    """为什么不能给这个人办；能办为空串。"""
    if person.pk == by.pk:
        return "这是您自己的账号，不能自己给自己办；改密码在右上角菜单里，别的请别的管理员办。"
    if not access.administers(by) & access.UNIT_ADMINS:
        return "您在这里解锁账号、解除动态口令、确认任命；别的由系统管理员、方案管理员办。"
    for post in _current(person).select_related("department"):
        if Role(post.role) not in access.roles_given_by(by, post.department):
            return f"他任着{post.department}的{post.get_role_display()}，您不能任命这个岗位，他的账号也不归您管。请系统管理员办。"
    return ""


def _appoint(
    by: User, person: User, department: Department, role: Role, since: date, until: date | None
) -> Appointment | ProposedPost:
    check_appointment(by, person, department, role)
    again = Q(department=department, role=role, since__lte=until or date.max, stand_in_for=None)
    if _current(person).exclude(until__lt=since).filter(again).exists():
        raise Refused(f"{person} 已经是{department}的{role.label}了，任期有重叠。")
    if role in access.TWO_PERSONS:
        check_proposal(person, role, since, until)
        return primitive.propose_post(
            user=person, department=department, role=role, since=since, until=until, by=by
        )
    post = start_post(user=person, department=department, role=role, since=since, until=until)
    if second_factor.must(person) and not second_factor.has(person):
        primitive.end_sessions(user=person)
    return post


def check_proposal(person: User, role: Role, since: date, until: date | None) -> None:
    """要第二个人确认的任命，提出时就查三员互斥，连还没有确认的也算；不能抛 ``Refused``。"""
    try:
        primitive.check_exclusive(user=person, role=role, since=since, until=until)
    except ValueError as problem:
        raise Refused(str(problem)) from None
    waiting = {Role(one.role) for one in ProposedPost.objects.filter(user=person)} - {role}
    if waiting and (role in THREE_ADMINS or waiting & THREE_ADMINS):
        names = "、".join(one.label for one in sorted(waiting))
        raise Refused(f"{person} 已经提名任{names}，还没有确认。三员互斥，请先处理那一个。")


WATCHERS = frozenset((Role.SECURITY_ADMIN, Role.AUDIT_ADMIN))
"""看着系统管理员的两种岗位：他不能替他们换密码，也不能把最后一位撤掉。"""


def _check_watcher(person: User) -> None:
    held = {Role(post.role) for post in access.appointments_of(person)} & WATCHERS
    if held:
        raise Refused(
            f"{person} 是{'、'.join(one.label for one in held)}，别人不能在页面上替他换密码。"
            f"请在服务器上运行 manage.py rescue {person.username}。"
        )


def _check_last(post: Appointment) -> None:
    """最后一位安全管理员、审计管理员不能撤：先任命接替的人。"""
    role = Role(post.role)
    others = Appointment.objects.on(timezone.localdate()).filter(role=role).exclude(user=post.user)
    if role in WATCHERS and not others.exists():
        raise Refused(
            f"{post.user} 是最后一位{role.label}。请先任命接替他的人，再结束他的岗位、停用他的账号。"
        )


def _person(by: User, person_id: UUID) -> User:
    """锁好的、归他管的人。"""
    person = access.people_of(by).select_for_update(of=("self",)).filter(pk=person_id).first()
    if person is None:
        raise Refused("没有这个人，或不归您管。请刷新页面。")
    reason = why_not(by, person)
    if reason:
        raise Refused(reason)
    return person


def _current(person: User) -> QuerySet[Appointment]:
    """在任的和以后开始的岗位。"""
    return Appointment.objects.filter(user=person).exclude(until__lt=timezone.localdate())


def _named(person: User) -> str:
    return f"{person.display_name}（{person.username}）"


def _told(post: Appointment | ProposedPost) -> str:
    return _post(post) if isinstance(post, Appointment) else f"{_post(post)}（待第二个人确认）"


def _post(post: Appointment | ProposedPost) -> str:
    until = f"，到 {post.until}" if post.until else ""
    return f"{post.department} {post.get_role_display()}，{post.since} 起{until}"


def _record(by: User, action: str, label: str, person: User, words: str) -> None:
    record_event(action=action, label=label, user=by, reason=words, details={"user": str(person.pk)})
