"""公告和退回用语。"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db import transaction

from evaluations.core.values import clean_text
from evaluations.models import Notice, Phrase
from units.models import User

from .problems import Missing, Refused
from .records import record_event

MAX_NOTICE, MAX_PHRASE, MAX_PHRASES = 2_000, 500, 60


@transaction.atomic
def put_notice(
    *, user: User, title: str, text: str, audience: str, since: date, until: date | None, notice_id: UUID | None = None
) -> Notice:  # fmt: skip
    """发一条公告，或改一条。"""
    title, text = clean_text(title), clean_text(text)
    if not 2 <= len(title) <= 100:
        raise Refused("标题要 2 到 100 个字。")
    if len(text) > MAX_NOTICE:
        raise Refused(f"内容写了 {len(text)} 字，最多 {MAX_NOTICE} 字。请精简。")
    if until is not None and until < since:
        raise Refused("“到哪天”比“从哪天起”早。请改日期。")
    if audience not in Notice.Audience.values:
        raise Refused("没有选给谁看。请选。")
    notice = _notice(notice_id) if notice_id else Notice(by=user)
    notice.title, notice.text, notice.audience = title, text, audience
    notice.since, notice.until = since, until
    notice.save()
    label = "改公告" if notice_id else "发公告"
    record_event(
        action="put_notice", label=label, user=user, reason=title, details={"notice": str(notice.pk)}
    )
    return notice


@transaction.atomic
def drop_notice(*, user: User, notice_id: UUID) -> None:
    """撤下一条公告。"""
    notice = _notice(notice_id)
    record_event(action="drop_notice", label="撤下公告", user=user, reason=notice.title)
    notice.delete()


def _notice(notice_id: UUID) -> Notice:
    notice = Notice.objects.select_for_update().filter(pk=notice_id).first()
    if notice is None:
        raise Missing
    return notice


@transaction.atomic
def put_phrase(*, user: User, text: str, phrase_id: UUID | None = None) -> Phrase:
    """加一条退回用语（排在最后），或改一条。"""
    text, rows = clean_text(text), _phrases()
    if not 5 <= len(text) <= MAX_PHRASE:
        raise Refused(f"用语要 5 到 {MAX_PHRASE} 个字：退回的理由至少 5 个字。")
    if any(row.text == text and row.pk != phrase_id for row in rows):
        raise Refused("已经有一条一样的。")
    if phrase_id is None:
        if len(rows) >= MAX_PHRASES:
            raise Refused(f"最多 {MAX_PHRASES} 条。请先删掉不用的。")
        phrase = Phrase(position=rows[-1].position + 1 if rows else 0)
    else:
        phrase = _one(rows, phrase_id)
    before, phrase.text = phrase.text, text
    phrase.save()
    label = "改退回用语" if before else "加退回用语"
    record_event(action="put_phrase", label=label, user=user, reason=text, details={"old": before})
    return phrase


@transaction.atomic
def drop_phrase(*, user: User, phrase_id: UUID) -> None:
    """删一条退回用语；用过它的退回意见不变。"""
    phrase = _one(_phrases(), phrase_id)
    record_event(action="drop_phrase", label="删退回用语", user=user, reason=phrase.text)
    phrase.delete()


@transaction.atomic
def move_phrase(*, user: User, phrase_id: UUID, up: bool) -> None:
    """上移或下移一条；到头了不动。"""
    rows = _phrases()
    phrase = _one(rows, phrase_id)
    index = rows.index(phrase)
    target = index + (-1 if up else 1)
    if not 0 <= target < len(rows):
        return
    rows.insert(target, rows.pop(index))
    for position, row in enumerate(rows):
        if row.position != position:
            row.position = position
            row.save(update_fields=["position"])
    record_event(action="move_phrase", label="退回用语换次序", user=user, reason=phrase.text)


def _phrases() -> list[Phrase]:
    """全部用语，锁住：次序是一起改的。"""
    return list(Phrase.objects.select_for_update().order_by("position", "text", "pk"))


def _one(rows: list[Phrase], phrase_id: UUID) -> Phrase:
    found = next((row for row in rows if row.pk == phrase_id), None)
    if found is None:
        raise Missing
    return found
