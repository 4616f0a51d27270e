"""审核得分：审核人在自评得分旁边给自己的分和意见。单位的内容、修订号都不变。"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from evaluations import access
from evaluations.core.reviewing import Given, needs_reason, scorable
from evaluations.core.values import ValueProblem, clean_text, is_number, parse, plain
from evaluations.core.workflow import actions_for
from evaluations.models import ReviewScore, Submission
from evaluations.reviewing import given_of, points, rows_of, snapshot_reviewed
from evaluations.selectors import Reading, clock, describe_cell, read
from units.models import User

from .drafting import lock_submission
from .problems import Refused, Stale
from .workflow import GUARDS, Attempt

LONGEST_OPINION = 1_000

SCORING = ("not_own_unit", "not_claimed_by_other", "not_own_work")
"""给审核分的人要过的守卫：与通过、退回的一样。"""


def scoring_refusal(submission: Submission, user: User) -> str:
    """此刻为什么不能给审核分；能给为空串。"""
    if looking := access.only_looking(user):
        return looking
    offered = actions_for(submission.state, access.roles_on(user, submission.department))
    row = next((row for row in offered if "scores_explained" in row.guards), None)
    if row is None:
        return f"材料现在是“{submission.state_label}”，您的岗位此时不能给审核分。请刷新页面看最新状态。"
    attempt = Attempt(row, submission, user)
    return next((reason for name in SCORING if (reason := GUARDS[name](attempt))), "")


@dataclass(frozen=True)
class Reviewed:
    """存好以后：材料、事实，这一行现在的样子，缺理由时的一句话。"""

    submission: Submission
    reading: Reading
    given: Given
    advice: str


@transaction.atomic
def give_score(
    *, submission_id: UUID, user: User, address: str, score: str, opinion: str, was: tuple[str, str]
) -> Reviewed:
    """给一行的分（空着是不给）和意见；``was`` 是页面上看到的原来的分和意见。

    与现在存着的相同就当做完了；存着的不是 ``was``，说明别人改过，抛 ``Stale``，什么都不改。
    与自评不同而没有理由的也存下（别丢了打的字），但通过以前要补上。
    """
    submission = lock_submission(submission_id)
    if reason := scoring_refusal(submission, user):
        raise Refused(reason)
    reading = read(submission)
    found = scorable(reading.facts, address)
    if found is None:
        raise Refused("这一行不在送审的材料里，不能给分。请刷新页面。")
    one, row = found
    _, weight = one.column(row, "weight")
    _, own = one.column(row, "score")
    wanted = Given(_score(score, weight), _opinion(opinion))
    rows = rows_of(submission, [submission.state])
    stored = given_of(rows).get((submission.state, address), Given())
    if wanted != stored:
        if was != (points(stored.score), stored.opinion):
            raise Stale(_conflict(rows, address))
        ReviewScore.objects.create(
            snapshot=snapshot_reviewed(submission), level=submission.state, address=address,
            label=describe_cell(reading, row.address(one.rule.keys["score"]))[:300], score=wanted.score,
            opinion=wanted.opinion, user=user, at=timezone.now(),
        )  # fmt: skip
    advice = "与自评得分不同，要写理由（至少 5 个字）才能通过。" if needs_reason(own, wanted) else ""
    return Reviewed(submission, reading, wanted, advice)


def _score(text: str, weight: object) -> Decimal | None:
    if not text.strip():
        return None
    try:
        value = parse("points", text, digits=2)
    except ValueProblem as problem:
        raise Refused(f"审核得分：{problem}") from None
    if not isinstance(value, Decimal):
        raise Refused("审核得分要是数；不给分就空着。")
    if not is_number(weight) or not 0 <= value <= weight:
        most = plain(weight, 2) if is_number(weight) else "0"
        raise Refused(f"审核得分要在 0 到分值 {most} 之间，现为 {plain(value, 6)}。请改。")
    return value


def _opinion(text: str) -> str:
    cleaned = clean_text(text)
    if len(cleaned) > LONGEST_OPINION:
        raise Refused(f"意见有 {len(cleaned)} 字，最多 {LONGEST_OPINION} 字。请精简。")
    return cleaned


def _conflict(rows: list[ReviewScore], address: str) -> str:
    last = next((row for row in reversed(rows) if row.address == address), None)
    if last is None:
        return "这一行在别处改过。请刷新页面看最新的分，再决定给几分。"
    told = f"给了 {points(last.score)} 分" if last.score is not None else "没有给分"
    words = f"，意见是“{last.opinion}”" if last.opinion else ""
    return (
        f"{last.user} {clock(last.at)} 已改过这一行：{told}{words}。您写的还在，没有存。请刷新页面看过再改。"
    )
