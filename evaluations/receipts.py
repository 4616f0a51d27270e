"""读的一边：一份材料的回执，和核对一张回执。"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from evaluations.core.frozen import dump_inputs
from evaluations.core.steps import differences
from evaluations.models import Event, Snapshot, Submission
from evaluations.selectors import package_of
from units.models import User

KEY, SIGN = "receipt", "sign"
"""回执记在签批事件的细节里。"""
ENOUGH = 16
"""核对时至少要输入摘要的前几位。"""


@dataclass(frozen=True)
class Receipt:
    """一张回执。``received`` 是签批、收到的时刻，``submitted`` 是填报人送审的时刻（截止以它为准）。"""

    submission: Submission
    number: str
    hash: str
    algorithm: str
    revision: int
    submitted: datetime
    submitted_by: User | None
    received: datetime
    signed_by: User | None
    snapshot: UUID

    @property
    def short(self) -> str:
        """摘要的前 16 位，四位一组。"""
        return " ".join(self.hash[at : at + 4] for at in range(0, ENOUGH, 4))


def receipts_of(submission: Submission) -> list[Receipt]:
    """一份材料的回执，新的在前。"""
    events = submission.events.filter(action=SIGN).select_related("user").order_by("-seq")
    return [_receipt(event, submission) for event in events if KEY in event.details]


def _receipt(event: Event, submission: Submission) -> Receipt:
    told = event.details[KEY]
    sent = (
        submission.events.filter(action="submit", seq__lt=event.seq)
        .select_related("user")
        .order_by("-seq")
        .first()
    )
    return Receipt(
        submission, told["number"], told["hash"], told["algorithm"], told["revision"], datetime.fromisoformat(told["submitted"]),
        sent.user if sent else None, event.at, event.user, UUID(told["snapshot"]),
    )  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """核对一张回执的结果。``changes`` 是收到以后材料改过几处；``damaged`` 是存着的那一份被动过。"""

    receipt: Receipt | None
    changes: int = 0
    damaged: bool = False
    later: bool = False

    @property
    def genuine(self) -> bool:
        return self.receipt is not None and not self.damaged

    @property
    def same(self) -> bool:
        """材料还是收到时的那一份。"""
        return self.genuine and not self.changes


def check_receipt(number: str, hash_: str) -> Verdict:
    """凭编号和摘要（前 16 位以上，空格不计）核对；对不上的不说是哪一样不对。"""
    typed = "".join(hash_.lower().split())
    events = Event.objects.filter(action=SIGN, **{f"details__{KEY}__number": number.strip()})
    event = events.select_related(
        "user", "submission__department", "submission__round", "submission__pack"
    ).first()
    if event is None or event.submission is None or len(typed) < ENOUGH:
        return Verdict(None)
    receipt = _receipt(event, event.submission)
    if not receipt.hash.startswith(typed):
        return Verdict(None)
    snapshot = Snapshot.objects.select_related("pack").filter(pk=receipt.snapshot).first()
    if snapshot is None or snapshot.digest() != receipt.hash or event.digest() != event.hash:
        return Verdict(receipt, damaged=True)
    pack = snapshot.pack.compiled()
    now = dump_inputs(package_of(event.submission, pack), pack)
    later = event.submission.events.filter(action=SIGN, seq__gt=event.seq).exists()
    return Verdict(receipt, changes=len(differences(snapshot.inputs, now)), later=later)
