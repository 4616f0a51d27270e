"""回执：单位负责人签批、材料送到审核单位时出。编号和摘要写在签批的事件里，随审计链不能改。"""

from __future__ import annotations

from typing import Any

from evaluations.core.chain import instant
from evaluations.models import Event, Submission
from evaluations.receipts import KEY, SIGN

from .records import EVENT_LOCK, wait_turn


def issue_receipt(submission: Submission) -> dict[str, Any]:
    """这一次的回执：年度-单位编码-第几次，各单位每年从 01 起连着编；所报的是送审时的快照。

    调用者已锁住材料；编号在事件链上排着队取，同时签批的也不会重号。
    """
    wait_turn(EVENT_LOCK)
    snapshot = submission.snapshots.filter(action="submit").latest("at")
    year, department = submission.round.year, submission.department
    signed = Event.objects.filter(action=SIGN, **{f"details__{KEY}__isnull": False})
    serial = signed.filter(submission__department=department, submission__round__year=year).count() + 1
    prefix = f"{year}-{department.code or department.pk.hex[-8:]}"
    while signed.filter(**{f"details__{KEY}__number": f"{prefix}-{serial:02}"}).exists():
        serial += 1  # 编码给过别的单位
    return {
        "number": f"{prefix}-{serial:02}", "snapshot": str(snapshot.pk), "hash": snapshot.hash,
        "algorithm": snapshot.algorithm, "revision": snapshot.revision, "submitted": instant(snapshot.at),
    }  # fmt: skip
