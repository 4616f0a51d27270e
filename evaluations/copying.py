"""读的一边：一份材料与别的单位文字相同之处，给审核人看。看得到对方材料的才说出是哪个单位。"""

from __future__ import annotations

from dataclasses import dataclass

from evaluations import access
from evaluations.core.checks import describe
from evaluations.core.workflow import State
from evaluations.models import Submission, TextPrint
from evaluations.selectors import Reading
from units.models import User


@dataclass(frozen=True)
class Twin:
    """一处相同：本单位的哪一格、对方是谁、对方的哪一份、相同的占百分之几、相同的一句；``ours`` 是本单位的大半与对方相同。"""

    address: str
    label: str
    who: str
    other: Submission | None
    percent: int
    passage: str
    ours: bool


def twins_of(reading: Reading, user: User) -> list[Twin]:
    """这份材料抄别人的，和别人抄这份的。只给审核人看，本单位的人不给看。"""
    submission = reading.submission
    reviews = access.roles_on(user, submission.department) & access.REVIEW_ROLES
    if not reviews or access.belongs_to(user, submission.department):
        return []
    rows = TextPrint.objects.filter(submission__round__year=submission.round.year).exclude(twins=[])
    rows = rows.exclude(submission__state=State.CANCELLED).defer("prints").order_by("pk")
    mine = str(submission.pk)
    found = [
        (row, twin)
        for row in rows
        for twin in row.twins
        if mine in (str(row.submission_id), twin["submission"])
    ]
    others = {
        twin["submission"] if str(row.submission_id) == mine else str(row.submission_id)
        for row, twin in found
    }
    seen = {str(one.pk): one for one in access.visible_to(user).filter(pk__in=others)}
    return [_twin(reading, row, twin, seen) for row, twin in found]


def _twin(reading: Reading, row: TextPrint, twin: dict[str, str], seen: dict[str, Submission]) -> Twin:
    ours = row.submission_id == reading.submission.pk
    address = row.address if ours else twin["address"]
    other = seen.get(twin["submission"] if ours else str(row.submission_id))
    scope = next((one for one in reading.facts.scopes() if one.prefix == address.rpartition("/")[0]), None)
    label = describe(scope, address) if scope else address
    who = str(other.department) if other else "另一个单位"
    return Twin(address, label, who, other, int(twin["percent"]), twin["passage"], ours)
