"""写的一边：用户和岗位。"""

from __future__ import annotations

from datetime import date

from django.db import transaction

from evaluations.core.workflow import THREE_ADMINS, Role

from .models import Appointment, Department, User


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
    held = {Role(a.role) for a in Appointment.objects.filter(user=user).exclude(until__lt=since)}
    if (role in THREE_ADMINS and held - {role}) or (held & THREE_ADMINS and role not in held):
        raise ValueError(
            f"{user} 已有 {'、'.join(r.label for r in sorted(held))}，不能再任{role.label}：三员互斥，且不填报、不审核。"
        )
    appointment = Appointment(
        user=user, department=department, role=role, since=since, until=until, stand_in_for=stand_in_for
    )
    appointment.full_clean()
    appointment.save()
    return appointment


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
