"""没有做成的：登录了的人要做而不许做的事，记一条。同一个人同一个页面一分钟只记一条，不让人借此写满硬盘。"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from django.core.cache import cache
from django.db import DatabaseError, transaction

from units.models import User

from .records import record_event

logger = logging.getLogger(__name__)
QUIET_SECONDS = 60
COUNTED_SECONDS = 24 * 60 * 60


def note_refusal(*, user: User, view: str, where: Mapping[str, object], method: str, status: int) -> None:
    """记下谁对哪个页面（名字和网址里的编号，不含表单内容）发了什么、答了什么。

    一分钟里重复的只计数，写在下一条里。记不下时不另外出错：事情本来就没有做。
    """
    key = f"refusal-{user.pk.hex}-{view}"
    if not cache.add(key, 1, QUIET_SECONDS):
        cache.add(f"{key}-more", 0, COUNTED_SECONDS)
        cache.incr(f"{key}-more")
        return
    more = cache.get(f"{key}-more", 0)
    cache.delete(f"{key}-more")
    told = {name: str(value)[:100] for name, value in where.items()}
    details = {
        "view": view,
        "where": told,
        "method": method,
        "status": status,
        **({"before": more} if more else {}),
    }
    try:
        with transaction.atomic():
            record_event(
                action="refused",
                label="被拒绝",
                user=user,
                reason=f"{method} {view} {status}",
                details=details,
            )
    except DatabaseError:
        logger.exception("被拒绝的事没有记下")
