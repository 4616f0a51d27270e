"""记录：修改链、事件链、快照。与所记的事在同一个事务里，记不下则事也不成。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from evaluations.core import ENGINE
from evaluations.core.chain import GENESIS, algorithm
from evaluations.core.frozen import dump_computed, dump_finding, dump_inputs
from evaluations.core.values import is_number, round_half_up
from evaluations.core.working import Written
from evaluations.models import Edit, Event, Snapshot, Submission
from evaluations.reviewing import LARGEST_TOTAL
from evaluations.selectors import Reading, prior_snapshot
from units.models import User

EVENT_LOCK = 7_310_001
"""全系统一条事件链，追加要排队。"""


def wait_turn(lock: int) -> None:
    """排队到本事务结束：PostgreSQL 用咨询锁；SQLite 的 IMMEDIATE 事务本身就排队。"""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])


def record_edits(
    submission: Submission,
    written: Sequence[Written],
    *,
    user: User | None,
    through: str,
    undoes: int | None = None,
) -> None:
    """在这份材料的修改链上接着记若干条，修订号是材料现在的。调用者已锁住材料的行。"""
    last = submission.edits.order_by("-seq").values("seq", "hash").first() or {"seq": 0, "hash": GENESIS}
    seq, prev = last["seq"], last["hash"]
    using, now = algorithm(), timezone.now()
    made = []
    for one in written:
        seq += 1
        edit = Edit(
            submission=submission, seq=seq, revision=submission.revision, kind=one.step.kind, address=one.step.address,
            label=one.label[:300], old=one.step.old, new=one.step.new, user=user, through=through, undoes=undoes,
            at=now, algorithm=using, prev=prev,
        )  # fmt: skip
        edit.hash = prev = edit.digest()
        made.append(edit)
    Edit.objects.bulk_create(made)


def record_event(
    *, action: str, label: str, user: User | None, submission: Submission | None = None, source: str = "",
    target: str = "", reason: str = "", details: Mapping[str, Any] | None = None, key: str | None = None,
) -> Event:  # fmt: skip
    """在全系统的事件链上加一条。"""
    wait_turn(EVENT_LOCK)
    last = Event.objects.order_by("-seq").first()
    seq = last.seq + 1 if last else 1
    prev = last.hash if last else GENESIS
    using, now = algorithm(), timezone.now()
    event = Event(
        seq=seq, action=action, label=label, user=user, submission=submission, source=source, target=target,
        reason=reason, details=dict(details or {}), revision=submission.revision if submission else 0, key=key or None,
        at=now, algorithm=using, prev=prev,
    )  # fmt: skip
    event.hash = event.digest()
    event.save(force_insert=True)
    return event


def take_snapshot(submission: Submission, reading: Reading, action: str) -> Snapshot:
    """把此刻的填报值、计算值、核对结果定格，并把常用的合计冻结在材料上（供清单和统计）。"""
    pack = submission.pack.compiled()
    freeze_totals(submission, reading)
    snapshot = Snapshot(
        submission=submission, pack=submission.pack, prior=_prior_of(submission, reading), action=action,
        revision=submission.revision, at=timezone.now(), inputs=dump_inputs(reading.facts.package, pack),
        computed=dump_computed(reading.facts), findings=[dump_finding(finding) for finding in reading.findings],
        pack_checksum=submission.pack.checksum, engine=ENGINE, algorithm=algorithm(),
    )  # fmt: skip
    snapshot.hash = snapshot.digest()
    snapshot.save(force_insert=True)
    return snapshot


def _prior_of(submission: Submission, reading: Reading) -> Snapshot | None:
    """所用的上年快照；取自快照的材料（退回、通过时）还是送审时的那一份。"""
    if reading.facts.frozen_values is None:
        return prior_snapshot(submission)
    return submission.snapshots.select_related("prior").latest("at").prior


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
        fits = is_number(value) and abs(value) < LARGEST_TOTAL
        setattr(submission, column, round_half_up(value, digits) if fits else None)
    submission.warnings = reading.counts["warning"]
