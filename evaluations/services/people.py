"""代办与交接：人不在或换人时，岗位交给同单位的另一个人。权力属于岗位，账号属于人。"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from evaluations import access
from evaluations.core.workflow import Role
from units.models import Appointment, User
from units.services import appoint, end_appointment, withdraw_appointment

from .problems import Refused
from .records import record_event

LONGEST = timedelta(days=366)


@transaction.atomic
def stand_in(*, appointment_id: UUID, by: User, person: User, since: date, until: date) -> Appointment:
    """请人代办一段时间：到期自己结束；代办的人做的事，记录里写明代谁。"""
    held = _held(appointment_id, by)
    if held.stand_in_for is not None:
        raise Refused("代办的岗位不能再请人代办，请由本人安排。")
    if (
        not max(held.since, timezone.localdate())
        <= since
        <= until
        <= min(since + LONGEST, held.until or date.max)
    ):
        raise Refused("代办的日期不对：要在任期以内，从今天或以后开始，最长一年。请重新选。")
    made = _appoint(held, person, since, until, stand_in_for=held.user)
    _record(by, "stand_in", "请人代办", held, f"{person} 代 {held.user}，{since} 至 {until}")
    return made


@transaction.atomic
def hand_over(*, appointment_id: UUID, by: User, person: User, since: date) -> Appointment:
    """交接：从 ``since`` 那天起岗位归 ``person``，原来的人到前一天为止。填过的、审过的都留着。"""
    held = _held(appointment_id, by)
    if since <= max(held.since, timezone.localdate()):
        raise Refused("交接从明天或以后开始。请重新选日期。")
    if held.stand_in_for is not None:
        raise Refused("代办的岗位不能交接，请由本人交接。")
    if held.until is not None and since > held.until:
        raise Refused(f"这个岗位到 {held.until} 为止，交接过了或任期已满。请选那天以前。")
    until = held.until
    end_appointment(appointment=held, until=since - timedelta(days=1))
    made = _appoint(held, person, since, until, stand_in_for=None)
    _record(by, "hand_over", "交接岗位", held, f"{held.user} 交给 {person}，{since} 起")
    return made


@transaction.atomic
def end_stand_in(*, appointment_id: UUID, by: User) -> None:
    """提前结束代办，立刻生效；代办期间做过的事，记录照旧。"""
    held = _held(appointment_id, by)
    if held.stand_in_for is None:
        raise Refused("这不是代办的岗位。")
    words = f"{held.user} 不再代 {held.stand_in_for}"
    _record(by, "end_stand_in", "结束代办", held, words)
    if held.since < timezone.localdate():
        end_appointment(appointment=held, until=timezone.localdate() - timedelta(days=1))
    else:
        withdraw_appointment(appointment=held)


def may_arrange(by: User, held: Appointment, posts: Sequence[Appointment] | None = None) -> bool:
    """岗位是自己的（代办的由被代的人管），或自己是这个单位的负责人而岗位是填报人。要两个人任命的岗位不能私下交。

    ``posts`` 是 ``by`` 今天在任的岗位，问很多次时先取好。
    """
    if held.role in access.TWO_PERSONS:
        return False
    owner = held.stand_in_for or held.user
    if owner.pk == by.pk:
        return True
    posts = access.appointments_of(by) if posts is None else posts
    heads = [a for a in posts if a.role == Role.UNIT_HEAD and a.stand_in_for is None]
    return held.role == Role.PREPARER and any(a.department_id == held.department_id for a in heads)


def candidates(held: Appointment) -> list[User]:
    """可以接的人：同单位在任的别人；三员不兼任。"""
    near = Appointment.objects.on(timezone.localdate()).filter(department=held.department)
    near = near.exclude(user=held.user).filter(role__in=(*access.UNIT_ROLES, *access.REVIEW_ROLES))
    return list(User.objects.filter(pk__in=near.values("user")).order_by("display_name"))


def _held(appointment_id: UUID, by: User) -> Appointment:
    rows = Appointment.objects.select_for_update(of=("self",)).select_related(
        "user", "department", "stand_in_for"
    )
    held = rows.filter(pk=appointment_id).first()
    if held is None or not may_arrange(by, held):
        raise Refused("没有这个岗位，或不归您安排。")
    if held.until is not None and held.until < timezone.localdate():
        raise Refused("这个岗位已经结束了。请刷新页面。")
    return held


def _appoint(
    held: Appointment, person: User, since: date, until: date | None, stand_in_for: User | None
) -> Appointment:
    if person not in candidates(held):
        raise Refused("只能交给同单位在任的人。要新增人员请联系系统管理员。")
    try:
        return appoint(
            user=person, department=held.department, role=Role(held.role), since=since, until=until,
            stand_in_for=stand_in_for,
        )  # fmt: skip
    except ValidationError:
        raise Refused(f"{person} 从 {since} 起已经有这个岗位了。") from None
    except ValueError as problem:
        raise Refused(str(problem)) from None


def _record(by: User, action: str, label: str, held: Appointment, words: str) -> None:
    place = f"{held.department} {Role(held.role).label}：{words}"
    record_event(action=action, label=label, user=by, reason=place, details={"appointment": str(held.pk)})
