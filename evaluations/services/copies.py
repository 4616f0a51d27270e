"""与别的单位相同的文字：送审时存指纹、比一遍；也可以把一个年度的全部材料重新比一遍。"""

from __future__ import annotations

from array import array
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from evaluations import access
from evaluations.core.copies import Copy, Index, Owned, copies_of, digest_of, matches, prints_of, texts_of
from evaluations.core.workflow import State
from evaluations.models import Submission, TextPrint
from evaluations.selectors import read
from units.models import User

from .drafting import lock_submission


def submitted_in(year: int) -> list[Submission]:
    """这一年送审过、没有取消的材料。"""
    rows = (
        Submission.objects.whole()
        .prefetch_related("text_prints")
        .filter(round__year=year, submitted_at__isnull=False)
    )
    return list(rows.exclude(state=State.CANCELLED))


def _stored(year: int) -> QuerySet[TextPrint]:
    rows = TextPrint.objects.filter(submission__round__year=year, submission__submitted_at__isnull=False)
    return rows.exclude(submission__state=State.CANCELLED).order_by("pk")


def index_of(year: int) -> Index:
    """这一年送审过的材料存着的指纹。"""
    found = _stored(year).values_list("submission_id", "address", "prints")
    return Index((Owned(str(owner), address), unpacked(prints)) for owner, address, prints in found)


def unpacked(prints: bytes | memoryview) -> array[int]:
    """存着的指纹。"""
    return array("I", bytes(prints))


def refresh_prints(submission: Submission, index: Index | None = None) -> None:
    """重存这份材料的指纹，并与别的单位的比一遍。在调用者的事务里。"""
    facts = read(submission).facts
    found = copies_of(facts, str(submission.pk), index or index_of(submission.round.year))
    twins = {copy.address: [_twin(copy, other)] for copy, other in found}
    submission.text_prints.all().delete()
    TextPrint.objects.bulk_create(
        TextPrint(
            submission=submission, address=address, digest=digest_of(text), length=len(prints_of(text)),
            prints=prints_of(text).tobytes(), twins=twins.get(address, []),
        )
        for address, text in texts_of(facts).items()
    )  # fmt: skip


def _twin(copy: Copy, other: Owned) -> dict[str, Any]:
    return {
        "submission": other.owner, "address": other.address, "percent": copy.percent, "passage": copy.passage,
    }  # fmt: skip


@transaction.atomic
def check_copies(*, submission_id: UUID, user: User) -> int:
    """填报的人把正在填的一份与别的单位比一遍，返回相同的有几处；不能填的人不比。"""
    submission = lock_submission(submission_id)
    if not access.may(user, "edit", submission)[0]:
        return 0
    refresh_prints(submission)
    return submission.text_prints.exclude(twins=[]).count()


@transaction.atomic
def check_year(*, year: int) -> dict[Submission, int]:
    """把一个年度送审过的材料互相比一遍：哪些材料有几处相同。

    先只比存着的指纹，有相同的和没有存过指纹的（早先送审的）才读文字。
    """
    submissions = submitted_in(year)
    for one in submissions:
        if not one.text_prints.exists():
            refresh_prints(one, Index(()))
    index = index_of(year)
    counted = {}
    for one in submissions:
        prints = {row.address: unpacked(row.prints) for row in one.text_prints.all()}
        if any(matches(one.pack.compiled(), str(one.pk), prints, index)):
            refresh_prints(one, index)
            counted[one] = one.text_prints.exclude(twins=[]).count()
        else:
            one.text_prints.exclude(twins=[]).update(twins=[])
    return counted
