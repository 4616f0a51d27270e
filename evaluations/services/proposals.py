"""要两个人办的任命：系统管理员提出，安全管理员确认。谁也不确认自己提出的、任命自己的。"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from evaluations import access
from evaluations.core.workflow import Role
from units import services as primitive
from units.models import Appointment, ProposedPost, User

from .accounts import PEOPLE_LOCK, check_appointment
from .problems import Refused
from .records import record_event, wait_turn
from .units import start_post


def waiting_for(user: User) -> QuerySet[ProposedPost]:
    """这个人看得到的待确认的任命。"""
    if not access.administers(user) & {*access.BUREAU_ADMINS, Role.SECURITY_ADMIN}:
        return ProposedPost.objects.none()
    return ProposedPost.objects.select_related("user", "department", "proposed_by")


def why_not_confirm(by: User, proposal: ProposedPost) -> str:
    """为什么不能由他确认；能为空串。还没有安全管理员时，第一位由方案管理员或另一位系统管理员确认。"""
    if by.pk in (proposal.user_id, proposal.proposed_by_id):
        return "您提出的、任命您自己的，要由另一个人确认。"
    roles = access.administers(by)
    if Role.SECURITY_ADMIN in roles:
        return ""
    security = Appointment.objects.on(timezone.localdate()).filter(role=Role.SECURITY_ADMIN)
    if security.exists():
        return "由安全管理员确认。"
    if proposal.role == Role.SECURITY_ADMIN and roles & access.BUREAU_ADMINS:
        return ""
    return "还没有安全管理员：请先任命一位，再由他确认。"


@transaction.atomic
def confirm_post(*, by: User, proposal_id: UUID) -> Appointment:
    """确认：从今天（或提出的日期，取晚的）起有这个岗位。"""
    wait_turn(PEOPLE_LOCK)
    proposal = _proposal(by, proposal_id)
    reason = why_not_confirm(by, proposal)
    if reason:
        raise Refused(reason)
    role, person = Role(proposal.role), proposal.user
    check_appointment(proposal.proposed_by, person, proposal.department, role)
    since = max(proposal.since, timezone.localdate())
    if proposal.until is not None and proposal.until < since:
        raise Refused("提出的任期已经过了。请不同意这一个，再提出新的。")
    post = start_post(
        user=person, department=proposal.department, role=role, since=since, until=proposal.until
    )
    primitive.drop_proposal(proposal=proposal)
    primitive.end_sessions(user=person)
    _record(by, "confirm_post", "确认任命", proposal)
    return post


@transaction.atomic
def decline_post(*, by: User, proposal_id: UUID) -> None:
    """不同意，或提出的人自己收回。"""
    wait_turn(PEOPLE_LOCK)
    proposal = _proposal(by, proposal_id)
    if by.pk != proposal.proposed_by_id and (reason := why_not_confirm(by, proposal)):
        raise Refused(reason)
    primitive.drop_proposal(proposal=proposal)
    _record(by, "decline_post", "收回提名" if by.pk == proposal.proposed_by_id else "不同意任命", proposal)


def _proposal(by: User, proposal_id: UUID) -> ProposedPost:
    found = waiting_for(by).select_for_update(of=("self",)).filter(pk=proposal_id).first()
    if found is None:
        raise Refused("这个任命已经处理过了。请刷新页面。")
    return found


def _record(by: User, action: str, label: str, proposal: ProposedPost) -> None:
    person = proposal.user
    words = f"{person.display_name}（{person.username}），{proposal.department} {Role(proposal.role).label}，{proposal.proposed_by}提出"
    details = {"user": str(person.pk), "proposed_by": str(proposal.proposed_by_id)}
    record_event(action=action, label=label, user=by, reason=words, details=details)
