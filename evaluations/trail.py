"""读的一边：审计管理员查的事件和修改记录。按序号翻页，几百万条也快。"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from evaluations.core.workflow import STATE_LABELS
from evaluations.models import Edit, Event, Submission
from units.models import Department, User


@dataclass(frozen=True)
class Asked:
    """查什么；空着的不限。"""

    who: str = ""
    unit: str = ""
    what: str = ""
    words: str = ""
    since: date | None = None
    until: date | None = None
    submission: UUID | None = None

    @property
    def given(self) -> dict[str, Any]:
        """填了的几项。"""
        return {name: value for name, value in vars(self).items() if value}


def events(asked: Asked) -> QuerySet[Event]:
    """查到的事件，新的在前。"""
    found = Event.objects.select_related("user", "submission__department", "submission__round").order_by(
        "-seq"
    )
    if asked.who:
        found = found.filter(user__in=_people(asked.who))
    if asked.unit:
        found = found.filter(submission__in=Submission.objects.filter(department__in=_units(asked.unit)))
    if asked.what:
        found = found.filter(Q(label__icontains=asked.what) | Q(action=asked.what))
    if asked.words:
        found = found.filter(Q(reason__icontains=asked.words) | Q(label__icontains=asked.words))
    if asked.submission:
        found = found.filter(submission=asked.submission)
    if asked.since:
        found = found.filter(at__gte=_midnight(asked.since))
    if asked.until:
        found = found.filter(at__lt=_midnight(asked.until + timedelta(days=1)))
    return found


def _people(words: str) -> QuerySet[User]:
    return User.objects.filter(Q(username=words) | Q(display_name__contains=words))


def _units(words: str) -> QuerySet[Department]:
    return Department.objects.filter(Q(code=words) | Q(name__contains=words))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def packages_of(words: str) -> QuerySet[Submission]:
    """名称或编码相符的单位的各年材料，看修改记录用。"""
    return Submission.objects.whole().filter(department__in=_units(words)).order_by("-round__year")


def edits_before(submission: Submission, before: int | None) -> QuerySet[Edit]:
    """一份材料的修改记录，新的在前；``before`` 以前的。"""
    found = submission.edits.select_related("user").order_by("-seq")
    return found if before is None else found.filter(seq__lt=before)


KINDS_SHOWN = 2_000


def recent_kinds() -> list[str]:
    """最近出现过的动作，供输入时选。"""
    last = Event.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    rows = Event.objects.filter(seq__gt=last - KINDS_SHOWN, action__gt="").values_list("action", "label")
    return sorted({label for _, label in rows.order_by("action", "label").distinct() if len(label) <= 12})


COLUMNS = (
    "序号",
    "时间",
    "账号",
    "姓名",
    "做了什么",
    "单位",
    "年度",
    "原状态",
    "新状态",
    "理由或内容",
    "细节",
    "摘要",
)


def exported(rows: Iterator[Event]) -> Iterator[list[str]]:
    """导出的各行，列同 ``COLUMNS``。"""
    for event in rows:
        package = event.submission
        yield [
            str(event.seq), f"{timezone.localtime(event.at):%Y-%m-%d %H:%M:%S}",
            event.user.username if event.user else "", str(event.user or "系统"), event.label,
            str(package.department) if package else "", str(package.round.year) if package else "",
            state_word(event.source), state_word(event.target), event.reason,
            json.dumps(event.details, ensure_ascii=False, sort_keys=True) if event.details else "", event.hash,
        ]  # fmt: skip


def state_word(state: str) -> str:
    """状态的中文；不认识的照写。"""
    return {str(known): label for known, label in STATE_LABELS.items()}.get(state, state)
