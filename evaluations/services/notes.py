"""说明：填报人对一处提醒的解释，审核人看得到。"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from evaluations.core.checks import WARNING
from evaluations.core.values import clean_text
from evaluations.models import CheckNote
from evaluations.selectors import read
from units.models import User

from .entry import Draft
from .problems import Refused

SHORTEST, LONGEST = 4, 1_000
EMPTY_WORDS = frozenset(("无", "没有", "已完成", "不适用", "正常", "0"))


@transaction.atomic
def write_note(*, submission_id: UUID, user: User, code: str, cell: str, text: str) -> None:
    """写、改或清空（空文字）一处提醒的说明。没有这处提醒，或太短太空时抛 ``Refused``。"""
    draft = Draft.open(submission_id, user, "page")
    text = clean_text(text)
    old = CheckNote.objects.filter(submission=draft.submission, code=code, cell=cell).first()
    if not text:
        if old is not None:
            old.delete()
            draft.record(cell, f"{code} 说明", old.text, "")
            draft.finish()
        return
    _check(text)
    finding = next((f for f in read(draft.submission).findings if f.key == (code, cell)), None)
    if finding is None or finding.level != WARNING:
        raise Refused("这处提醒已经没有了，不用写说明。请刷新页面。")
    CheckNote.objects.update_or_create(
        submission=draft.submission,
        code=code,
        cell=cell,
        defaults={"text": text, "user": user, "at": timezone.now()},
    )
    draft.record(cell, f"{finding.where} {code} 说明", old.text if old else "", text)
    draft.finish()


def _check(text: str) -> None:
    if len(text) > LONGEST:
        raise Refused(f"说明有 {len(text)} 字，最多 {LONGEST} 字。请精简。")
    if len(text) < SHORTEST or text.strip("。. ") in EMPTY_WORDS:
        raise Refused("说明太短，审核人看不明白。请写清是什么原因、差多少、怎么办。")
