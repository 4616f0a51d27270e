"""写的一边：用户、岗位、单位。"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from evaluations.core.workflow import THREE_ADMINS, Role

from .models import Appointment, Department, PasswordHistory, ProposedPost, User, UserSession
from .passwords import KEPT
from .sessions import SessionStore


@transaction.atomic
def create_user(*, username: str, display_name: str, password: str | None = None, phone: str = "") -> User:
    """新建用户；不给密码的不能登录。"""
    return User.objects.create_user(username, password, display_name=display_name, phone=phone)


@transaction.atomic
def appoint(
    *, user: User, department: Department, role: Role, since: date, until: date | None = None,
    stand_in_for: User | None = None,
) -> Appointment:  # fmt: skip
    """任命。三员（系统、安全、审计管理员）互斥，也不兼任填报、审核；违反时抛 ``ValueError``。"""
    check_exclusive(user=user, role=role, since=since, until=until)
    appointment = Appointment(
        user=user, department=department, role=role, since=since, until=until, stand_in_for=stand_in_for
    )
    appointment.full_clean()
    appointment.save()
    return appointment


def check_exclusive(*, user: User, role: Role, since: date, until: date | None) -> None:
    """三员互斥；违反时抛 ``ValueError``。数据库里也有同样的约束（迁移 0002）。"""
    posts = Appointment.objects.filter(user=user).exclude(until__lt=since)
    held = {Role(a.role) for a in (posts.filter(since__lte=until) if until else posts)}
    if (role in THREE_ADMINS and held - {role}) or (held & THREE_ADMINS and role not in held):
        raise ValueError(
            f"{user} 已有 {'、'.join(r.label for r in sorted(held))}，不能再任{role.label}：三员互斥，且不填报、不审核。"
        )


@transaction.atomic
def end_appointment(*, appointment: Appointment, until: date) -> None:
    """岗位到 ``until`` 那天为止。"""
    appointment.until = until
    appointment.full_clean()
    appointment.save(update_fields=["until"])


@transaction.atomic
def withdraw_appointment(*, appointment: Appointment) -> None:
    """收回一个还没有生效过一整天的岗位。"""
    appointment.delete()


@transaction.atomic
def propose_post(
    *, user: User, department: Department, role: Role, since: date, until: date | None, by: User
) -> ProposedPost:
    """提出一个要第二个人确认的任命；再提一次，换成新的。"""
    ProposedPost.objects.filter(user=user, department=department, role=role).delete()
    return ProposedPost.objects.create(
        user=user,
        department=department,
        role=role,
        since=since,
        until=until,
        proposed_by=by,
        at=timezone.now(),
    )


@transaction.atomic
def drop_proposal(*, proposal: ProposedPost) -> None:
    """确认了，或不同意。"""
    proposal.delete()


# ---- 账号 ----


@transaction.atomic
def change_user(*, user: User, display_name: str, phone: str) -> None:
    """改姓名、电话；账号不改。"""
    user.display_name, user.phone = display_name, phone
    user.full_clean(exclude=["password"])
    user.save(update_fields=["display_name", "phone"])


@transaction.atomic
def set_active(*, user: User, active: bool) -> None:
    """启用、停用账号。停用的人下一次请求就出去了。"""
    user.is_active = active
    user.save(update_fields=["is_active"])


@transaction.atomic
def set_initial_password(*, user: User, hashed: str, until: datetime) -> None:
    """换成初始密码（给的是摘要）：``until`` 以前有效，登录后先改；这个人的会话全部结束。"""
    _keep_old_password(user)
    user.password, user.must_change_password, user.initial_until = hashed, True, until
    user.password_at = timezone.now()
    user.save(update_fields=["password", "must_change_password", "initial_until", "password_at"])
    end_sessions(user=user)


@transaction.atomic
def set_own_password(*, user: User, password: str) -> None:
    """本人改密码；不再是初始密码。"""
    _keep_old_password(user)
    user.set_password(password)
    user.must_change_password, user.initial_until, user.password_at = False, None, timezone.now()
    user.save(update_fields=["password", "must_change_password", "initial_until", "password_at"])


def _keep_old_password(user: User) -> None:
    """记下换掉的密码；初始密码不是自己定的，不记。"""
    if user.must_change_password or not user.has_usable_password():
        return
    PasswordHistory.objects.create(user=user, password=user.password, at=timezone.now())
    kept = PasswordHistory.objects.filter(user=user).values("pk")[:KEPT]
    PasswordHistory.objects.filter(user=user).exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()


# ---- 会话 ----


def store_session(*, session: SessionStore) -> None:
    """马上存下，不等答复：同时登录的才数得清。"""
    session.save()


def touch_session(*, key: str) -> None:
    """这个会话刚用过。"""
    UserSession.objects.filter(pk=key).update(seen=timezone.now())


def end_sessions(*, user: User, keep: str | None = None) -> int:
    """结束一个人的全部登录（``keep`` 那处除外）；返回结束了几处。"""
    ended, _ = UserSession.objects.filter(user=user).exclude(pk=keep).delete()
    return ended


def end_session(*, key: str) -> None:
    """结束一处登录。"""
    UserSession.objects.filter(pk=key).delete()


# ---- 单位 ----


@transaction.atomic
def create_department(*, name: str, code: str, kind: str, parent: Department | None) -> Department:
    """新建单位。"""
    department = Department(name=name, code=code or None, kind=kind, parent=parent)
    department.full_clean()
    department.save()
    return department


@transaction.atomic
def change_department(*, department: Department, **values: object) -> None:
    """改单位的若干项（字段名 → 值）。"""
    for name, value in values.items():
        setattr(department, name, value)
    department.full_clean()
    department.save(update_fields=list(values))
