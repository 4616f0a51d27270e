"""流程：唯一执行转换的函数。守卫和效果按名字在这里解析；每个拒绝都带原因。"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from evaluations import access
from evaluations.core.checks import blocking, unexplained
from evaluations.core.values import clean_text
from evaluations.core.workflow import State, Transition, actions_for, target_of
from evaluations.models import Event, Submission
from evaluations.selectors import Reading, last_submit, read
from units.models import User

from .entry import lock_submission
from .problems import Refused, Stale
from .records import record_event, take_snapshot

MAX_TEXT = 2_000


@dataclass(frozen=True)
class Attempt:
    """一次想做的转换：谁、对什么、看到的修订号、写了什么。"""

    row: Transition
    submission: Submission
    user: User
    reading: Reading
    revision: int | None = None
    text: str = ""


@dataclass(frozen=True)
class Offer:
    """页面上的一个按钮：能不能按，不能的原因。"""

    row: Transition
    enabled: bool
    reason: str = ""


Guard = Callable[[Attempt], str]
"""守卫：返回不许的原因，空串表示可以。"""


def _in_time(attempt: Attempt) -> str:
    if timezone.now() <= access.deadline_of(attempt.submission):
        return ""
    return "已过截止时间，不能送审。需要延期请联系财政局绩效科。"


def _no_errors(attempt: Attempt) -> str:
    errors = blocking(attempt.reading.findings)
    return f"还不能送审：有 {len(errors)} 处错误必须改正。" if errors else ""


def _warnings_explained(attempt: Attempt) -> str:
    open_ones = unexplained(attempt.reading.findings, attempt.reading.notes)
    return f"还不能送审：有 {len(open_ones)} 处提醒没有写说明。" if open_ones else ""


def _answers_return(attempt: Attempt) -> str:
    """被退回过的，重报时要写明改了什么；只在真正送审时查，按钮不因它变灰。"""
    if not attempt.submission.returned or attempt.revision is None:
        return ""
    return "" if len(attempt.text) >= 5 else "请写明按退回意见改了什么（至少 5 个字），审核人会看到。"


def _not_own_work(attempt: Attempt) -> str:
    submit = last_submit(attempt.submission)
    if submit is not None and submit.user_id == attempt.user.pk:
        return "这份材料是您送审的，须由别人审核。"
    return ""


def _not_own_unit(attempt: Attempt) -> str:
    if access.belongs_to(attempt.user, attempt.submission.department):
        return "您是这个单位的人，须由别的审核人审核。"
    return ""


def _seen_revision(attempt: Attempt) -> str:
    if attempt.revision is None or attempt.revision == attempt.submission.revision:
        return ""
    return "您看到的不是最新的内容，这份材料在此之后有变动。请刷新页面看过后再决定。"


def _undecided(attempt: Attempt) -> str:
    last = attempt.submission.events.order_by("-seq").first()
    return (
        ""
        if last is not None and last.action == "sign"
        else "下一级已经作出决定，不能撤回。请联系审核人退回。"
    )


GUARDS: dict[str, Guard] = {
    "in_time": _in_time,
    "no_errors": _no_errors,
    "warnings_explained": _warnings_explained,
    "answers_return": _answers_return,
    "not_own_work": _not_own_work,
    "not_own_unit": _not_own_unit,
    "seen_revision": _seen_revision,
    "undecided": _undecided,
}


def _snapshot(attempt: Attempt) -> None:
    take_snapshot(attempt.submission, attempt.reading, attempt.row.action)


def _mark_returned(attempt: Attempt) -> None:
    submission = attempt.submission
    submission.returned = True
    submission.due = timezone.now() + timedelta(days=submission.round.return_days)


EFFECTS: dict[str, Callable[[Attempt], None]] = {"snapshot": _snapshot, "mark_returned": _mark_returned}


def offers(submission: Submission, user: User, reading: Reading) -> list[Offer]:
    """此刻这个人能看到的按钮；不能按的带原因，不藏起来。"""
    made = []
    for row in actions_for(submission.state, access.roles_on(user, submission.department)):
        reason = _refusal(Attempt(row, submission, user, reading))
        made.append(Offer(row, not reason, reason))
    return made


def _refusal(attempt: Attempt) -> str:
    return next((reason for name in attempt.row.guards if (reason := GUARDS[name](attempt))), "")


@transaction.atomic
def perform(
    *, submission_id: UUID, user: User, action: str, revision: int, key: str, text: str = ""
) -> Event:
    """执行一次转换：锁住、查守卫、做效果、改状态、记事件。

    ``revision`` 是人看到的修订号；``key`` 是幂等键，同一个键重发得到同一个结果。
    不许时抛 ``Refused``（看到的不是最新时抛 ``Stale``），什么都不改。
    """
    submission = lock_submission(submission_id)
    done = Event.objects.filter(key=key).first()
    if done is not None:
        if (done.submission_id, done.user_id, done.action) != (submission.pk, user.pk, action):
            raise Refused("这次操作的编号已经用过。请刷新页面后再做。")
        return done
    allowed, reason = access.may(user, action, submission)
    if not allowed:
        raise Refused(reason)
    row = next(
        r
        for r in actions_for(submission.state, access.roles_on(user, submission.department))
        if r.action == action
    )
    attempt = Attempt(row, submission, user, read(submission), revision, _text(row, text))
    if reason := _seen_revision(attempt):
        raise Stale(reason)
    if reason := _refusal(attempt):
        raise Refused(reason)
    return _do(attempt, key)


def _text(row: Transition, text: str) -> str:
    cleaned = clean_text(text)
    if len(cleaned) > MAX_TEXT:
        raise Refused(f"写了 {len(cleaned)} 字，最多 {MAX_TEXT} 字。请精简。")
    if row.wants == "reason" and len(cleaned) < 5:
        raise Refused("请写退回的理由（至少 5 个字）：哪张表、哪一格、现在是什么、要改成什么。")
    return cleaned


def _do(attempt: Attempt, key: str) -> Event:
    submission, row = attempt.submission, attempt.row
    source, target = submission.state, target_of(row, submission.pack.compiled().steps)
    for name in row.effects:
        EFFECTS[name](attempt)
    submission.state = target
    submission.revision += 1
    if row.action == "submit":
        submission.submitted_at, submission.returned = timezone.now(), False
    if target == State.APPROVED:
        submission.approved_at = timezone.now()
    submission.save()
    return record_event(
        action=row.action, label=row.label, user=attempt.user, submission=submission, source=source,
        target=target, reason=attempt.text, key=key,
    )  # fmt: skip
