"""审计管理员做的事：导出、核对，各记一件事。"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from evaluations.models import Event
from units.models import User

from .records import record_event


@transaction.atomic
def note_export(*, user: User | None, to: str, filters: Mapping[str, Any]) -> Event:
    """导出审计记录：先记下谁导出了什么，再导出。"""
    asked = {name: str(value) for name, value in filters.items() if value}
    return record_event(
        action="export_audit", label="导出审计记录", user=user, reason=to, details={"filters": asked}
    )


@transaction.atomic
def note_check(*, user: User | None, rows: int, problems: int) -> Event:
    """核对过审计链，结果如何。"""
    words = f"{rows} 条记录，不符 {problems} 处"
    return record_event(action="check_audit", label="核对审计链", user=user, reason=words)
