"""与别的单位相同的文字：送审时存指纹、比一遍；也可以把一个年度的全部材料重新比一遍。"""

from __future__ import annotations

from array import array
from uuid import UUID

from django.db import transaction

from evaluations import access
from evaluations.core.copies import Index, Owned, copies_of, digest_of, prints_of, texts_of
from evaluations.core.workflow import State
from evaluations.models import Submission, TextPrint
from evaluations.selectors import read
from units.models import User

from .drafting import lock_submission


def submitted_in(year: int) -> list[Submission]:
    """这一年送审过、没有取消的材料。"""
    rows = Submission.objects.whole().filter(round__year=year, submitted_at__isnull=False)
    return list(rows.exclude(state=State.CANCELLED))


def index_of(year: int) -> Index:
    """这一年送审过的材料存着的指纹。"""
    rows = TextPrint.objects.filter(submission__round__year=year, submission__submitted_at__isnull=False)
    rows = rows.exclude(submission__state=State.CANCELLED)
    found = rows.order_by("pk").values_list("submission_id", "address", "prints")
    return Index((Owned(str(owner), address), array("I", bytes(prints))) for owner, address, prints in found)


def refresh_prints(submission: Submission, index: Index | None = None) -> None:
    """重存这份材料的指纹，并与别的单位的比一遍。在调用者的事务里。"""
    facts = read(submission).facts
    twins = {
        copy.address: {
            "submission": other.owner, "address": other.address, "percent": copy.percent, "passage": copy.passage,
        }
        for copy, other in copies_of(facts, str(submission.pk), index or index_of(submission.round.year))
    }  # fmt: skip
    submission.text_prints.all().delete()
    TextPrint.objects.bulk_create(
        TextPrint(
            submission=submission, address=address, digest=digest_of(text), length=len(prints_of(text)),
            prints=prints_of(text).tobytes(), twins=[twins[address]] if address in twins else [],
        )
        for address, text in texts_of(facts).items()
    )  # fmt: skip


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
    """把一个年度送审过的材料互相比一遍：哪些材料有几处相同。没有存过指纹的（早先送审的）补上。"""
    readings = {one: read(one).facts for one in submitted_in(year)}
    index = Index(
        (Owned(str(one.pk), address), prints_of(text))
        for one, facts in readings.items()
        for address, text in texts_of(facts).items()
    )
    for one in readings:
        refresh_prints(one, index)
    counted = {one: one.text_prints.exclude(twins=[]).count() for one in readings}
    return {one: count for one, count in counted.items() if count}
