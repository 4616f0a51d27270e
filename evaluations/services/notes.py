"""说明：填报人对一处提醒的解释，审核人看得到。"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from evaluations.core.checks import WARNING, run
from evaluations.core.facts import Note
from evaluations.core.steps import Kind
from evaluations.core.values import clean_text
from evaluations.core.working import note_address
from units.models import User

from .drafting import Draft, Outcome
from .problems import Refused

SHORTEST, LONGEST = 4, 1_000
EMPTY_WORDS = frozenset(("无", "没有", "已完成", "不适用", "正常", "0"))


@transaction.atomic
def write_note(*, submission_id: UUID, user: User, code: str, cell: str, text: str) -> Outcome:
    """写、改或清空（空文字）一处提醒的说明。没有这处提醒，或太短太空时抛 ``Refused``。"""
    draft = Draft.open(submission_id, user)
    text = clean_text(text)
    if text:
        _check(text)
        findings = run(draft.work.pack, draft.work.facts, live=True)
        finding = next((f for f in findings if f.key == (code, cell)), None)
        if finding is None or finding.level != WARNING:
            raise Refused("这处提醒已经没有了，不用写说明。请刷新页面。")
    draft.work.put(Kind.NOTE, note_address(Note(code, cell, text)), text)
    draft.finish()
    return Outcome(draft)


def _check(text: str) -> None:
    if len(text) > LONGEST:
        raise Refused(f"说明有 {len(text)} 字，最多 {LONGEST} 字。请精简。")
    if len(text) < SHORTEST or text.strip("。. ") in EMPTY_WORDS:
        raise Refused("说明太短，审核人看不明白。请写清是什么原因、差多少、怎么办。")
