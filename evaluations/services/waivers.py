"""豁免：财政局对一个单位的一条核对放行，有理由、有期限，到期自己停，也可以收回。"""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from evaluations import access
from evaluations.core.addresses import AddressProblem, parse_address
from evaluations.core.checks import INFO
from evaluations.core.values import clean_text
from evaluations.core.workflow import DONE_STATES, Role, State
from evaluations.models import Submission, Waiver
from evaluations.selectors import waivers_of
from units.models import User

from .drafting import lock_submission
from .problems import Refused
from .records import record_event

SHORTEST, LONGEST = 5, 1_000
LONGEST_WAIVER = timedelta(days=366)
WAIVERS = frozenset((Role.BUREAU_REVIEWER, Role.PACK_ADMIN))
"""能豁免的岗位：财政局的审核人和方案管理员。"""


def waiving_refusal(submission: Submission, user: User) -> str:
    """这个人此刻为什么不能豁免、收回豁免；能为空串。"""
    if looking := access.only_looking(user):
        return looking
    if not access.roles_on(user, submission.department) & WAIVERS:
        return "只有财政局的审核人、方案管理员能豁免核对。"
    if access.belongs_to(user, submission.department):
        return "您是这个单位的人，须由财政局别的人办理。"
    if submission.state in (*DONE_STATES, State.CANCELLED):
        return f"材料现在是“{submission.state_label}”，不用豁免。"
    return ""


@transaction.atomic
def grant_waiver(
    *, submission_id: UUID, user: User, code: str, cell: str, reason: str, until: date
) -> Waiver:  # fmt: skip
    """豁免一条核对（``cell`` 空着）或它的一处，到 ``until`` 那天为止。不许时抛 ``Refused``，什么都不改。"""
    submission = lock_submission(submission_id)
    if refusal := waiving_refusal(submission, user):
        raise Refused(refusal)
    levels = {check.level for check in submission.pack.compiled().checks if check.code == code}
    if not levels:
        raise Refused("方案里没有这条核对。请重新选。")
    if levels == {INFO}:
        raise Refused("这条核对只是提示，不拦送审，不用豁免。")
    if cell:
        _check_cell(cell)
    today = timezone.localdate()
    if not today <= until <= today + LONGEST_WAIVER:
        raise Refused("期限最早是今天，最晚到一年以后。请重新选日期。")
    kept = waivers_of(submission).filter(code=code, cell__in=("", cell)).first()
    if kept is not None:
        last = f"{kept.until.year}年{kept.until.month}月{kept.until.day}日"
        raise Refused(f"{code} 已经豁免到 {last}。要改期限或理由，请先收回再豁免。")
    waiver = Waiver.objects.create(
        submission=submission, code=code, cell=cell, reason=_reason(reason, "豁免"), until=until, by=user,
        at=timezone.now(),
    )  # fmt: skip
    _record(waiver, user, "waive", f"豁免核对 {code}", waiver.reason)
    return waiver


@transaction.atomic
def withdraw_waiver(*, submission_id: UUID, user: User, waiver_id: UUID | None, reason: str) -> Waiver:
    """收回一条还算数的豁免。已经到期、收回的，或不是这份材料的，抛 ``Refused``。"""
    submission = lock_submission(submission_id)
    if refusal := waiving_refusal(submission, user):
        raise Refused(refusal)
    waiver = waivers_of(submission).filter(pk=waiver_id).first()
    if waiver is None:
        raise Refused("没有这条豁免，可能已经到期或收回。请刷新页面。")
    waiver.withdrawn_at, waiver.withdrawn_by = timezone.now(), user
    waiver.withdrawn_reason = _reason(reason, "收回豁免")
    waiver.save()
    _record(waiver, user, "unwaive", f"收回豁免 {waiver.code}", waiver.withdrawn_reason)
    return waiver


def _record(waiver: Waiver, user: User, action: str, label: str, reason: str) -> None:
    details = {"waiver": str(waiver.pk), "code": waiver.code, "cell": waiver.cell}
    details["until"] = waiver.until.isoformat()
    state = waiver.submission.state
    record_event(
        action=action, label=label, user=user, submission=waiver.submission, source=state, target=state,
        reason=reason, details=details,
    )  # fmt: skip


def _check_cell(cell: str) -> None:
    try:
        parse_address(cell)
    except AddressProblem as problem:
        raise Refused(str(problem)) from None
    if len(cell) > Waiver._meta.get_field("cell").max_length:
        raise Refused("格子的地址太长。请从核对清单里点“豁免”。")


def _reason(text: str, what: str) -> str:
    cleaned = clean_text(text)
    if len(cleaned) < SHORTEST:
        raise Refused(f"请写{what}的理由（至少 {SHORTEST} 个字），单位和审核人会看到。")
    if len(cleaned) > LONGEST:
        raise Refused(f"理由有 {len(cleaned)} 字，最多 {LONGEST} 字。请精简。")
    return cleaned
