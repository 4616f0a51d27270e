"""流程：唯一执行转换的函数。守卫和效果按名字在这里解析；每个拒绝都带原因。"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from evaluations import access, reviewing
from evaluations.core.addresses import AddressProblem, parse_address
from evaluations.core.checks import blocking, describe, missing_at_submit, unexplained
from evaluations.core.values import clean_text
from evaluations.core.workflow import Transition, actions_for, target_of
from evaluations.models import Event, Submission
from evaluations.selectors import Reading, clock, last_of, read
from units.models import User

from .copies import refresh_prints
from .drafting import lock_submission
from .problems import Refused, Stale
from .receipts import issue_receipt
from .records import record_event, take_snapshot

MAX_TEXT, MAX_FLAGS = 2_000, 200
LONGEST_EXTENSION = timedelta(days=366)


@dataclass
class Attempt:
    """一次想做的转换：谁、对什么、看到的修订号、写了什么、定的期限、标出的各处。

    ``opinions``：退回时连同各行的审核意见；``seen_scores``：页面看到几条给分的经过。
    """

    row: Transition
    submission: Submission
    user: User
    revision: int | None = None
    text: str = ""
    due: datetime | None = None
    flags: Sequence[str] = ()
    received: datetime | None = None
    given: Reading | None = None
    opinions: bool = False
    seen_scores: int | None = None

    @cached_property
    def reading(self) -> Reading:
        return self.given or read(self.submission)

    @property
    def at(self) -> datetime:
        """收到请求的时刻：过没过截止以它为准。"""
        return self.received or timezone.now()


@dataclass(frozen=True)
class Offer:
    """页面上的一个按钮：能不能按，不能的原因。"""

    row: Transition
    enabled: bool
    reason: str = ""


Guard = Callable[[Attempt], str]
"""守卫：返回不许的原因，空串表示可以。"""


def _in_time(attempt: Attempt) -> str:
    if closed := access.not_open(attempt.submission, attempt.at):
        return f"{closed}不能再送审。"
    if attempt.at <= access.deadline_of(attempt.submission):
        return ""
    return "已过截止时间，不能送审。需要延期请联系财政局绩效科。"


def _round_open(attempt: Attempt) -> str:
    closed = access.not_open(attempt.submission, attempt.at)
    return f"{closed}要办请先由方案管理员重新开放任务。" if closed else ""


def _no_errors(attempt: Attempt) -> str:
    reading = attempt.reading
    errors = blocking(reading.findings)
    if errors:
        return f"还不能送审：有 {len(errors)} 处错误必须改正。"
    missing = missing_at_submit(reading.facts.pack, reading.findings)
    return f"还不能送审：{'；'.join(one.message for one in missing)}" if missing else ""


def _warnings_explained(attempt: Attempt) -> str:
    open_ones = unexplained(attempt.reading.findings, attempt.reading.notes)
    return f"还不能送审：有 {len(open_ones)} 处提醒没有写说明。" if open_ones else ""


def _answers_return(attempt: Attempt) -> str:
    """被退回过的，重报时要写明改了什么；只在真正送审时查，按钮不因它变灰。"""
    if not attempt.submission.returned or attempt.revision is None:
        return ""
    return "" if len(attempt.text) >= 5 else "请写明按退回意见改了什么（至少 5 个字），审核人会看到。"


def _not_own_work(attempt: Attempt) -> str:
    submit = last_of(attempt.submission, "submit")
    if submit is not None and submit.user_id == attempt.user.pk:
        return "这份材料是您送审的，须由别人审核。"
    if attempt.submission.edits.filter(user=attempt.user).exists():
        return "这份材料您填过，须由别人审核。"
    return ""


def _not_own_unit(attempt: Attempt) -> str:
    if access.belongs_to(attempt.user, attempt.submission.department):
        return "您是这个单位的人，须由别的审核人办理。"
    return ""


def _not_approver(attempt: Attempt) -> str:
    approval = last_of(attempt.submission, "approve")
    if approval is not None and approval.user_id == attempt.user.pk:
        return "这份材料是您通过的，须由另一位审核人撤销。"
    return ""


def _seen_revision(attempt: Attempt) -> str:
    if attempt.revision is None or attempt.revision == attempt.submission.revision:
        return ""
    return "您看到的不是最新的内容，这份材料在此之后有变动。请刷新页面看过后再决定。"


def _claim_words(submission: Submission) -> str:
    since = f" {clock(submission.claimed_at)} 起" if submission.claimed_at else ""
    return f"{submission.claimed_by}{since}正在审核"


def _unclaimed(attempt: Attempt) -> str:
    if attempt.submission.claimed_by_id is None:
        return ""
    return f"{_claim_words(attempt.submission)}，不能再{attempt.row.label}。"


def _claimed_by_other(attempt: Attempt) -> str:
    if attempt.submission.claimed_by_id is None:
        return "没有人在审，直接“开始审核”就行。"
    return "您已经在审了。" if attempt.submission.claimed_by_id == attempt.user.pk else ""


def _not_claimed_by_other(attempt: Attempt) -> str:
    if attempt.submission.claimed_by_id in (None, attempt.user.pk):
        return ""
    return f"{_claim_words(attempt.submission)}。要由您来审，请先“接手审核”。"


def _claimed_by_me(attempt: Attempt) -> str:
    return "" if attempt.submission.claimed_by_id == attempt.user.pk else "您没有在审这份材料。"


def _undecided(attempt: Attempt) -> str:
    """单位负责人签批以后、下一级作出决定以前。"""
    moved = next((e for e in attempt.submission.events.order_by("-seq") if e.source != e.target), None)
    return (
        ""
        if moved is not None and moved.action == "sign"
        else "下一级已经作出决定，不能撤回。请联系审核人退回。"
    )


def _scores_explained(attempt: Attempt) -> str:
    """只在真正通过时查：页面上边写边存，按钮不因它变灰。"""
    if attempt.revision is None:
        return ""
    rows = reviewing.unfinished(attempt.submission, attempt.reading)
    if not rows:
        return ""
    return f"有 {len(rows)} 行审核得分与自评不同，没有写理由：{'、'.join(rows[:3])}。请补上，或清掉审核得分。"


def _seen_scores(attempt: Attempt) -> str:
    """页面打开以后审核得分变过：别人改的，或还有没送到的。"""
    if attempt.seen_scores is None or attempt.seen_scores == len(reviewing.rows_of(attempt.submission)):
        return ""
    return "审核得分在您打开页面以后变过。请刷新页面看过后再决定。"


GUARDS: dict[str, Guard] = {
    "in_time": _in_time,
    "round_open": _round_open,
    "no_errors": _no_errors,
    "warnings_explained": _warnings_explained,
    "answers_return": _answers_return,
    "not_own_work": _not_own_work,
    "not_own_unit": _not_own_unit,
    "not_approver": _not_approver,
    "seen_revision": _seen_revision,
    "unclaimed": _unclaimed,
    "claimed_by_other": _claimed_by_other,
    "not_claimed_by_other": _not_claimed_by_other,
    "claimed_by_me": _claimed_by_me,
    "undecided": _undecided,
    "scores_explained": _scores_explained,
    "seen_scores": _seen_scores,
}


# ---- 效果：改材料上的字段，返回记在事件里的细节 --------------------------------------------------

Details = dict[str, Any]


def _snapshot(attempt: Attempt) -> Details:
    take_snapshot(attempt.submission, attempt.reading, attempt.row.action)
    return {}


def _mark_submitted(attempt: Attempt) -> Details:
    attempt.submission.submitted_at, attempt.submission.returned = timezone.now(), False
    return {}


def _reach_office(attempt: Attempt) -> Details:
    attempt.submission.office_at = attempt.submission.office_at or timezone.now()
    return {}


def _leave_office(attempt: Attempt) -> Details:
    attempt.submission.office_at = None
    return {}


def _receipt(attempt: Attempt) -> Details:
    return {"receipt": issue_receipt(attempt.submission)}


def _mark_returned(attempt: Attempt) -> Details:
    submission = attempt.submission
    submission.returned = True
    submission.due = attempt.due or timezone.now() + timedelta(days=submission.round.return_days)
    flags = [{"address": address, "label": _label(attempt, address)} for address in attempt.flags]
    opinions = reviewing.opinions_to_send(submission, attempt.reading) if attempt.opinions else []
    return {
        "due": submission.due.isoformat(),
        **({"flags": flags} if flags else {}),
        **({"opinions": opinions} if opinions else {}),
    }


def _label(attempt: Attempt, address: str) -> str:
    """标出的一格叫什么；没有这一格就不许退，免得单位找不到。"""
    facts = attempt.reading.facts
    try:
        facts.locate(address)
        return describe(facts.scope_at(parse_address(address).prefix), address)
    except AddressProblem as problem:
        raise Refused(f"标出的地方找不到了：{problem}") from None


def _freeze_review(attempt: Attempt) -> Details:
    """评审得分表记进事件，不再重算；材料上只留最后总分，供清单用。"""
    parts = reviewing.current_parts(attempt.submission, attempt.reading)
    return {"review": [part.dumped() for part in parts]}


def _mark_approved(attempt: Attempt) -> Details:
    submission = attempt.submission
    submission.approved_at = timezone.now()
    submission.final_score = reviewing.final_total(submission, attempt.reading)
    return {}


def _unmark_approved(attempt: Attempt) -> Details:
    attempt.submission.approved_at = attempt.submission.final_score = None
    return {}


def _claim(attempt: Attempt) -> Details:
    before = attempt.submission.claimed_by
    attempt.submission.claimed_by, attempt.submission.claimed_at = attempt.user, timezone.now()
    return {"from": str(before)} if before else {}


def _release(attempt: Attempt) -> Details:
    attempt.submission.claimed_by = attempt.submission.claimed_at = None
    return {}


def _extend(attempt: Attempt) -> Details:
    if attempt.due is None:
        raise Refused("请选延到哪一天。")
    if attempt.due <= access.deadline_of(attempt.submission):
        raise Refused("延期要比现在的截止时间晚。请重新选日期。")
    attempt.submission.due = attempt.due
    return {"due": attempt.due.isoformat()}


EFFECTS: dict[str, Callable[[Attempt], Details]] = {
    "snapshot": _snapshot,
    "mark_submitted": _mark_submitted,
    "reach_office": _reach_office,
    "leave_office": _leave_office,
    "receipt": _receipt,
    "mark_returned": _mark_returned,
    "freeze_review": _freeze_review,
    "mark_approved": _mark_approved,
    "unmark_approved": _unmark_approved,
    "claim": _claim,
    "release": _release,
    "extend": _extend,
}


# ---- 能做什么，做 -----------------------------------------------------------------------------


def offers(submission: Submission, user: User, reading: Reading | None = None) -> list[Offer]:
    """此刻这个人能看到的按钮；不能按的带原因，不藏起来。"""
    made = []
    looking = access.only_looking(user)
    for row in actions_for(submission.state, access.roles_on(user, submission.department)):
        reason = looking or _refusal(Attempt(row, submission, user, given=reading))
        made.append(Offer(row, not reason, reason))
    return made


def _refusal(attempt: Attempt) -> str:
    return next((reason for name in attempt.row.guards if (reason := GUARDS[name](attempt))), "")


@transaction.atomic
def perform(
    *, submission_id: UUID, user: User, action: str, revision: int, key: str, text: str = "",
    due: datetime | None = None, flags: Sequence[str] = (), received: datetime | None = None,
    opinions: bool = False, seen_scores: int | None = None,
) -> Event:  # fmt: skip
    """执行一次转换：锁住、查守卫、做效果、改状态、记事件。

    ``revision`` 是人看到的修订号；``key`` 是幂等键，同一个键重发得到同一个结果；``due`` 是定的期限，
    ``flags`` 是退回时标出的各格，``opinions`` 是退回时连同各行的审核意见；``received`` 是服务器收到请求的
    时刻，默认现在；``seen_scores`` 是人看到几条给分的经过。
    不许时抛 ``Refused``（看到的不是最新时抛 ``Stale``），什么都不改。
    """
    received = received or timezone.now()
    submission = lock_submission(submission_id)
    done = Event.objects.filter(key=key).first()
    if done is not None:
        if (done.submission_id, done.user_id, done.action) != (submission.pk, user.pk, action):
            raise Refused("这次操作的编号已经用过。请刷新页面后再做。")
        return done
    allowed, reason = access.may(user, action, submission)
    if not allowed:
        raise Refused(reason)
    held = access.appointments_on(user, submission.department)
    row = next(r for r in actions_for(submission.state, held) if r.action == action)
    attempt = Attempt(
        row, submission, user, revision, _text(row, text, flags), _due(row, due, received), flags, received,
        opinions=opinions, seen_scores=seen_scores,
    )  # fmt: skip
    if "seen_revision" in row.guards and (reason := _seen_revision(attempt)):
        raise Stale(reason)
    if "warnings_explained" in row.guards:
        refresh_prints(submission)
    if reason := _refusal(attempt):
        raise Refused(reason)
    stood_in = held[row.role].stand_in_for
    return _do(attempt, key, {"stand_in_for": str(stood_in)} if stood_in else {})


def _text(row: Transition, text: str, flags: Sequence[str]) -> str:
    cleaned = clean_text(text)
    if len(cleaned) > MAX_TEXT:
        raise Refused(f"写了 {len(cleaned)} 字，最多 {MAX_TEXT} 字。请精简。")
    if len(flags) > MAX_FLAGS:
        raise Refused(f"标了 {len(flags)} 处，最多 {MAX_FLAGS} 处。")
    if flags and row.action != "return":
        raise Refused("只有退回时才标出要改的地方。")
    if row.wants in ("reason", "due") and not flags and len(cleaned) < 5:
        advice = "：哪张表、哪一格、现在是什么、要改成什么" if row.action == "return" else ""
        raise Refused(f"请写{row.label}的理由（至少 5 个字）{advice}。")
    return cleaned


def _due(row: Transition, due: datetime | None, received: datetime) -> datetime | None:
    if due is not None and not received < due <= received + LONGEST_EXTENSION:
        raise Refused("期限要晚于现在，最晚到一年以后。请重新选日期。")
    return due


def _do(attempt: Attempt, key: str, details: Details) -> Event:
    submission, row = attempt.submission, attempt.row
    source, target = submission.state, target_of(row, submission.pack.compiled().steps)
    for name in row.effects:
        details |= EFFECTS[name](attempt)
    if target != source:
        submission.state = target
        submission.revision += 1
        submission.claimed_by = submission.claimed_at = None
    submission.save()
    return record_event(
        action=row.action, label=row.label, user=attempt.user, submission=submission, source=source,
        target=target, reason=attempt.text, details=details, key=key,
    )  # fmt: skip
