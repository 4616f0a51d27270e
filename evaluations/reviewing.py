"""读的一边：审核得分——谁给了多少、最后总分多少、给分的经过；谁看得到哪一级的。

审核中只有审核人看得到，且只到自己那一级；通过以后取定格在事件里的，单位也看得到。
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from evaluations import access
from evaluations.core.reviewing import (
    Given,
    Part,
    level_label,
    load_part,
    needs_reason,
    parts_of,
    reviewed,
    scored,
)
from evaluations.core.values import is_number, plain, round_half_up
from evaluations.core.workflow import DONE_STATES, OFFICE_STATES, Role, State
from evaluations.models import ReviewScore, Snapshot, Submission
from evaluations.selectors import Reading, last_of
from units.models import User

LARGEST_TOTAL = 1_000
"""清单上的列放得下的数；再大的一定是打错了，不列。"""
SEEN_BY = {Role.DEPARTMENT_REVIEWER: OFFICE_STATES[:1], Role.BUREAU_REVIEWER: OFFICE_STATES}


def levels_seen(user: User, submission: Submission) -> tuple[State, ...]:
    """审核中，这个人看得到哪几级的审核得分。"""
    return levels_of(user, submission) if submission.state in OFFICE_STATES else ()


def levels_of(user: User, submission: Submission) -> tuple[State, ...]:
    """这个审核人管到哪几级；本单位的人和单位岗位上的人一级也没有。"""
    if access.belongs_to(user, submission.department):
        return ()
    roles = access.roles_on(user, submission.department)
    if roles & access.UNIT_ROLES:
        return ()
    return max((SEEN_BY[role] for role in roles if role in SEEN_BY), key=len, default=())


def snapshot_reviewed(submission: Submission) -> Snapshot | None:
    """正在审的是哪次送审：分是对那份内容给的。"""
    return submission.snapshots.filter(action="submit").order_by("-at").only("pk").first()


def rows_of(submission: Submission, levels: Collection[str] = OFFICE_STATES) -> list[ReviewScore]:
    """这次送审以来各级给分的经过，按先后。"""
    found = ReviewScore.objects.filter(snapshot=snapshot_reviewed(submission), level__in=levels)
    return list(found.select_related("user"))


def given_of(rows: Collection[ReviewScore]) -> dict[tuple[str, str], Given]:
    """现在算数的：各级各行的最后一条；分和意见都清掉的不算。"""
    last = {(row.level, row.address): Given(row.score, row.opinion) for row in rows}
    return {key: given for key, given in last.items() if given.score is not None or given.opinion}


def current_parts(
    submission: Submission, reading: Reading, levels: Collection[str] = OFFICE_STATES
) -> list[Part]:
    """现在的评审得分表。"""
    return parts_of(reading.facts, given_of(rows_of(submission, levels)))


def frozen_parts(submission: Submission) -> list[Part]:
    """通过时定格的评审得分表；没有为空。"""
    approval = last_of(submission, "approve")
    return [load_part(part) for part in approval.details.get("review", ())] if approval else []


def parts_seen(user: User, submission: Submission, reading: Reading) -> list[Part]:
    """这个人现在看得到的评审得分表；看不到为空。"""
    if submission.state in DONE_STATES:
        return frozen_parts(submission)
    levels = levels_seen(user, submission)
    return current_parts(submission, reading, levels) if levels else []


def unfinished(submission: Submission, reading: Reading) -> list[str]:
    """这一级给了与自评不同的分、还没有写理由的各行。"""
    given = given_of(rows_of(submission, [submission.state]))
    return [
        one.title(row)
        for one in scored(reading.facts)
        for row in one.rows
        if needs_reason(one.column(row, "score")[1], given.get((submission.state, row.address("")), Given()))
    ]


@dataclass(frozen=True)
class Change:
    """一次给分：谁、何时、哪一级、哪一行，原来和改成的分、意见。"""

    when: datetime
    who: str
    level: str
    label: str
    old: str
    new: str
    opinion: str
    old_opinion: str


def changes_seen(user: User, submission: Submission) -> list[Change]:
    """历次送审给分的经过，新的在前；只到这个人看得到的那几级。"""
    levels = levels_of(user, submission)
    found: list[Change] = []
    last: dict[tuple[object, str, str], ReviewScore] = {}
    rows = ReviewScore.objects.filter(snapshot__submission=submission, level__in=levels)
    for row in rows.select_related("user"):
        key = (row.snapshot_id, row.level, row.address)
        before = last.get(key)
        last[key] = row
        found.append(
            Change(
                row.at, str(row.user), level_label(row.level), row.label, points(before.score if before else None),
                points(row.score), row.opinion, before.opinion if before else "",
            )
        )  # fmt: skip
    return found[::-1]


def points(score: Decimal | None) -> str:
    """一个分印出的字；没有给为空串。"""
    return "" if score is None else plain(score, 2)


def opinions_to_send(submission: Submission, reading: Reading) -> list[dict[str, str]]:
    """退回时连同给单位的意见：这一级写了意见的各行，不带分。"""
    given = given_of(rows_of(submission, [submission.state]))
    return [
        {"address": line.cell, "label": f"{part.name} {line.name}".strip(), "text": one.opinion}
        for part in parts_of(reading.facts, given)
        for line in part.lines
        if (one := given.get((submission.state, line.address))) is not None and one.opinion
    ]


def final_total(submission: Submission, reading: Reading) -> Decimal | None:
    """部门的最后总分；方案没有总分，或算不出，为 None。"""
    after = reviewed(reading.facts, given_of(rows_of(submission)))
    values = [one.scope.value(one.key) for one in scored(after) if not one.scope.prefix]
    value = values[0] if values else None
    return round_half_up(value, 2) if is_number(value) and abs(value) < LARGEST_TOTAL else None
