"""记录：修改链、事件链、快照。与所记的事在同一个事务里，记不下则事也不成。"""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection
from django.utils import timezone

from evaluations.core.chain import GENESIS, algorithm, digest
from evaluations.core.frozen import dump_computed, dump_finding, dump_inputs
from evaluations.core.values import is_number, round_half_up
from evaluations.models import Edit, Event, Snapshot, Submission
from evaluations.selectors import Reading
from units.models import User

_EVENT_LOCK = 7_310_001
"""PostgreSQL 咨询锁：全系统一条事件链，追加要排队。SQLite 的 IMMEDIATE 事务本身就排队。"""


def record_edit(
    submission: Submission, *, address: str, label: str, old: str, new: str, user: User | None, through: str
) -> Edit:
    """在这份材料的修改链上加一条。调用者已锁住材料的行。"""
    last = submission.edits.order_by("-seq").first()
    seq = last.seq + 1 if last else 1
    prev = last.hash if last else GENESIS
    using, now = algorithm(), timezone.now()
    content = {
        "submission": str(submission.pk), "seq": seq, "revision": submission.revision, "address": address, "old": old,
        "new": new, "user": str(user.pk) if user else "", "through": through, "at": _instant(now),
    }  # fmt: skip
    return Edit.objects.create(
        submission=submission, seq=seq, revision=submission.revision, address=address, label=label[:300], old=old,
        new=new, user=user, through=through, at=now, algorithm=using, prev=prev, hash=digest(prev, content, using),
    )  # fmt: skip


def record_event(
    *, action: str, label: str, user: User | None, submission: Submission | None = None, source: str = "",
    target: str = "", reason: str = "", key: str | None = None,
) -> Event:  # fmt: skip
    """在全系统的事件链上加一条。"""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_EVENT_LOCK])
    last = Event.objects.order_by("-seq").first()
    seq = last.seq + 1 if last else 1
    prev = last.hash if last else GENESIS
    using, now = algorithm(), timezone.now()
    revision = submission.revision if submission else 0
    content = {
        "seq": seq, "action": action, "label": label, "user": str(user.pk) if user else "",
        "submission": str(submission.pk) if submission else "", "source": source, "target": target, "reason": reason,
        "revision": revision, "key": key or "", "at": _instant(now),
    }  # fmt: skip
    return Event.objects.create(
        seq=seq, action=action, label=label, user=user, submission=submission, source=source, target=target,
        reason=reason, revision=revision, key=key or None, at=now, algorithm=using, prev=prev,
        hash=digest(prev, content, using),
    )  # fmt: skip


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def take_snapshot(submission: Submission, reading: Reading, action: str) -> Snapshot:
    """把此刻的填报值、计算值、核对结果定格，并把常用的合计冻结在材料上（供清单和统计）。"""
    pack = submission.pack.compiled()
    using = algorithm()
    body = {
        "inputs": dump_inputs(reading.facts.package, pack),
        "computed": dump_computed(reading.facts),
        "findings": [dump_finding(finding) for finding in reading.findings],
        "pack_checksum": submission.pack.checksum,
    }
    freeze_totals(submission, reading)
    return Snapshot.objects.create(
        submission=submission, action=action, revision=submission.revision, at=timezone.now(), algorithm=using,
        hash=digest(GENESIS, body, using), **body,
    )  # fmt: skip


_TOTALS = {
    "execution_rate": ("资金.执行率", 6),
    "total_weight": ("总分.分值", 2),
    "total_score": ("总分.得分", 2),
}


def freeze_totals(submission: Submission, reading: Reading) -> None:
    """清单和统计用的几个数；方案没有的字段留空。"""
    root = reading.facts.root
    for column, (key, digits) in _TOTALS.items():
        value = root.value(key) if key in root.fields else None
        setattr(submission, column, round_half_up(value, digits) if is_number(value) else None)
    submission.warnings = reading.counts["warning"]
